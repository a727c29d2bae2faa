/* What the journal tells: payments as each entry left them, events and their ids, lists. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event_signature.h"
#include "events.h"
#include "world.h"

static struct world world;

static void setup(void) {
  world_open(&world, 7);
}

static void teardown(void) {
  world_close(&world);
}

TestSuite(events, .init = setup, .fini = teardown, .timeout = 120);

/* ---- Payments as entries left them ---- */

enum { STEPS = 600, SNAPSHOTS_MAX = 8192 };

struct snapshot {
  uint8_t *bytes;
  size_t length;
};

static struct snapshot snapshots[SNAPSHOTS_MAX];
static uint64_t seen;

static unsigned drawn(unsigned below) {
  uint64_t value;
  world.draws.fill(world.draws.context, &value, sizeof value);
  return (unsigned)(value % below);
}

/* Keeps the record of each payment whose latest entry is new, under that entry's sequence. */
static void keep_snapshots(void) {
  struct journal_entry entry;
  struct id merchant, payment;
  uint64_t previous;
  for (uint64_t next = seen + 1; ledger_entry(world.ledger, next, &entry) == 0; next++) {
    struct payment *now;
    cr_assert_lt(next, SNAPSHOTS_MAX);
    seen = next;
    if (entry.type != JOURNAL_PAYMENT)
      continue;
    cr_assert_eq(entry_subject(&entry, &merchant, &payment, &previous), 0);
    cr_assert_lt(previous, next);
    cr_assert_eq(payment_load(world.ledger, &merchant, &payment, &now), 0);
    if (now->sequence == next) {
      uint8_t bytes[PAYMENT_BYTES_MAX];
      struct writer writer = writer_over(bytes, sizeof bytes);
      write_payment(&writer, now);
      snapshots[next].length = writer_length(&writer);
      snapshots[next].bytes = malloc(writer_length(&writer));
      memcpy(snapshots[next].bytes, bytes, writer_length(&writer));
    }
    payment_free(now);
  }
}

static void answer_something(void) {
  if (!world_outstanding(&world))
    return;
  switch (drawn(6)) {
  case 0:
    world_decline(&world, "05");
    break;
  case 1:
    world_fault(&world, PHASE_SENT_NO_REPLY);
    break;
  case 2:
    world_fault(&world, PHASE_NOT_SENT);
    break;
  default:
    world_approve(&world, ANSWER_IS_APPROVED);
  }
}

static void do_something(void) {
  struct payment_request request;
  struct movement_request movement;
  struct id payment;
  struct view bytes;
  switch (drawn(9)) {
  case 0:
  case 1:
    request = world_request(&world);
    request.capture_manual = drawn(2) == 0;
    (void)world_pay(&world, &request);
    break;
  case 2:
  case 3:
    if (ledger_payment_before(world.ledger, &world.merchant, NULL, &payment, &bytes) == 0) {
      movement = world_movement(&world, &payment, (enum movement_type)(1 + drawn(3)), 1 + drawn(300));
      movement.final = drawn(4) == 0;
      (void)world_move(&world, &movement);
    }
    break;
  case 4:
    world_advance(&world, 1 + drawn(5000));
    break;
  case 5:
    if (drawn(10) == 0)
      world_restart(&world);
    break;
  default:
    answer_something();
  }
}

Test(events, a_payment_is_read_as_each_entry_left_it) {
  unsigned compared = 0, movements = 0;
  for (unsigned i = 0; i < STEPS; i++) {
    do_something();
    keep_snapshots();
  }
  for (uint64_t at = 1; at <= seen; at++) {
    struct payment_marks before;
    struct payment *payment;
    if (!snapshots[at].bytes)
      continue;
    uint8_t bytes[PAYMENT_BYTES_MAX];
    struct writer writer = writer_over(bytes, sizeof bytes);
    cr_assert_eq(payment_at(world.ledger, at, &before, &payment, NULL), 0);
    write_payment(&writer, payment);
    cr_assert_eq(writer_length(&writer), snapshots[at].length, "entry %lu", at);
    cr_assert_arr_eq(bytes, snapshots[at].bytes, snapshots[at].length, "entry %lu", at);
    movements += payment->movement_count > 0;
    compared++;
    payment_free(payment);
    free(snapshots[at].bytes);
  }
  cr_assert_gt(compared, 200);
  cr_assert_gt(movements, 20);
  cr_assert(world_journal_agrees(&world));
}

