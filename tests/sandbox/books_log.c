/* The books as records of the log, and back. */
#include "cursor.h"
#include "sandbox_books.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum record_type {
  RECORD_METHOD = 1,
  RECORD_CHARGE,
  RECORD_MOVEMENT,
  RECORD_KEPT,
  RECORD_BEHAVIOUR,
  RECORD_WEBHOOK,
  RECORD_WEBHOOK_OVER,
  RECORD_TELLS
};

static uint8_t scratch[STATE_RECORD_MAX]; /* one thread */

static struct writer begin(enum record_type type, const struct book *book) {
  struct writer writer = writer_over(scratch, sizeof scratch);
  write_u8(&writer, type);
  write_text(&writer, book->name);
  return writer;
}

/* A record that does not fit is too big an answer to keep: it stays in memory only. */
static void end(struct books *books, const struct writer *writer) {
  if (writer_finish(writer) == 0)
    state_log_append(&books->log, scratch, writer_length(writer));
}

static void write_card_facts(struct writer *writer, const struct card_facts *card) {
  write_u8(writer, (uint8_t)card->network);
  write_text(writer, card->bin);
  write_text(writer, card->last4);
  write_u8(writer, card->exp_month);
  write_u16(writer, card->exp_year);
  write_text(writer, card->decline);
  write_u8(writer, (uint8_t)card->code);
}

static void read_card_facts(struct reader *reader, struct card_facts *ret_card) {
  ret_card->network = read_u8(reader);
  read_text(reader, ret_card->bin, sizeof ret_card->bin);
  read_text(reader, ret_card->last4, sizeof ret_card->last4);
  ret_card->exp_month = read_u8(reader);
  ret_card->exp_year = read_u16(reader);
  read_text(reader, ret_card->decline, sizeof ret_card->decline);
  ret_card->code = read_u8(reader);
  reader->bad |= ret_card->code >= CODE_CHECK_COUNT;
}

static void write_long_text(struct writer *writer, const char *text) {
  uint32_t length = text == NULL ? 0 : (uint32_t)strlen(text);
  write_u32(writer, length);
  write_bytes(writer, text == NULL ? "" : text, length);
}

/* NULL for none. The caller frees it. */
static char *read_long_text(struct reader *reader) {
  uint32_t length = read_u32(reader);
  const uint8_t *bytes = read_view(reader, length);
  if (bytes == NULL || length == 0)
    return NULL;
  char *text = get_memory((size_t)length + 1);
  memcpy(text, bytes, length);
  return text;
}

void books_note_method(struct books *books, const struct book *book, const struct method *method) {
  struct writer writer = begin(RECORD_METHOD, book);
  write_text(&writer, method->id);
  write_i64(&writer, method->created_ms);
  write_card_facts(&writer, &method->card);
  end(books, &writer);
}

static void take_method(struct book *book, struct reader *reader) {
  char id[PSP_ID_CAPACITY];
  read_text(reader, id, sizeof id);
  struct method *method = map_get(&book->methods, id);
  if (method == NULL)
    method = book_add_method(book, id);
  method->created_ms = read_i64(reader);
  read_card_facts(reader, &method->card);
}

void books_note_charge(struct books *books, const struct book *book, const struct charge *charge) {
  struct writer writer = begin(RECORD_CHARGE, book);
  write_text(&writer, charge->id);
  write_text(&writer, charge->reference);
  write_u8(&writer, (uint8_t)charge->status);
  write_i64(&writer, charge->amount);
  write_i64(&writer, charge->captured);
  write_i64(&writer, charge->refunded);
  write_text(&writer, charge->currency);
  write_i64(&writer, charge->created_ms);
  write_bool(&writer, charge->capture_at_once);
  write_bool(&writer, charge->final_captured);
  write_card_facts(&writer, &charge->card);
  write_text(&writer, charge->method);
  write_text(&writer, charge->auth_code);
  write_text(&writer, charge->network_transaction_id);
  write_text(&writer, charge->decline);
  write_text(&writer, charge->network_code);
  write_text(&writer, charge->advice_code);
  write_long_text(&writer, charge->metadata);
  end(books, &writer);
  if (books->on_booked != NULL && charge->first == NULL) /* later it is noted for its movements' sake */
    books->on_booked(books->on_booked_context, book, charge, NULL);
}

