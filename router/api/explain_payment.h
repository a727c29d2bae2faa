/* Why a payment is routed as it is, in lines for people. */
#pragma once

#include "call.h"
#include "payment.h"
#include "routing.h"

/* Writes the list `explanation`: why earlier rules did not match (of many, the last ones before the one that
 * did), what decided, which connectors were passed over. policy: that decided; NULL: it is looked up, and
 * when it is gone the list says so. */
void explain_payment(struct json_out *out, struct call *call, const struct payment *payment,
                     const struct policy *policy);