/* What an entry had before it is what the payment's entry before left. */
Test(events, before_and_after_join) {
  struct journal_entry entry;
  unsigned joined = 0;
  for (unsigned i = 0; i < STEPS / 2; i++)
    do_something();
  for (uint64_t at = 1; ledger_entry(world.ledger, at, &entry) == 0; at++) {
    struct payment_marks before, earlier, unused;
    struct payment *payment, *previous_payment;
    struct id merchant, id;
    uint64_t previous;
    if (entry.type != JOURNAL_PAYMENT)
      continue;
    cr_assert_eq(entry_subject(&entry, &merchant, &id, &previous), 0);
    cr_assert_eq(payment_at(world.ledger, at, &before, &payment, NULL), 0);
    payment_free(payment);
    if (previous == 0) {
      cr_assert_eq(before.status, 0);
      continue;
    }
    cr_assert_eq(payment_at(world.ledger, previous, &unused, &previous_payment, NULL), 0);
    payment_mark(previous_payment, &earlier);
    payment_free(previous_payment);
    cr_assert_eq(before.status, earlier.status);
    cr_assert_eq(before.movement_count, earlier.movement_count);
    joined++;
  }
  cr_assert_gt(joined, 50);
}

/* ---- What is told ---- */

enum { LISTED_MAX = 4096 };

struct listed {
  struct id id;
  enum event_type type;
  uint64_t sequence;
  struct id object;
};

static struct listed listed[LISTED_MAX];
static unsigned listed_count;

static void take(void *context, const struct entry_events *events, unsigned index) {
  const struct event_key *key = context;
  struct event_place place = {events->sequence, events->events[index].type, events->events[index].subject};
  cr_assert_lt(listed_count, LISTED_MAX);
  listed[listed_count++] = (struct listed){.id = event_id_of(key, &place, events->at_ms),
                                           .type = place.type,
                                           .sequence = place.sequence,
                                           .object = events->object};
}

/* All pages of that size, one after another. Returns how many pages there were. */
static unsigned list_all(const struct id *merchant, struct event_filter filter, unsigned limit) {
  struct event_key key = event_key_of(world.ledger);
  struct event_place at = {0};
  int64_t at_ms;
  bool more = true;
  unsigned pages = 0;
  listed_count = 0;
  for (; more; pages++) {
    cr_assert_eq(events_list(world.ledger, merchant, &filter, &at, limit, take, &key, &more, &at, &at_ms), 0);
    if (more) { /* as a client goes on: by the id */
      struct id next = event_id_of(&key, &at, at_ms);
      struct event_place read;
      cr_assert_eq(event_id_read(&key, &next, &read, &at_ms), 0);
      cr_assert(read.sequence == at.sequence && read.type == at.type && read.subject == at.subject);
    }
  }
  return pages;
}

static const struct event_filter everything = {.types = EVERY_EVENT_TYPE};

static void expect_types(const enum event_type *types, unsigned count) {
  (void)list_all(&world.merchant, everything, 100);
  cr_expect_eq(listed_count, count, "%u events", listed_count);
  for (unsigned i = 0; i < count && i < listed_count; i++)
    cr_expect_eq(listed[listed_count - 1 - i].type, types[i], "%u: %s", i,
                 event_type_name(listed[listed_count - 1 - i].type));
}

Test(events, a_payment_is_told_of_as_it_goes) {
  static const enum event_type types[] = {
      EVENT_POLICY_PUBLISHED,  EVENT_PAYMENT_AUTHORIZED, EVENT_PAYMENT_PARTIALLY_CAPTURED,
      EVENT_CAPTURE_SUCCEEDED, EVENT_PAYMENT_CAPTURED,   EVENT_CAPTURE_SUCCEEDED,
      EVENT_REFUND_UNRESOLVED, EVENT_REFUND_SUCCEEDED,   EVENT_PAYMENT_UNRESOLVED,
      EVENT_PAYMENT_CAPTURED,  EVENT_PAYMENT_DECLINED};
  struct payment_request request = world_request(&world);
  request.capture_manual = true;
  (void)world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_APPROVED);
  struct id payment = world_newest(&world);
  struct movement_request movement = world_movement(&world, &payment, MOVEMENT_CAPTURE, 400);
  movement.final = false;
  (void)world_move(&world, &movement);
  world_approve(&world, ANSWER_IS_APPROVED);
  movement = world_movement(&world, &payment, MOVEMENT_CAPTURE, 600);
  (void)world_move(&world, &movement);
  world_approve(&world, ANSWER_IS_APPROVED);
  movement = world_movement(&world, &payment, MOVEMENT_REFUND, 100);
  (void)world_move(&world, &movement);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, 600);
  world_approve(&world, ANSWER_IS_APPROVED);
  request = world_request(&world);
  world.now_ms++;
  (void)world_pay(&world, &request);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  world_advance(&world, 600);
  world_approve(&world, ANSWER_IS_APPROVED);
  request = world_request(&world);
  world.now_ms++;
  (void)world_pay(&world, &request);
  world_decline(&world, "14");
  expect_types(types, sizeof types / sizeof *types);
}