static void take_charge(struct book *book, struct reader *reader) {
  char id[PSP_ID_CAPACITY], reference[PSP_REFERENCE_CAPACITY];
  read_text(reader, id, sizeof id);
  read_text(reader, reference, sizeof reference);
  struct charge *charge = map_get(&book->charges, id);
  if (charge == NULL)
    charge = book_add_charge(book, id, reference);
  charge->status = read_u8(reader);
  charge->amount = read_i64(reader);
  charge->captured = read_i64(reader);
  charge->refunded = read_i64(reader);
  read_text(reader, charge->currency, sizeof charge->currency);
  charge->created_ms = read_i64(reader);
  charge->capture_at_once = read_bool(reader);
  charge->final_captured = read_bool(reader);
  read_card_facts(reader, &charge->card);
  read_text(reader, charge->method, sizeof charge->method);
  read_text(reader, charge->auth_code, sizeof charge->auth_code);
  read_text(reader, charge->network_transaction_id, sizeof charge->network_transaction_id);
  read_text(reader, charge->decline, sizeof charge->decline);
  read_text(reader, charge->network_code, sizeof charge->network_code);
  read_text(reader, charge->advice_code, sizeof charge->advice_code);
  free(charge->metadata);
  charge->metadata = read_long_text(reader);
}

void books_note_movement(struct books *books, const struct book *book, const struct movement *movement) {
  struct writer writer = begin(RECORD_MOVEMENT, book);
  write_text(&writer, movement->id);
  write_text(&writer, movement->charge->id);
  write_u8(&writer, (uint8_t)movement->operation);
  write_i64(&writer, movement->amount);
  write_text(&writer, movement->reference);
  write_text(&writer, movement->reason);
  write_i64(&writer, movement->created_ms);
  write_long_text(&writer, movement->metadata);
  end(books, &writer);
  if (books->on_booked != NULL)
    books->on_booked(books->on_booked_context, book, movement->charge, movement);
}

static void take_movement(struct book *book, struct reader *reader) {
  char id[PSP_ID_CAPACITY], charge_id[PSP_ID_CAPACITY];
  read_text(reader, id, sizeof id);
  read_text(reader, charge_id, sizeof charge_id);
  struct charge *charge = map_get(&book->charges, charge_id);
  if (charge == NULL || map_get(&book->movements, id) != NULL)
    return;
  struct movement *movement = book_add_movement(book, id, charge);
  movement->operation = read_u8(reader);
  movement->amount = read_i64(reader);
  read_text(reader, movement->reference, sizeof movement->reference);
  read_text(reader, movement->reason, sizeof movement->reason);
  movement->created_ms = read_i64(reader);
  movement->metadata = read_long_text(reader);
}

void books_note_kept(struct books *books, const struct book *book, const struct kept *kept) {
  struct writer writer = begin(RECORD_KEPT, book);
  write_text(&writer, kept->key);
  write_text(&writer, kept->endpoint);
  write_bytes(&writer, kept->body_hash, BODY_HASH_BYTES);
  write_i64(&writer, kept->created_ms);
  write_u16(&writer, kept->status);
  write_long_text(&writer, kept->body);
  end(books, &writer);
}

static void take_kept(struct book *book, struct reader *reader) {
  char key[KEPT_KEY_CAPACITY], endpoint[512];
  uint8_t hash[BODY_HASH_BYTES];
  read_text(reader, key, sizeof key);
  read_text(reader, endpoint, sizeof endpoint);
  read_bytes(reader, hash, sizeof hash);
  int64_t created_ms = read_i64(reader);
  uint16_t status = read_u16(reader);
  char *body = read_long_text(reader);
  book_keep(book, key, endpoint, hash, created_ms, status, body == NULL ? "" : body);
  free(body);
}

void books_note_behaviour(struct books *books, const struct book *book) {
  struct writer writer = begin(RECORD_BEHAVIOUR, book);
  struct text text = {0};
  behaviour_print(&book->behaviour, &text);
  write_long_text(&writer, text.bytes);
  end(books, &writer);
  text_free(&text);
}

