/* The webhooks that the PSPs send of their own accord: made from the books when something is booked, signed,
 * and sent until they are taken. */
#pragma once

#include "clock.h"
#include "loop.h"
#include "result.h"
#include "sandbox_books.h"
#include <stdint.h>

enum {
  WEBHOOK_SECRET_CAPACITY = 129,
  WEBHOOK_DISORDER_MS = 1500 /* by how much more at most, out of order */
};

struct webhooks;

/* Sends for those books from now on. Returns 0 or a negated errno; the caller frees it with webhooks_free(),
 * before the loop and the books. */
MUST_USE int webhooks_new(struct loop *loop, const struct clock *clock, struct books *books,
                          struct webhooks **ret_webhooks);
void webhooks_free(struct webhooks *webhooks);
/* Where the webhooks of the connector go (127.0.0.1:port, /v1/hooks/NAME), and what signs them. Text is "NAME
 * PORT SECRET"; false when it is not. A connector of which nothing was said sends none. */
bool webhooks_set_target(struct webhooks *webhooks, const char *text);

/* One webhook as its PSP writes it. */
struct notice {
  struct text body;
  struct text headers; /* with the signature, where it stands in one; each with its line end */
};

/* How many webhooks follow from the booking of a charge (movement NULL) or a movement, and the number-th of
 * them, 0 for the first, as at now_ms. */
unsigned notice_count(const struct book *book, const struct charge *charge, const struct movement *movement);
void notice_write(const struct book *book, const struct charge *charge, const struct movement *movement,
                  unsigned number, int64_t now_ms, struct text *body);
/* Signs it, as a PSP does each time it sends. */
void notice_sign(const struct book *book, const char *secret, int64_t now_ms, struct notice *notice);
