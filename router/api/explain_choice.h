/* What `best of` and `cheapest of` went by, in lines for people. */
#pragma once

#include "json_out.h"
#include "payment.h"
#include "routing.h"

/* One line for each connector of the payment's choice, in the order of the cascade: what is believed of its
 * approvals, what it costs, how it stands to the floor. Nothing when there was no choice. */
void explain_choice(struct json_out *out, const struct payment *payment);
/* One line for each advice rule that matched; policy: the one that decided. */
void explain_advice(struct json_out *out, const struct payment *payment, const struct policy *policy);
