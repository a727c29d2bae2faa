#include "account_facts.h"

#include "countries.h"

#include <errno.h>
#include <string.h>

enum { ALL_NETWORKS = (1 << NETWORK_COUNT) - 1 - (1 << NETWORK_UNKNOWN) };

int account_add_currency(struct account_facts *facts, const char *currency) {
  unsigned place = 0;
  if (!currency_known(currency))
    return -EINVAL;
  while (place < facts->currency_count && strcmp(facts->currencies[place], currency) < 0)
    place++;
  if (place < facts->currency_count && strcmp(facts->currencies[place], currency) == 0)
    return -EEXIST;
  if (facts->currency_count == ACCOUNT_CURRENCIES_MAX)
    return -ENOSPC;
  memmove(facts->currencies[place + 1], facts->currencies[place],
          (facts->currency_count - place) * sizeof facts->currencies[0]);
  memcpy(facts->currencies[place], currency, sizeof facts->currencies[0]);
  facts->currency_count++;
  return 0;
}

bool account_takes_currency(const struct account_facts *facts, const char *currency) {
  for (unsigned i = 0; i < facts->currency_count; i++) {
    if (strcmp(facts->currencies[i], currency) == 0)
      return true;
  }
  return facts->currency_count == 0;
}

bool account_takes_network(const struct account_facts *facts, enum network network) {
  return facts->networks == 0 || network == NETWORK_UNKNOWN || (facts->networks >> network & 1) != 0;
}

bool category_code_holds(const char *text) {
  return strlen(text) == CATEGORY_CODE_CAPACITY - 1 && strspn(text, "0123456789") == strlen(text);
}

bool region_holds(const char *text) {
  size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
  return text[length] == '\0' && length >= 1 && length < REGION_CAPACITY;
}

void write_account_facts(struct writer *writer, const struct account_facts *facts) {
  write_text(writer, facts->category);
  write_text(writer, facts->country);
  write_text(writer, facts->region);
  write_text(writer, facts->settlement_currency);
  write_u8(writer, facts->currency_count);
  for (unsigned i = 0; i < facts->currency_count && i < ACCOUNT_CURRENCIES_MAX; i++)
    write_bytes(writer, facts->currencies[i], CURRENCY_CAPACITY - 1);
  write_u32(writer, facts->networks);
}

/* "", or a text that holds() takes. */
static void read_optional(struct reader *reader, bool (*holds)(const char *), char *ret_text,
                          size_t capacity) {
  if (read_text(reader, ret_text, capacity) > 0 && !holds(ret_text))
    reader->bad = true;
}

/* Ascending, so that there is one spelling of each set. */
static void read_currencies(struct reader *reader, struct account_facts *ret_facts) {
  uint8_t count = read_u8(reader);
  if (count > ACCOUNT_CURRENCIES_MAX)
    reader->bad = true;
  for (unsigned i = 0; !reader->bad && i < count; i++) {
    read_bytes(reader, ret_facts->currencies[i], CURRENCY_CAPACITY - 1);
    if (!currency_known(ret_facts->currencies[i]) ||
        (i > 0 && strcmp(ret_facts->currencies[i - 1], ret_facts->currencies[i]) >= 0))
      reader->bad = true;
  }
  ret_facts->currency_count = reader->bad ? 0 : count;
}

void read_account_facts(struct reader *reader, struct account_facts *ret_facts) {
  memset(ret_facts, 0, sizeof *ret_facts);
  read_optional(reader, category_code_holds, ret_facts->category, sizeof ret_facts->category);
  read_optional(reader, country_known, ret_facts->country, sizeof ret_facts->country);
  read_optional(reader, region_holds, ret_facts->region, sizeof ret_facts->region);
  read_optional(reader, currency_known, ret_facts->settlement_currency,
                sizeof ret_facts->settlement_currency);
  read_currencies(reader, ret_facts);
  ret_facts->networks = read_u32(reader);
  if ((ret_facts->networks & ~(uint32_t)ALL_NETWORKS) != 0)
    reader->bad = true;
}