static void take_behaviour(struct book *book, struct reader *reader) {
  char *text = read_long_text(reader);
  if (text != NULL && behaviour_parse(text, strlen(text), &book->behaviour) != NULL)
    book->behaviour = behaviour_default();
  free(text);
}

/* ---- Webhooks ---- */

uint64_t books_note_webhook(struct books *books, const struct book *book, const char *body) {
  struct writer writer = begin(RECORD_WEBHOOK, book);
  write_u64(&writer, ++books->last_webhook);
  write_long_text(&writer, body);
  end(books, &writer);
  return books->last_webhook;
}

void books_note_webhook_over(struct books *books, const struct book *book, uint64_t number) {
  struct writer writer = begin(RECORD_WEBHOOK_OVER, book);
  write_u64(&writer, number);
  end(books, &writer);
}

void books_note_tells(struct books *books, const struct book *book) {
  struct writer writer = begin(RECORD_TELLS, book);
  end(books, &writer);
}

void books_keep_unsent(struct books *books, const struct book *book, uint64_t number, const char *body) {
  struct unsent **last = &books->unsent, *unsent = get_memory(sizeof *unsent);
  unsent->book = book;
  unsent->number = number;
  unsent->body = copy_string(body);
  while (*last != NULL)
    last = &(*last)->next;
  *last = unsent;
}

static void take_webhook(struct books *books, struct book *book, struct reader *reader) {
  books->last_webhook = read_u64(reader);
  char *body = read_long_text(reader);
  books_keep_unsent(books, book, books->last_webhook, body == NULL ? "" : body);
  free(body);
}

static void take_webhook_over(struct books *books, struct reader *reader) {
  uint64_t number = read_u64(reader);
  for (struct unsent **at = &books->unsent; *at != NULL; at = &(*at)->next)
    if ((*at)->number == number) {
      struct unsent *over = *at;
      *at = over->next;
      unsent_free(over);
      return;
    }
}

struct unsent *books_take_unsent(struct books *books, const char *name) {
  for (struct unsent **at = &books->unsent; *at != NULL; at = &(*at)->next)
    if (strcmp((*at)->book->name, name) == 0) {
      struct unsent *unsent = *at;
      *at = unsent->next;
      return unsent;
    }
  return NULL;
}

void unsent_free(struct unsent *unsent) {
  free(unsent->body);
  free(unsent);
}

/* ---- Reading back ---- */

static void take_record(void *context, const uint8_t *record, size_t length) {
  static void (*const takers[])(struct book * book,
                                struct reader * reader) = {[RECORD_METHOD] = take_method,
                                                           [RECORD_CHARGE] = take_charge,
                                                           [RECORD_MOVEMENT] = take_movement,
                                                           [RECORD_KEPT] = take_kept,
                                                           [RECORD_BEHAVIOUR] = take_behaviour};
  struct reader reader = reader_over(record, length);
  unsigned type = read_u8(&reader);
  char name[BOOK_NAME_CAPACITY];
  read_text(&reader, name, sizeof name);
  struct book *book = books_find(context, name);
  if (book != NULL && type >= RECORD_METHOD && type <= RECORD_BEHAVIOUR)
    takers[type](book, &reader);
  else if (book != NULL && type == RECORD_WEBHOOK)
    take_webhook(context, book, &reader);
  else if (book != NULL && type == RECORD_TELLS)
    book->tells = true;
  else if (type == RECORD_WEBHOOK_OVER)
    take_webhook_over(context, &reader);
}

int books_open(struct books *books, const char *directory, uint64_t log_limit) {
  char path[4096];
  *books = (struct books){.log.fd = -1};
  if (mkdir(directory, 0700) < 0 && errno != EEXIST)
    return -errno;
  int length = snprintf(path, sizeof path, "%s/sandbox.log", directory);
  if (length < 0 || (size_t)length >= sizeof path)
    return -ENAMETOOLONG;
  return state_log_open(&books->log, path, log_limit, take_record, books);
}
