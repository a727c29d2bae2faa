#include "bins.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bins_format.h"

enum { VERSION_DIGITS = 16 };

struct ranges {
  const uint32_t *index;
  const uint32_t *first;
  const uint32_t *last;
  const uint32_t *facts;
  uint32_t count;
};

struct bin_table {
  const uint8_t *bytes;
  size_t size;
  const struct bin_header *header;
  struct ranges ranges[BIN_LENGTHS];
  const struct bin_record *records;
  const char *pool;
  char version[VERSION_DIGITS + 1];
};

static const char *const funding_names[] = {[FUNDING_UNKNOWN] = "",
                                            [FUNDING_CREDIT] = "credit",
                                            [FUNDING_DEBIT] = "debit",
                                            [FUNDING_PREPAID] = "prepaid"};

enum { FUNDING_COUNT = sizeof funding_names / sizeof funding_names[0] };

const char *funding_name(enum funding funding) {
  return (unsigned)funding < FUNDING_COUNT ? funding_names[funding] : "";
}

enum funding funding_from_name(const char *name) {
  for (unsigned i = FUNDING_CREDIT; i < FUNDING_COUNT; i++)
    if (strcmp(funding_names[i], name) == 0)
      return (enum funding)i;
  return FUNDING_UNKNOWN;
}

/* Cuts the next count of elements of that size off what is left of the file; NULL when they are not there. */
static const void *cut(const uint8_t **at, size_t *left, size_t count, size_t size) {
  const uint8_t *part = *at;
  if (count * size > *left) {
    *left = 0;
    *at = NULL;
    return NULL;
  }
  *at += count * size;
  *left -= count * size;
  return part;
}

static int lay_out(struct bin_table *table) {
  const uint8_t *at = table->bytes;
  size_t left = table->size;
  table->header = cut(&at, &left, 1, sizeof *table->header);
  if (!table->header || table->header->magic != bin_magic || table->header->format != BIN_FORMAT)
    return -EBADMSG;
  for (unsigned i = 0; i < BIN_LENGTHS; i++) {
    struct ranges *ranges = &table->ranges[i];
    ranges->count = table->header->ranges[i];
    if (ranges->count > BIN_RANGES_MAX)
      return -EBADMSG;
    ranges->index = cut(&at, &left, BIN_INDEX_ENTRIES, sizeof *ranges->index);
    ranges->first = cut(&at, &left, ranges->count, sizeof *ranges->first);
    ranges->last = cut(&at, &left, ranges->count, sizeof *ranges->last);
    ranges->facts = cut(&at, &left, ranges->count, sizeof *ranges->facts);
    if (!at)
      return -EBADMSG;
  }
  table->records = cut(&at, &left, table->header->record_count, sizeof *table->records);
  table->pool = at ? cut(&at, &left, table->header->pool_bytes, 1) : NULL;
  return table->pool && left == 0 ? 0 : -EBADMSG;
}

static int check_ranges(const struct ranges *ranges, unsigned length, uint32_t record_count) {
  uint32_t at = 0;
  for (uint32_t i = 0; i < BIN_INDEX_ENTRIES; i++) {
    while (at < ranges->count && ranges->first[at] < i * bin_index_scale(length))
      at++;
    if (ranges->index[i] != at)
      return -EBADMSG;
  }
  for (uint32_t i = 0; i < ranges->count; i++) {
    bool ordered = ranges->first[i] <= ranges->last[i] && (i == 0 || ranges->last[i - 1] < ranges->first[i]);
    if (!ordered || ranges->facts[i] >= record_count)
      return -EBADMSG;
  }
  return at == ranges->count ? 0 : -EBADMSG;
}

static int check_records(const struct bin_table *table) {
  uint32_t pool_bytes = table->header->pool_bytes;
  if (pool_bytes == 0 || pool_bytes > BIN_POOL_MAX || table->pool[0] != '\0' ||
      table->pool[pool_bytes - 1] != '\0')
    return -EBADMSG;
  for (uint32_t i = 0; i < table->header->record_count; i++) {
    const struct bin_record *record = &table->records[i];
    if (record->issuer >= pool_bytes || record->category >= pool_bytes || record->network >= NETWORK_COUNT ||
        record->funding > FUNDING_PREPAID || strlen(table->pool + record->issuer) >= BIN_ISSUER_CAPACITY ||
        strlen(table->pool + record->category) >= BIN_CATEGORY_CAPACITY)
      return -EBADMSG;
  }
  return 0;
}

