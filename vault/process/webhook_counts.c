#include "webhook_counts.h"

#include <string.h>

#include "log.h"

_Static_assert((int)CONNECTOR_NAME_CAPACITY <= (int)ID_CAPACITY, "a name is logged as an id");

static struct webhook_count *find(struct webhook_counts *counts, const char *connector) {
  for (unsigned i = 0; i < counts->used; i++) {
    if (strcmp(counts->all[i].connector, connector) == 0)
      return &counts->all[i];
  }
  if (counts->used == REGISTERED_MAX)
    return NULL;
  struct webhook_count *count = &counts->all[counts->used++];
  strncpy(count->connector, connector, sizeof count->connector - 1);
  return count;
}

static void say(enum webhook_fate fate, const char *connector) {
  struct id name = {0};
  memcpy(name.text, connector, strlen(connector));
  if (fate == WEBHOOK_WITHOUT_SECRET)
    log_warn_id("webhooks are refused: the connector has no signing secret", &name);
  else if (fate == WEBHOOK_WRONG_SIGNATURE)
    log_warn_id("webhooks are refused: none of the connector's signing secrets signed them, or too long ago",
                &name);
  else if (fate == WEBHOOK_UNREADABLE)
    log_warn_id("webhooks are refused: signed, but not as the connector's sheet describes them", &name);
}

void webhook_count(struct webhook_counts *counts, const char *connector, enum webhook_fate fate,
                   int64_t now_ms) {
  struct webhook_count *count = find(counts, connector);
  if (!count)
    return;
  if (count->fates[fate] < UINT32_MAX)
    count->fates[fate]++;
  if (fate == WEBHOOK_TAKEN || now_ms < count->next_log_ms[fate])
    return;
  count->next_log_ms[fate] = now_ms + WEBHOOK_LOG_PAUSE_MS;
  say(fate, connector);
}

void webhook_counts_show(const struct webhook_counts *counts, const char *connector,
                         struct connector_listing *listing) {
  for (unsigned i = 0; i < counts->used; i++) {
    const struct webhook_count *count = &counts->all[i];
    if (strcmp(count->connector, connector) != 0)
      continue;
    listing->webhooks_taken = count->fates[WEBHOOK_TAKEN];
    listing->webhooks_without_secret = count->fates[WEBHOOK_WITHOUT_SECRET];
    listing->webhooks_wrongly_signed = count->fates[WEBHOOK_WRONG_SIGNATURE];
    listing->webhooks_unreadable = count->fates[WEBHOOK_UNREADABLE];
  }
}
