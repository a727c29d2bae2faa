/* B11's limit: how many new numbers a merchant may see within 24 hours that share first and last digits.
 *
 * BIN and last four of a 16-digit number leave a thousand numbers; whoever may tokenize them all finds the
 * card. Entries are short-lived and small: a keyed hash of merchant, first and last digits, and the times of
 * the new numbers, or the time of the last refusal.
 *
 * A known number is never counted. But once a new one was refused, a known one is refused as well for as long
 * as a new one would be: else, behind five wasted numbers, the one that is still taken is the one on file. */
#pragma once

#include "router_vault.h"
#include "store.h"

enum { SIMILAR_WINDOW_S = 24 * 3600, SIMILAR_LIMIT_DEFAULT = 5, SIMILAR_LIMIT_MAX = 100 };

/* Notes one more new number of that bin and last four. Returns 0; STATUS_LIMITED when `limit` were noted
 * within the last 24 hours, and only the refusal is noted; or a negated errno. index_key: KEY_BYTES;
 * merchant_id: 16 bytes; now_ms: Unix milliseconds; limit: 1 to SIMILAR_LIMIT_MAX, or 0 for none. */
MUST_USE int similar_note(struct store *store, const uint8_t *index_key, const uint8_t *merchant_id,
                          const struct card_view *view, unsigned limit, int64_t now_ms);
/* Whether a known number may be taken. Returns 0; STATUS_LIMITED while new ones are being refused; or a
 * negated errno. Arguments as above. */
MUST_USE int similar_known(struct store *store, const uint8_t *index_key, const uint8_t *merchant_id,
                           const struct card_view *view, unsigned limit, int64_t now_ms);
/* Looks at up to batch entries from *position on (SIMILAR_KEY_BYTES; zero for the beginning) and deletes
 * those whose numbers are all older than the window. Moves *position on; *ret_done when the end was reached.
 * Returns 0 or a negated errno. */
enum { SIMILAR_KEY_BYTES = 8 };
MUST_USE int similar_sweep(struct store *store, uint8_t position[SIMILAR_KEY_BYTES], unsigned batch,
                           int64_t now_ms, bool *ret_done);
