#include "prometheus_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABELS_MAX = 8, LABEL_CAPACITY = 200, NAME_MAX_LENGTH = 99, FAMILIES_MAX = 200, SERIES_MAX = 20000 };

struct label {
  char name[LABEL_CAPACITY], value[LABEL_CAPACITY];
};

struct sample {
  char name[NAME_MAX_LENGTH + 1];
  unsigned label_count;
  struct label labels[LABELS_MAX]; /* in the order of their names */
  double value;
};

struct family {
  char name[NAME_MAX_LENGTH + 1], type[16];
};

struct prometheus_text {
  struct family families[FAMILIES_MAX];
  size_t family_count, count;
  struct sample *samples;
};

/* ---- One sample ---- */

static size_t name_length(const char *at) {
  size_t length = 0;
  while (isalpha((unsigned char)at[length]) || at[length] == '_' ||
         (length > 0 && isdigit((unsigned char)at[length])))
    length++;
  return length;
}

/* Returns whether a quoted value stands there, and goes behind it. */
static bool take_value(const char **at, char ret_value[LABEL_CAPACITY]) {
  size_t length = 0;
  if (*(*at)++ != '"')
    return false;
  for (; **at != '"'; (*at)++) {
    char c = **at;
    if (c == '\\') {
      c = *++*at;
      if (c != '\\' && c != '"' && c != 'n')
        return false;
      c = c == 'n' ? '\n' : c;
    } else if (c == '\n' || c == '\0')
      return false;
    if (length + 1 == LABEL_CAPACITY)
      return false;
    ret_value[length++] = c;
  }
  ret_value[length] = '\0';
  (*at)++;
  return true;
}

static int by_name(const void *left, const void *right) {
  return strcmp(((const struct label *)left)->name, ((const struct label *)right)->name);
}

static bool take_label(const char **at, struct sample *sample) {
  size_t length = name_length(*at);
  if (length == 0 || length >= LABEL_CAPACITY || sample->label_count == LABELS_MAX)
    return false;
  struct label *label = &sample->labels[sample->label_count++];
  memcpy(label->name, *at, length);
  label->name[length] = '\0';
  *at += length;
  return *(*at)++ == '=' && take_value(at, label->value);
}

static bool take_labels(const char **at, struct sample *sample) {
  do {
    ++*at;
    if (!take_label(at, sample))
      return false;
  } while (**at == ',');
  qsort(sample->labels, sample->label_count, sizeof *sample->labels, by_name);
  for (unsigned i = 1; i < sample->label_count; i++)
    if (strcmp(sample->labels[i - 1].name, sample->labels[i].name) == 0)
      return false;
  return *(*at)++ == '}';
}

/* The series that stands there; goes behind it. */
static bool take_series(const char **at, struct sample *ret_sample) {
  size_t length = name_length(*at);
  *ret_sample = (struct sample){0};
  if (length == 0 || length > NAME_MAX_LENGTH)
    return false;
  memcpy(ret_sample->name, *at, length);
  *at += length;
  return **at != '{' || take_labels(at, ret_sample);
}

static bool read_sample(const char *line, struct sample *ret_sample) {
  const char *at = line;
  char *end;
  if (!take_series(&at, ret_sample) || *at++ != ' ' || isspace((unsigned char)*at))
    return false;
  ret_sample->value = strtod(at, &end);
  return end != at && *end == '\0';
}

static bool same_series(const struct sample *left, const struct sample *right) {
  if (strcmp(left->name, right->name) != 0 || left->label_count != right->label_count)
    return false;
  for (unsigned i = 0; i < left->label_count; i++)
    if (strcmp(left->labels[i].name, right->labels[i].name) != 0 ||
        strcmp(left->labels[i].value, right->labels[i].value) != 0)
      return false;
  return true;
}

/* ---- Families ---- */

static struct family *family_named(struct prometheus_text *read, const char *name) {
  for (size_t i = 0; i < read->family_count; i++)
    if (strcmp(read->families[i].name, name) == 0)
      return &read->families[i];
  return NULL;
}

/* A HELP begins a family, the TYPE after it says what it is. */
static const char *take_help(struct prometheus_text *read, const char *line) {
  struct family *family = &read->families[read->family_count];
  size_t length = name_length(line);
  if (length == 0 || length > NAME_MAX_LENGTH || line[length] != ' ' || line[length + 1] == '\0')
    return "a HELP without a name or a text";
  memcpy(family->name, line, length);
  family->name[length] = '\0';
  if (family_named(read, family->name) != NULL)
    return "a second HELP";
  if (read->family_count > 0 && family[-1].type[0] == '\0')
    return "a HELP without a TYPE before it";
  return ++read->family_count == FAMILIES_MAX ? "too many families" : NULL;
}

static const char *take_type(struct prometheus_text *read, const char *line) {
  struct family *family = read->family_count > 0 ? &read->families[read->family_count - 1] : NULL;
  size_t length = name_length(line);
  if (family == NULL || strlen(family->name) != length || strncmp(line, family->name, length) != 0 ||
      line[length] != ' ')
    return "a TYPE that does not stand behind its HELP";
  if (family->type[0] != '\0')
    return "a second TYPE";
  const char *type = line + length + 1;
  if (strcmp(type, "counter") != 0 && strcmp(type, "gauge") != 0 && strcmp(type, "histogram") != 0)
    return "no such TYPE";
  strcpy(family->type, type);
  return NULL;
}