/* What cannot be found out is put before a person, and told of once. */
Test(events, a_person_that_is_wanted_is_told_of_once) {
  struct payment_request request = world_request(&world);
  (void)world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_APPROVED);
  struct id payment = world_newest(&world);
  struct movement_request movement = world_movement(&world, &payment, MOVEMENT_REFUND, 100);
  (void)world_move(&world, &movement);
  world_fault(&world, PHASE_SENT_NO_REPLY);
  for (unsigned minute = 0; minute < 3 * 24 * 60; minute++) {
    world_advance(&world, 60000);
    while (world_outstanding(&world))
      world_fault(&world, PHASE_REPLY);
  }
  (void)list_all(&world.merchant, everything, 100);
  cr_assert_eq(listed_count, 4);
  cr_expect_eq(listed[0].type, EVENT_PAYMENT_ATTENTION_REQUIRED);
  cr_expect_eq(listed[1].type, EVENT_REFUND_UNRESOLVED);
  struct entry_events events;
  cr_assert_eq(events_at(world.ledger, listed[0].sequence, &events, NULL), 0);
  cr_expect_eq(events.events[0].subject, 1, "it names the refund");
  cr_expect_neq(events.payment->movements[0].step.attention_ms, 0);
  events_free(&events);
}

/* ---- Ids ---- */

Test(events, an_event_has_one_id_for_ever) {
  static struct listed before[LISTED_MAX];
  for (unsigned i = 0; i < STEPS / 4; i++)
    do_something();
  (void)list_all(&world.merchant, everything, 100);
  unsigned count = listed_count;
  cr_assert_gt(count, 20);
  memcpy(before, listed, sizeof before);
  world_restart(&world);
  (void)list_all(&world.merchant, everything, 7);
  cr_assert_geq(listed_count, count); /* what the restart left unresolved is told of too */
  for (unsigned i = 0; i < count; i++) {
    cr_expect(id_equal(&before[i].id, &listed[listed_count - count + i].id));
    cr_expect_eq(id_parse("evt", before[i].id.text, NULL), 0);
    for (unsigned j = 0; j < i; j++)
      cr_expect_not(id_equal(&before[i].id, &before[j].id));
  }
}

Test(events, an_id_leads_back_to_its_place_and_no_other_does) {
  struct event_key key = event_key_of(world.ledger), other = key;
  other.bytes[0] ^= 1;
  for (unsigned i = 0; i < 20000; i++) {
    struct event_place place = {.sequence = (uint64_t)drawn(1000000) << (i % 28),
                                .type = (enum event_type)drawn(EVENT_TYPE_COUNT),
                                .subject = (uint8_t)drawn(101)};
    int64_t at_ms = place.type == EVENT_NONE ? 0 : world.now_ms + i;
    struct event_place read;
    int64_t read_ms;
    struct id id = event_id_of(&key, &place, at_ms);
    cr_assert_eq(id_parse("evt", id.text, NULL), 0);
    cr_assert_eq(event_id_read(&key, &id, &read, &read_ms), 0);
    cr_assert(read.sequence == place.sequence && read.type == place.type && read.subject == place.subject &&
              read_ms == at_ms);
    cr_assert_eq(event_id_read(&other, &id, &read, &read_ms), -EINVAL);
    id.text[ID_CAPACITY - 20] = id.text[ID_CAPACITY - 20] == 'A' ? 'B' : 'A';
    cr_assert_eq(event_id_read(&key, &id, &read, &read_ms), -EINVAL);
  }
}

/* ---- Lists ---- */

