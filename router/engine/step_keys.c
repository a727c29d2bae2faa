/* The keys of attempts and movements, as PSPs and the vault's audit chain name them. */
#include "payment.h"

#include <assert.h>
#include <string.h>

enum { NUMBER_CAPACITY = sizeof "_255" };

_Static_assert(ATTEMPTS_MAX < 100, "an attempt's number is one digit or two");

void step_key(const struct id *object, unsigned number, char ret_key[STEP_KEY_CAPACITY]) {
  size_t length = strlen(object->text);
  assert(number <= UINT8_MAX && length + NUMBER_CAPACITY <= STEP_KEY_CAPACITY);
  memcpy(ret_key, object->text, length);
  ret_key[length++] = '_';
  for (unsigned unit = number >= 100 ? 100 : number >= 10 ? 10 : 1; unit > 0; unit /= 10)
    ret_key[length++] = (char)('0' + number / unit % 10);
  ret_key[length] = '\0';
}

/* The end of an id is drawn at random. */
uint64_t payment_short(const struct id *payment) {
  uint8_t bytes[ID_RANDOM_BYTES];
  uint64_t value;
  if (id_parse("pay", payment->text, bytes) < 0)
    return 0;
  memcpy(&value, bytes + ID_RANDOM_BYTES - sizeof value, sizeof value);
  return value;
}

/* One digit or two, as step_key() writes them; 0 when it is none. */
static unsigned read_number(const char *text) {
  size_t digits = strspn(text, "0123456789");
  if (digits < 1 || digits > 2 || text[digits] != '\0' || text[0] == '0')
    return 0;
  return digits == 1 ? (unsigned)(text[0] - '0') : 10 * (unsigned)(text[0] - '0') + (unsigned)(text[1] - '0');
}

bool step_key_split(const char *key, const char *prefix, struct id *ret_id, unsigned *ret_number) {
  size_t length = strlen(prefix) + 1 + ID_BODY_LENGTH;
  struct id id = {0};
  unsigned number = strlen(key) > length && key[length] == '_' ? read_number(key + length + 1) : 0;
  if (number == 0)
    return false;
  memcpy(id.text, key, length);
  if (id_parse(prefix, id.text, NULL) < 0)
    return false;
  *ret_id = id;
  *ret_number = number;
  return true;
}

static int attempt_recorded(struct ledger *ledger, const struct id *merchant, const struct id *id,
                            unsigned number) {
  struct payment *payment;
  int r = payment_load(ledger, merchant, id, &payment);
  if (r != 0)
    return r;
  r = number <= payment->attempt_count ? 0 : LEDGER_ABSENT;
  payment_free(payment);
  return r;
}

static int movement_recorded(struct ledger *ledger, const struct id *merchant, const struct id *id,
                             unsigned number) {
  struct id owner, payment;
  int r = ledger_movement_get(ledger, id, &owner, &payment);
  if (r != 0)
    return r;
  return number == 1 && id_equal(&owner, merchant) ? 0 : LEDGER_ABSENT;
}

int step_recorded(struct ledger *ledger, const struct id *merchant, const char *key) {
  struct id id;
  unsigned number;
  if (step_key_split(key, "pay", &id, &number))
    return attempt_recorded(ledger, merchant, &id, number);
  if (step_key_split(key, "mov", &id, &number))
    return movement_recorded(ledger, merchant, &id, number);
  return LEDGER_ABSENT;
}
