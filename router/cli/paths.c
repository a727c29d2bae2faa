#include "paths.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int file_path(char *ret_path, size_t capacity, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(ret_path, capacity, format, arguments);
  va_end(arguments);
  return length < 0 || (size_t)length >= capacity ? -ENAMETOOLONG : 0;
}

int programs_directory(char *ret_path, size_t capacity) {
  char path[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length < 0) {
    return -errno;
  }
  path[length] = '\0';
  *strrchr(path, '/') = '\0';
  return file_path(ret_path, capacity, "%s", path);
}

static int beside_programs(char *ret_path, size_t capacity, const char *below) {
  char programs[PATH_MAX];
  int result = programs_directory(programs, sizeof programs);
  return result < 0 ? result : file_path(ret_path, capacity, "%s/%s", programs, below);
}

int builtin_sheets(char *ret_path, size_t capacity) {
  return beside_programs(ret_path, capacity, "policy/connectors");
}

int builtin_bins(char *ret_path, size_t capacity) {
  return beside_programs(ret_path, capacity, "bins.table");
}

int read_file(const char *path, size_t limit, char **ret_bytes, size_t *ret_length) {
  FILE *file = fopen(path, "re");
  if (file == NULL) {
    return -errno;
  }
  char *bytes = malloc(limit + 1);
  if (bytes == NULL) {
    fclose(file);
    return -ENOMEM;
  }
  size_t length = fread(bytes, 1, limit + 1, file);
  int result = ferror(file) ? -EIO : length > limit ? -EFBIG : 0;
  fclose(file);
  if (result < 0) {
    free(bytes);
    return result;
  }
  bytes[length] = '\0';
  *ret_bytes = bytes;
  *ret_length = length;
  return 0;
}
