/* From a sheet and one dispatch to the exact bytes of each request. Pure: the same dispatch gives the same
 * bytes, so that asking by replay is byte-identical (P2). A dispatch is an exchange of one or more steps;
 * answer.h moves it on. */
#pragma once

#include "egress_vault.h"
#include "result.h"
#include "sheet.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct step; /* sheet_model.h */

enum {
  RENDERED_BYTES_MAX = 65536, /* a request, head and body */
  TARGET_HOST_CAPACITY = 201,
  CARRY_MAX = 4, /* values that one step hands to the next (Stripe's payment method) */
  CARRY_CAPACITY = 129
};

/* Where a request goes. */
struct target {
  bool tls;
  uint16_t port;
  char host[TARGET_HOST_CAPACITY]; /* a name or an address; IPv6 without its brackets */
};

/* The course of one dispatch through its steps. Borrows sheet and send, which outlive it; holds no card
 * itself. */
struct exchange {
  const struct sheet *sheet;
  const struct egress_send *send;
  const struct step *step;     /* the step that is to be rendered and sent next */
  uint8_t number;              /* its number, 1 for the first */
  uint8_t pages;               /* of a list: how many were read before this one */
  char cursor[CARRY_CAPACITY]; /* of a list: where the next page begins; "" for the first */
  char carried[CARRY_MAX][CARRY_CAPACITY];
};

/* One request. Holds the card when the step sends it: wipe with rendered_wipe(). */
struct rendered {
  struct target target;
  bool charging;  /* the step that makes what the operation asks for: its first byte ends PHASE_NOT_SENT */
  bool code_sent; /* the card's security code is in it */
  size_t head_length; /* request line and headers with their empty line */
  size_t length;      /* all of it: the body follows the head */
  uint8_t bytes[RENDERED_BYTES_MAX];
};

/* Puts *ret_exchange before its first step. Returns 0; -EOPNOTSUPP when the sheet does not offer the
 * operation (or the question about asked_about); -EINVAL when a required credential is missing, or base_url
 * is malformed or not allowed. */
MUST_USE int exchange_begin(const struct sheet *sheet, const struct egress_send *send,
                            struct exchange *ret_exchange);
/* The bytes of the step at which the exchange stands: HTTP/1.1, Host, Content-Length, Connection left to the
 * default. Returns 0; -EINVAL when a value cannot stand where the sheet puts it (CR or LF in a header, "..",
 * a credential or a field missing that the request cannot do without); -ERANGE when the PSP cannot count the
 * amount; -ENOBUFS when it is too long. Nothing has been sent then: PHASE_NOT_SENT. */
MUST_USE int render_step(const struct exchange *exchange, struct rendered *ret_rendered);
void rendered_wipe(struct rendered *rendered);
void exchange_wipe(struct exchange *exchange);