Test(events, pages_join_without_a_gap) {
  static struct listed whole[LISTED_MAX];
  for (unsigned i = 0; i < STEPS / 2; i++)
    do_something();
  (void)list_all(&world.merchant, everything, 100);
  unsigned count = listed_count;
  memcpy(whole, listed, sizeof whole);
  for (unsigned limit = 1; limit < 5; limit++) {
    unsigned pages = list_all(&world.merchant, everything, limit);
    cr_expect_geq(pages, count / limit);
    cr_assert_eq(listed_count, count);
    for (unsigned i = 0; i < count; i++)
      cr_expect(id_equal(&whole[i].id, &listed[i].id));
  }
  for (unsigned i = 1; i < count; i++)
    cr_expect_leq(whole[i].sequence, whole[i - 1].sequence, "newest first");
}

Test(events, a_list_is_narrowed) {
  struct payment_request request = world_request(&world);
  (void)world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_APPROVED);
  int64_t between = world.now_ms + 1;
  world.now_ms += 1000;
  request = world_request(&world);
  (void)world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_APPROVED);
  (void)list_all(&world.merchant, (struct event_filter){.types = 1ULL << EVENT_PAYMENT_CAPTURED}, 10);
  cr_expect_eq(listed_count, 2);
  (void)list_all(&world.merchant,
                 (struct event_filter){.types = EVERY_EVENT_TYPE, .created_from_ms = between}, 10);
  cr_expect_eq(listed_count, 1);
  (void)list_all(&world.merchant, (struct event_filter){.types = EVERY_EVENT_TYPE, .created_to_ms = between},
                 10);
  cr_expect_eq(listed_count, 2);
  (void)list_all(&world.merchant, (struct event_filter){.types = 1ULL << EVENT_VOID_FAILED}, 10);
  cr_expect_eq(listed_count, 0);
}

/* A clock that was put back at a restart: what is earlier in the journal is later by the clock. */
Test(events, a_list_from_a_time_bears_a_clock_that_was_put_back) {
  struct payment_request request = world_request(&world);
  world.now_ms += 1000; /* after the policy's own event */
  (void)world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_APPROVED);
  int64_t then = world.now_ms;
  world.now_ms -= 30 * 60 * 1000;
  world_restart(&world);
  request = world_request(&world);
  (void)world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_APPROVED);
  (void)list_all(&world.merchant, (struct event_filter){.types = EVERY_EVENT_TYPE, .created_from_ms = then},
                 10);
  cr_expect_eq(listed_count, 1);
}

/* Others' entries are never shown, and cost no request more than its bound. */
Test(events, a_merchant_among_many_is_listed_within_a_bound) {
  struct id saved = world.merchant, other = draw_id(&world.draws, "mer", world.now_ms);
  world.merchant = other;
  for (unsigned i = 0; i < 2 * EVENT_SCAN_MAX; i++)
    world_publish(&world, "otherwise route alpha");
  world.merchant = saved;
  unsigned pages = list_all(&world.merchant, everything, 10);
  cr_expect_eq(listed_count, 1);
  cr_expect(pages == 3, "%u pages", pages);
}

/* A damaged entry is said, never passed over or read as another. */
Test(events, a_missing_entry_is_noticed) {
  struct payment_request request = world_request(&world);
  (void)world_pay(&world, &request);
  world_approve(&world, ANSWER_IS_APPROVED);
  const struct payment *payment = world_payment(&world, &(struct id[]){world_newest(&world)}[0]);
  uint64_t last = payment->sequence;
  uint8_t key[8] = {0};
  key[7] = (uint8_t)(last - 1);
  cr_assert_lt(last, 256);
  cr_assert_eq(store_delete(world.store, LEDGER_JOURNAL, key, sizeof key), 0);
  cr_assert_eq(store_commit(world.store), 0);
  struct payment_marks before;
  struct payment *read;
  cr_assert_eq(payment_at(world.ledger, last, &before, &read, NULL), -EBADMSG);
}

/* ---- Signatures ---- */

/* The example that the Standard Webhooks libraries are tested with. */
Test(signature, the_published_example) {
  static const char text[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  static const char body[] = "{\"test\": 2432232314}";
  static const uint8_t secret[24] = {0x31, 0xf2, 0x90, 0xf6, 0xbf, 0x06, 0x29, 0x8a, 0xab, 0x4f, 0x08, 0xd4,
                                     0x3c, 0x3f, 0x08, 0x2c, 0xf6, 0x48, 0xa3, 0x62, 0xda, 0x2d, 0xa4, 0xb0};
  char signature[SIGNATURE_CAPACITY], shown[SECRET_TEXT_CAPACITY];
  event_secret_text(secret, sizeof secret, shown);
  cr_expect_str_eq(shown, text);
  event_sign(secret, sizeof secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, sizeof body - 1,
             signature);
  cr_expect_str_eq(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}