static int check_hash(const struct bin_table *table) {
  struct bin_header header = *table->header;
  uint8_t hash[BIN_HASH_BYTES];
  memset(header.hash, 0, sizeof header.hash);
  crypto_generichash_state state;
  crypto_generichash_init(&state, NULL, 0, sizeof hash);
  crypto_generichash_update(&state, (const uint8_t *)&header, sizeof header);
  crypto_generichash_update(&state, table->bytes + sizeof header, table->size - sizeof header);
  crypto_generichash_final(&state, hash, sizeof hash);
  return memcmp(hash, table->header->hash, sizeof hash) == 0 ? 0 : -EBADMSG;
}

static int check(struct bin_table *table) {
  int r = lay_out(table);
  if (r == 0)
    r = check_hash(table);
  for (unsigned i = 0; r == 0 && i < BIN_LENGTHS; i++)
    r = check_ranges(&table->ranges[i], i, table->header->record_count);
  return r < 0 ? r : check_records(table);
}

static int map(const char *path, struct bin_table *table) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  struct stat status;
  int r = fstat(fd, &status) < 0 ? -errno : 0;
  if (r == 0 && (!S_ISREG(status.st_mode) || status.st_size < (off_t)sizeof(struct bin_header)))
    r = -EBADMSG;
  if (r == 0) {
    void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (bytes == MAP_FAILED)
      r = -errno;
    else
      *table = (struct bin_table){.bytes = bytes, .size = (size_t)status.st_size};
  }
  close(fd);
  return r;
}

int bin_table_open(const char *path, struct bin_table **ret_table) {
  struct bin_table *table = calloc(1, sizeof *table);
  if (!table)
    return -ENOMEM;
  int r = map(path, table);
  if (r == 0)
    r = check(table);
  if (r < 0) {
    bin_table_close(table);
    return r;
  }
  sodium_bin2hex(table->version, sizeof table->version, table->header->hash, VERSION_DIGITS / 2);
  *ret_table = table;
  return 0;
}

void bin_table_close(struct bin_table *table) {
  if (!table)
    return;
  if (table->bytes)
    munmap((void *)(uintptr_t)table->bytes, table->size);
  free(table);
}

/* The number of the record of the range that holds prefix, or -1. */
static int64_t find_record(const struct ranges *ranges, unsigned length, uint32_t prefix) {
  uint32_t begin = ranges->index[prefix / bin_index_scale(length)];
  uint32_t end = ranges->index[prefix / bin_index_scale(length) + 1];
  while (begin < end) {
    uint32_t middle = begin + (end - begin) / 2;
    if (ranges->first[middle] <= prefix)
      begin = middle + 1;
    else
      end = middle;
  }
  if (begin == 0 || ranges->last[begin - 1] < prefix)
    return -1;
  return ranges->facts[begin - 1];
}

static struct bin_facts facts_of(const struct bin_table *table, const struct bin_record *record) {
  struct bin_facts facts = {.network = (enum network)record->network,
                            .funding = (enum funding)record->funding};
  memcpy(facts.country, record->country, sizeof record->country);
  strcpy(facts.category, table->pool + record->category);
  strcpy(facts.issuer, table->pool + record->issuer);
  return facts;
}

struct bin_facts bin_table_find(const struct bin_table *table, const char *leading) {
  uint32_t prefix = 0;
  uint32_t prefixes[BIN_LENGTHS];
  unsigned lengths = 0;
  for (unsigned digits = 1;
       digits <= BIN_DIGITS_MAX && leading[digits - 1] >= '0' && leading[digits - 1] <= '9'; digits++) {
    prefix = prefix * 10 + (uint32_t)(leading[digits - 1] - '0');
    if (digits >= BIN_DIGITS_MIN)
      prefixes[lengths++] = prefix;
  }
  while (lengths-- > 0) {
    int64_t record = find_record(&table->ranges[lengths], lengths, prefixes[lengths]);
    if (record >= 0)
      return facts_of(table, &table->records[record]);
  }
  return (struct bin_facts){0};
}

const char *bin_table_version(const struct bin_table *table) {
  return table->version;
}

uint32_t bin_table_count(const struct bin_table *table) {
  return table->header->count;
}
