#include "money.h"
#include "sandbox_books.h"
#include "sandbox_psp.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ERROR = 400 };

void make_psp_id(char ret_id[PSP_ID_CAPACITY], const char *prefix, const char *alphabet, unsigned count) {
  uint8_t random[PSP_ID_CAPACITY];
  size_t start = strlen(prefix), letters = strlen(alphabet);
  randombytes_buf(random, count);
  copy_text(ret_id, PSP_ID_CAPACITY, prefix);
  for (unsigned i = 0; i < count; i++)
    ret_id[start + i] = alphabet[random[i] % letters];
  ret_id[start + count] = '\0';
}

static bool is_book_name(const char *name) {
  size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
  return name[length] == '\0' && length < BOOK_NAME_CAPACITY;
}

struct book *books_find(struct books *books, const char *name) {
  for (struct book *book = books->first; book != NULL; book = book->next)
    if (strcmp(book->name, name) == 0)
      return book;
  const struct psp *psp = is_book_name(name) ? psp_of(name) : NULL;
  if (psp == NULL)
    return NULL;
  struct book *book = get_memory(sizeof *book);
  copy_text(book->name, sizeof book->name, name);
  book->psp = psp;
  book->behaviour = behaviour_default();
  book->next = books->first;
  books->first = book;
  return book;
}

struct method *book_add_method(struct book *book, const char *id) {
  struct method *method = get_memory(sizeof *method);
  copy_text(method->id, sizeof method->id, id);
  map_put(&book->methods, method->id, method);
  return method;
}

static void put_in_order(struct book *book, struct charge *charge) {
  if (book->charge_count == book->charge_capacity) {
    size_t capacity = book->charge_capacity == 0 ? 256 : 2 * book->charge_capacity;
    struct charge **grown = get_memory(capacity * sizeof(struct charge *));
    if (book->charge_count > 0)
      memcpy(grown, book->in_order, book->charge_count * sizeof(struct charge *));
    free(book->in_order);
    book->in_order = grown;
    book->charge_capacity = capacity;
  }
  book->in_order[book->charge_count++] = charge;
}

struct charge *book_add_charge(struct book *book, const char *id, const char *reference) {
  struct charge *charge = get_memory(sizeof *charge);
  copy_text(charge->id, sizeof charge->id, id);
  copy_text(charge->reference, sizeof charge->reference, reference);
  map_put(&book->charges, charge->id, charge);
  charge->earlier_same_reference = map_get(&book->references, charge->reference);
  map_put(&book->references, charge->reference, charge);
  put_in_order(book, charge);
  return charge;
}

struct movement *book_add_movement(struct book *book, const char *id, struct charge *charge) {
  struct movement *movement = get_memory(sizeof *movement);
  copy_text(movement->id, sizeof movement->id, id);
  movement->charge = charge;
  if (charge->last == NULL)
    charge->first = movement;
  else
    charge->last->next = movement;
  charge->last = movement;
  map_put(&book->movements, movement->id, movement);
  return movement;
}

struct kept *book_keep(struct book *book, const char *key, const char *endpoint,
                       const uint8_t hash[BODY_HASH_BYTES], int64_t now_ms, uint16_t status,
                       const char *body) {
  struct kept *kept = map_get(&book->kept, key);
  if (kept == NULL) {
    kept = get_memory(sizeof *kept);
    copy_text(kept->key, sizeof kept->key, key);
    map_put(&book->kept, kept->key, kept);
  }
  free(kept->endpoint);
  free(kept->body);
  kept->endpoint = copy_string(endpoint);
  kept->body = copy_string(body);
  memcpy(kept->body_hash, hash, BODY_HASH_BYTES);
  kept->created_ms = now_ms;
  kept->status = status;
  return kept;
}

/* Amounts were checked to fit when they were booked. */
static int64_t iso_minor(const struct book *book, const struct charge *charge, int64_t amount) {
  int64_t minor = amount;
  int iso = currency_exponent(charge->currency);
  if (amount_rescale(amount, book->psp->exponent(charge->currency), iso, &minor) != 0)
    return amount;
  return minor;
}

void book_print_charges(const struct book *book, struct text *text) {
  static const char *const names[] = {[CHARGE_AUTHORIZED] = "authorized",
                                      [CHARGE_CAPTURED] = "captured",
                                      [CHARGE_VOIDED] = "voided",
                                      [CHARGE_DECLINED] = "declined"};
  const char *comma = "";
  text_put(text, "[");
  for (size_t i = 0; i < book->charge_count; i++) {
    const struct charge *charge = book->in_order[i];
    if (charge->status == CHARGE_VERIFIED || (charge->amount == 0 && charge->status == CHARGE_DECLINED))
      continue; /* the check of a card moves no money */
    text_print(text, "%s{\"id\":\"%s\",\"reference\":", comma, charge->id);
    text_json(text, charge->reference);
    text_print(text,
               ",\"status\":\"%s\",\"amount\":%lld,\"amount_captured\":%lld,\"amount_refunded\":%lld,"
               "\"currency\":\"%s\"}",
               names[charge->status], (long long)iso_minor(book, charge, charge->amount),
               (long long)iso_minor(book, charge, charge->captured),
               (long long)iso_minor(book, charge, charge->refunded), charge->currency);
    comma = ",";
  }
  text_put(text, "]");
}

void book_print_errors(const struct book *book, struct text *text) {
  const char *comma = "";
  text_put(text, "[");
  for (size_t i = 0; i < book->kept.capacity; i++) {
    const struct kept *kept = book->kept.slots[i].item;
    if (kept == NULL || kept->status < FIRST_ERROR)
      continue;
    text_print(text, "%s{\"key\":", comma);
    text_json(text, kept->key);
    text_put(text, ",\"endpoint\":");
    text_json(text, kept->endpoint);
    text_print(text, ",\"status\":%u}", (unsigned)kept->status);
    comma = ",";
  }
  text_put(text, "]");
}

static void free_charge(struct charge *charge) {
  while (charge->first != NULL) {
    struct movement *movement = charge->first;
    charge->first = movement->next;
    free(movement->metadata);
    free(movement);
  }
  free(charge->metadata);
  free(charge);
}

static void free_book(struct book *book) {
  for (size_t i = 0; i < book->methods.capacity; i++)
    free(book->methods.slots[i].item);
  for (size_t i = 0; i < book->charge_count; i++)
    free_charge(book->in_order[i]);
  for (size_t i = 0; i < book->kept.capacity; i++) {
    struct kept *kept = book->kept.slots[i].item;
    if (kept != NULL) {
      free(kept->endpoint);
      free(kept->body);
      free(kept);
    }
  }
  map_free(&book->methods);
  map_free(&book->charges);
  map_free(&book->references);
  map_free(&book->movements);
  map_free(&book->kept);
  free(book->in_order);
  free(book);
}

void books_close(struct books *books) {
  state_log_close(&books->log);
  while (books->unsent != NULL) {
    struct unsent *unsent = books->unsent;
    books->unsent = unsent->next;
    unsent_free(unsent);
  }
  while (books->first != NULL) {
    struct book *book = books->first;
    books->first = book->next;
    free_book(book);
  }
}
