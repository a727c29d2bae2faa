/* Index entries whose last token was destroyed. They stay for a while, so that a card that is deleted and
 * entered anew has the fingerprint it had: the networks' retry limits (P7) are kept by it for thirty days.
 *
 * A row is a day and an entry's key, in the order of the days; it is there exactly while the entry is empty.
 * Days, not moments: a moment would tell which destruction on the audit chain emptied which entry. */
#pragma once

#include "index.h"

/* Longer than a network's tries are counted (CARD_USES_WINDOW_MS and BUDGET_MARGIN_MS of policy/outcome); the
 * last one was before the token's destruction. */
enum { EMPTIED_KEPT_DAYS = 31 };

/* The day (UTC, since 1970) at whose begin an entry is forgotten that is emptied at now_ms, 31 to 32 days on;
 * never 0. */
uint32_t emptied_forget_day(int64_t now_ms);
/* Notes, or takes back, that the entry is to be forgotten on that day. Return 0 or a negated errno. */
MUST_USE int emptied_note(struct store *store, const uint8_t entry[INDEX_ENTRY_BYTES], uint32_t forget_day);
MUST_USE int emptied_cancel(struct store *store, const uint8_t entry[INDEX_ENTRY_BYTES], uint32_t forget_day);
/* Forgets up to batch entries whose day has come, the earliest first. Returns how many rows went, or a
 * negated errno: the batch is to be given up. */
MUST_USE int emptied_sweep(struct store *store, unsigned batch, int64_t now_ms);
