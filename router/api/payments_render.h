/* Payments as JSON. */
#pragma once

#include "json_out.h"
#include "payment.h"
#include "reproduce.h"

/* The payment object; name as in out_open(). movement: the one that the request made, shown as "movement";
 * NULL or empty: none. */
void render_payment(struct json_out *out, const char *name, const struct payment *payment,
                    const struct id *movement);
/* Its members, into an object that is open already, and whether its decision comes out again. */
void render_payment_members(struct json_out *out, const struct payment *payment,
                            enum reproduction reproduction);
/* What may be shown of a card. */
void render_card(struct json_out *out, const struct card_view *card, const struct bin_facts *facts);
/* A list of that name: the candidates that are passed over, each with its reason. */
void render_skipped(struct json_out *out, const char *name, const struct candidate *candidates,
                    unsigned count);
