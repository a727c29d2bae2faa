/* Changes of connectors, journalled for every merchant: connectors are all merchants' alike. A round that is
 * undone takes no change of a gate back, so what it would have told is told by a later one. */
#include "engine_parts.h"

#include "log.h"
#include <stdlib.h>
#include <string.h>

enum { MERCHANTS_TOLD_MAX = 256, NEWS_MAX = 256 };

/* ---- Merchants ---- */

struct told {
  unsigned count;
  struct id merchants[MERCHANTS_TOLD_MAX];
};

static void add_merchant(struct told *told, const struct id *merchant) {
  for (unsigned i = 0; i < told->count; i++) {
    if (id_equal(&told->merchants[i], merchant))
      return;
  }
  if (told->count < MERCHANTS_TOLD_MAX)
    told->merchants[told->count++] = *merchant;
}

/* Those that have a key which is in force. Returns 0 or a negated errno. */
static int find_merchants(struct ledger *ledger, struct told *ret_told) {
  uint8_t hash[32];
  const uint8_t *after = NULL;
  struct api_key key;
  int r;
  ret_told->count = 0;
  while ((r = ledger_api_key_next(ledger, after, hash, &key)) == 0) {
    after = hash;
    if (!key.revoked)
      add_merchant(ret_told, &key.merchant);
  }
  return r < 0 ? r : 0;
}

void tell_merchants(struct engine *engine, const struct journal_head *head, struct connector_entry *entry,
                    void (*fill)(void *context, struct engine *engine, struct connector_entry *entry),
                    void *context) {
  struct told told;
  int r = find_merchants(engine->ledger, &told);
  for (unsigned i = 0; r == 0 && i < told.count; i++) {
    entry->merchant = told.merchants[i];
    fill(context, engine, entry);
    r = connector_entry_append(engine->ledger, head, entry);
  }
  engine_fail(engine, r);
}

/* ---- News ---- */

static enum connector_change change_of(enum gate_state state) {
  return state == GATE_OUT       ? CONNECTOR_WENT_OUT
         : state == GATE_PROBING ? CONNECTOR_PROBED
                                 : CONNECTOR_CAME_BACK;
}

/* The merchant's own among those that failed, the latest first. */
static void fill_payments(void *context, struct engine *engine, struct connector_entry *entry) {
  const struct connector_news *news = context;
  (void)engine;
  entry->payment_count = 0;
  for (unsigned i = 0; i < GATE_FAILED_MAX; i++) {
    const struct gate_failed *failed = &news->failed[i];
    if (failed->at_ms != 0 && id_equal(&failed->merchant, &entry->merchant))
      entry->payments[entry->payment_count++] = failed->payment;
  }
}

static void write_news(struct engine *engine) {
  for (struct connector_news *news = engine->gates.news; news; news = news->next) {
    struct journal_head head = {.at_ms = news->at_ms};
    if (news->written)
      continue;
    news->written = true;
    tell_merchants(engine, &head, &news->entry, fill_payments, news);
  }
}

void news_retry(struct engine *engine) {
  if (engine->gates.retry_ms == 0)
    return;
  engine->gates.retry_ms = 0;
  write_news(engine);
}

void connector_told(struct engine *engine, const struct connector_entry *entry) {
  if (engine->options.on_connector)
    engine->options.on_connector(engine->options.on_connector_context, entry);
}

static void take_first(struct engine *engine) {
  struct connector_news *first = engine->gates.news;
  engine->gates.news = first->next;
  engine->gates.news_count--;
  free(first);
}

void news_free(struct engine *engine, bool written_only) {
  while (engine->gates.news && (!written_only || engine->gates.news->written)) {
    if (engine->gates.news->written)
      connector_told(engine, &engine->gates.news->entry);
    take_first(engine);
  }
}

static void append(struct engine *engine, struct connector_news *news) {
  struct connector_news **end = &engine->gates.news;
  while (*end)
    end = &(*end)->next;
  *end = news;
  engine->gates.news_count++;
}

/* What failed within the window that told, the latest first. */
static void take_failed(const struct gate *gate, int64_t now_ms, struct connector_news *news) {
  unsigned window_s = gate->figures.window_s ? gate->figures.window_s : HEALTH_WINDOW_S;
  for (unsigned i = 0, count = 0; i < GATE_FAILED_MAX; i++) {
    const struct gate_failed *failed =
        &gate->failed[(gate->failed_next + GATE_FAILED_MAX - 1 - i) % GATE_FAILED_MAX];
    if (failed->at_ms != 0 && now_ms - failed->at_ms <= (int64_t)window_s * 1000)
      news->failed[count++] = *failed;
  }
}

/* Lost when there is no memory: then nothing is told of it. The oldest goes when there are too many, which
 * takes a store that has refused for long. */
void news_add(struct engine *engine, const char *connector, const struct health_segment *segment,
              const struct gate *gate) {
  struct connector_news *news = calloc(1, sizeof *news);
  if (!news) {
    log_warn("out of memory for a connector's change");
    return;
  }
  news->at_ms = engine->now_ms;
  news->entry.change = change_of(gate->state);
  strcpy(news->entry.connector, connector);
  if (segment) {
    news->entry.network = segment->network;
    memcpy(news->entry.country, segment->country, sizeof news->entry.country);
  }
  news->entry.figures = gate->figures;
  if (gate->state == GATE_OUT)
    take_failed(gate, engine->now_ms, news);
  append(engine, news);
  if (engine->gates.news_count > NEWS_MAX)
    take_first(engine);
  write_news(engine);
}
