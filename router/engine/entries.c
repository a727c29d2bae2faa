#include "engine_parts.h"

#include <assert.h>
#include <errno.h>

struct entry *entry_of(struct slot *slot) {
  struct engine *engine = slot->engine;
  if (engine->entry_slot == slot)
    return &engine->entry;
  assert(!engine->entry_slot);
  slot_touch(slot);
  engine->entry_slot = slot;
  entry_begin(&engine->entry, slot->payment);
  if (engine->entry_webhook)
    engine_fail(engine, change_webhook(&engine->entry, engine->entry_webhook));
  return &engine->entry;
}

void entry_actor(struct engine *engine, const struct id *actor, const struct id *request) {
  engine->entry_head.actor = *actor;
  engine->entry_head.request = *request;
}

void entry_webhook(struct engine *engine, const struct webhook *webhook) {
  engine->entry_webhook = webhook;
}

static int append(struct engine *engine, uint64_t *ret_sequence) {
  const struct writer *writer = &engine->entry.writer;
  engine->entry_head.at_ms = engine->now_ms;
  int r = writer_finish(writer);
  if (r < 0)
    return r;
  return ledger_append(engine->ledger, JOURNAL_PAYMENT, &engine->entry_head, writer->start,
                       writer_length(writer), ret_sequence);
}

static int put_record(struct slot *slot) {
  struct engine *engine = slot->engine;
  struct writer writer = writer_over(engine->record, sizeof engine->record);
  write_payment(&writer, slot->payment);
  int r = writer_finish(&writer);
  if (r < 0)
    return r;
  slot->length = (uint32_t)writer_length(&writer);
  return ledger_payment_put(engine->ledger, &slot->merchant, &slot->id, engine->record, slot->length);
}

static int put_open(struct slot *slot) {
  bool open = payment_has_work(slot->payment);
  if (open == slot->open)
    return 0;
  slot->open = open;
  return ledger_open_set(slot->engine->ledger, &slot->merchant, &slot->id, open);
}

void entry_end(struct engine *engine) {
  struct slot *slot = engine->entry_slot;
  engine->entry_slot = NULL;
  if (slot && engine->entry.count > 0) {
    slot->payment->updated_ms = engine->now_ms;
    int r = append(engine, &slot->payment->sequence);
    if (r == 0)
      r = put_record(slot);
    if (r == 0)
      r = put_open(slot);
    if (r == 0)
      r = scheduled_follow(slot);
    if (r == 0)
      r = card_uses_follow(engine->ledger, &engine->card, slot->payment, engine->now_ms);
    engine_fail(engine, r);
    turns_wake(engine, &slot->merchant, &slot->payment->card.fingerprint);
  }
  engine->entry_head.actor = engine->entry_head.request = (struct id){0};
  engine->entry_webhook = NULL;
}
