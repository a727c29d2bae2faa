#include "sheet_shelf.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
  struct sheet *sheet;
  uint8_t hash[SHEET_HASH_BYTES];
};

struct sheet_shelf {
  unsigned count;
  struct entry entries[SHEETS_MAX];
};

static bool is_sheet_file(const char *name) {
  size_t length = strlen(name);
  return length > 5 && name[0] != '.' && strcmp(name + length - 5, ".yaml") == 0;
}

static int select_sheet(const struct dirent *entry) {
  return is_sheet_file(entry->d_name);
}

static int refuse(struct shelf_error *error, const char *reason) {
  error->sheet = (struct sheet_error){.line = 0, .reason = reason};
  return -EINVAL;
}

static int read_file(const char *path, uint8_t *buffer, size_t capacity, size_t *ret_length) {
  FILE *file = fopen(path, "re");
  if (file == NULL)
    return -errno;
  size_t length = fread(buffer, 1, capacity, file);
  int error = ferror(file) ? -EIO : 0;
  fclose(file);
  if (error == 0)
    *ret_length = length;
  return error;
}

static bool name_taken(const struct sheet_shelf *shelf, const char *name) {
  for (unsigned i = 0; i < shelf->count; i++)
    if (strcmp(sheet_name(shelf->entries[i].sheet), name) == 0)
      return true;
  return false;
}

static int add_sheet(struct sheet_shelf *shelf, const uint8_t *bytes, size_t length,
                     struct shelf_error *ret_error) {
  if (length > SHEET_BYTES_MAX)
    return refuse(ret_error, "the sheet is too long");
  if (shelf->count == SHEETS_MAX)
    return refuse(ret_error, "there are too many sheets");
  struct sheet *sheet;
  int error = sheet_parse(bytes, length, &sheet, &ret_error->sheet);
  if (error < 0)
    return error;
  if (name_taken(shelf, sheet_name(sheet))) {
    sheet_free(sheet);
    return refuse(ret_error, "another sheet has this name");
  }
  struct entry *entry = &shelf->entries[shelf->count++];
  entry->sheet = sheet;
  sheet_hash(bytes, length, entry->hash);
  return 0;
}

static int read_sheet(struct sheet_shelf *shelf, const char *directory, const char *name,
                      struct shelf_error *ret_error) {
  uint8_t *bytes = malloc(SHEET_BYTES_MAX + 1);
  size_t length = 0;
  if (bytes == NULL)
    return -ENOMEM;
  int written = snprintf(ret_error->path, sizeof ret_error->path, "%s/%s", directory, name);
  int error = written < (int)sizeof ret_error->path ? 0 : -ENAMETOOLONG;
  if (error == 0)
    error = read_file(ret_error->path, bytes, SHEET_BYTES_MAX + 1, &length);
  if (error == 0)
    error = add_sheet(shelf, bytes, length, ret_error);
  free(bytes);
  return error;
}

static int read_all(struct sheet_shelf *shelf, const char *directory, struct shelf_error *ret_error) {
  struct dirent **names;
  snprintf(ret_error->path, sizeof ret_error->path, "%s", directory);
  int count = scandir(directory, &names, select_sheet, alphasort);
  if (count < 0)
    return -errno;
  int error = count == 0 ? refuse(ret_error, "there is no sheet") : 0;
  for (int i = 0; i < count; i++) {
    if (error == 0)
      error = read_sheet(shelf, directory, names[i]->d_name, ret_error);
    free(names[i]);
  }
  free(names);
  return error;
}

int sheet_shelf_open(const char *directory, struct sheet_shelf **ret_shelf, struct shelf_error *ret_error) {
  struct sheet_shelf *shelf = calloc(1, sizeof *shelf);
  *ret_error = (struct shelf_error){.sheet.reason = ""};
  if (shelf == NULL)
    return -ENOMEM;
  int error = read_all(shelf, directory, ret_error);
  if (error < 0) {
    sheet_shelf_free(shelf);
    return error;
  }
  *ret_shelf = shelf;
  return 0;
}

void sheet_shelf_free(struct sheet_shelf *shelf) {
  for (unsigned i = 0; i < shelf->count; i++)
    sheet_free(shelf->entries[i].sheet);
  free(shelf);
}

unsigned sheet_shelf_count(const struct sheet_shelf *shelf) {
  return shelf->count;
}

const struct sheet *sheet_shelf_find(const struct sheet_shelf *shelf, const char *name,
                                     const uint8_t hash[SHEET_HASH_BYTES]) {
  for (unsigned i = 0; i < shelf->count; i++)
    if (strcmp(sheet_name(shelf->entries[i].sheet), name) == 0)
      return memcmp(shelf->entries[i].hash, hash, SHEET_HASH_BYTES) == 0 ? shelf->entries[i].sheet : NULL;
  return NULL;
}