/* Whether a sample is of the family that is open. */
static bool belongs(const struct family *family, const struct sample *sample) {
  static const char *const ends[] = {"_bucket", "_sum", "_count"};
  size_t length = strlen(family->name);
  if (strcmp(family->type, "histogram") != 0)
    return family->type[0] != '\0' && strcmp(family->name, sample->name) == 0;
  if (strncmp(family->name, sample->name, length) != 0)
    return false;
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
    if (strcmp(sample->name + length, ends[i]) == 0)
      return true;
  return false;
}

static const char *take_sample(struct prometheus_text *read, const char *line) {
  struct sample *sample = &read->samples[read->count];
  if (read->count == SERIES_MAX)
    return "too many series";
  if (!read_sample(line, sample))
    return "no sample";
  if (read->family_count == 0 || !belongs(&read->families[read->family_count - 1], sample))
    return "a sample outside its family";
  if (strcmp(read->families[read->family_count - 1].type, "gauge") != 0 && !(sample->value >= 0))
    return "a counter below nothing";
  for (size_t i = 0; i < read->count; i++)
    if (same_series(&read->samples[i], sample))
      return "a series twice";
  read->count++;
  return NULL;
}

/* ---- Histograms ---- */

static int le_of(const struct sample *sample) {
  for (unsigned i = 0; i < sample->label_count; i++)
    if (strcmp(sample->labels[i].name, "le") == 0)
      return (int)i;
  return -1;
}

static struct sample without_le(const struct sample *bucket, const char *end) {
  struct sample plain = *bucket;
  int le = le_of(bucket);
  size_t length = strlen(bucket->name) - strlen("_bucket");
  strcpy(plain.name + length, end);
  memmove(plain.labels + le, plain.labels + le + 1,
          (plain.label_count - (unsigned)le - 1) * sizeof *plain.labels);
  plain.label_count--;
  return plain;
}

static bool is_there(const struct prometheus_text *read, const struct sample *series, double *ret_value) {
  for (size_t i = 0; i < read->count; i++)
    if (same_series(&read->samples[i], series)) {
      *ret_value = read->samples[i].value;
      return true;
    }
  return false;
}

static bool is_bucket(const struct sample *sample) {
  size_t length = strlen(sample->name);
  return le_of(sample) >= 0 && length > 7 && strcmp(sample->name + length - 7, "_bucket") == 0;
}

/* Each bucket against the one before it, the last against the count. */
static const char *check_bucket(const struct prometheus_text *read, size_t at) {
  const struct sample *bucket = &read->samples[at];
  const struct sample plain = without_le(bucket, "");
  const char *le = bucket->labels[le_of(bucket)].value;
  const struct sample *next = at + 1 < read->count ? bucket + 1 : NULL;
  struct sample next_plain = {0};
  double count = -1, sum;
  if (next && is_bucket(next))
    next_plain = without_le(next, "");
  if (next_plain.name[0] != '\0' && same_series(&plain, &next_plain))
    return strtod(next->labels[le_of(next)].value, NULL) > strtod(le, NULL) && next->value >= bucket->value
               ? NULL
               : "buckets that do not rise";
  struct sample counted = without_le(bucket, "_count"), summed = without_le(bucket, "_sum");
  if (strcmp(le, "+Inf") != 0 || !is_there(read, &counted, &count) || !is_there(read, &summed, &sum))
    return "a histogram that does not end";
  return count == bucket->value ? NULL : "a histogram whose count is another";
}

/* ---- All of it ---- */

static const char *take_line(struct prometheus_text *read, const char *line) {
  if (strncmp(line, "# HELP ", 7) == 0)
    return take_help(read, line + 7);
  if (strncmp(line, "# TYPE ", 7) == 0)
    return take_type(read, line + 7);
  return take_sample(read, line);
}

static const char *take_lines(struct prometheus_text *read, char *text, unsigned *ret_line) {
  const char *wrong = NULL;
  for (char *end; wrong == NULL && *text != '\0'; text = end + 1) {
    ++*ret_line;
    end = strchr(text, '\n');
    if (end == NULL)
      return "a last line without an end";
    *end = '\0';
    wrong = take_line(read, text);
  }
  for (size_t i = 0; i < read->count && wrong == NULL; i++)
    if (is_bucket(&read->samples[i]))
      wrong = check_bucket(read, i);
  return wrong;
}

struct prometheus_text *prometheus_read(const char *text, char ret_wrong[200]) {
  struct prometheus_text *read = calloc(1, sizeof *read);
  char *copy = strdup(text);
  unsigned line = 0;
  const char *wrong = "out of memory";
  if (read && copy && (read->samples = calloc(SERIES_MAX, sizeof *read->samples)) != NULL)
    wrong = take_lines(read, copy, &line);
  free(copy);
  if (wrong == NULL)
    return read;
  snprintf(ret_wrong, 200, "line %u: %s", line, wrong);
  prometheus_free(read);
  return NULL;
}

void prometheus_free(struct prometheus_text *read) {
  if (read)
    free(read->samples);
  free(read);
}

double prometheus_value(const struct prometheus_text *read, const char *series) {
  struct sample wanted;
  double value;
  if (!take_series(&series, &wanted) || *series != '\0' || !is_there(read, &wanted, &value))
    return -1;
  return value;
}

size_t prometheus_count(const struct prometheus_text *read, const char *name) {
  size_t count = 0;
  for (size_t i = 0; i < read->count; i++)
    count += strcmp(read->samples[i].name, name) == 0;
  return count;
}
