#include "sheets.h"
#include "log.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A whole file of at most SHEET_BYTES_MAX bytes. Returns its length or a negated errno. */
static ssize_t read_file(int directory, const char *name, char bytes[SHEET_BYTES_MAX]) {
  int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  size_t length = 0;
  ssize_t got = 1;
  if (fd == -1)
    return -errno;
  while (got > 0 && length < SHEET_BYTES_MAX) {
    got = read(fd, bytes + length, SHEET_BYTES_MAX - length);
    length += got > 0 ? (size_t)got : 0;
  }
  int error = got < 0 ? -errno : 0;
  close(fd);
  return error != 0 ? error : (ssize_t)length;
}

static void add(struct sheets *sheets, const char *bytes, size_t length) {
  struct sheet *sheet;
  struct sheet_error error;
  int result = sheet_parse(bytes, length, &sheet, &error);
  if (result != 0) {
    log_warn_number("a sheet is not acceptable and is passed over", "line",
                    result == -EINVAL ? error.line : 0);
    return;
  }
  struct known_sheet *known = &sheets->known[sheets->count++];
  sheet_facts(sheet, &known->facts);
  sheet_hash(bytes, length, known->hash);
  sheet_free(sheet);
}

static bool is_sheet(const char *name) {
  size_t length = strlen(name);
  return length > 5 && strcmp(name + length - 5, ".yaml") == 0;
}

int sheets_load(const char *directory, struct sheets *ret_sheets) {
  DIR *dir = opendir(directory);
  char *bytes = malloc(SHEET_BYTES_MAX);
  struct dirent *entry;
  int result = dir == NULL ? -errno : bytes == NULL ? -ENOMEM : 0;
  ret_sheets->count = 0;
  while (result == 0 && ret_sheets->count < SHEETS_MAX && (entry = readdir(dir)) != NULL) {
    if (!is_sheet(entry->d_name))
      continue;
    ssize_t length = read_file(dirfd(dir), entry->d_name, bytes);
    if (length >= 0)
      add(ret_sheets, bytes, (size_t)length);
    else
      log_error("a sheet cannot be read", (int)length);
  }
  free(bytes);
  if (dir != NULL)
    closedir(dir);
  return result;
}

const struct sheet_facts *sheets_find(void *context, const char *name, const uint8_t hash[SHEET_HASH_BYTES]) {
  const struct sheets *sheets = context;
  for (size_t i = 0; i < sheets->count; i++)
    if (strcmp(sheets->known[i].facts.name, name) == 0 &&
        memcmp(sheets->known[i].hash, hash, SHEET_HASH_BYTES) == 0)
      return &sheets->known[i].facts;
  return NULL;
}
