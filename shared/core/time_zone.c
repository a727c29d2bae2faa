#include "time_zone.h"
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { QUARTER_MS = 15 * 60 * 1000, REMEMBERED = 64 };

/* What was found out lately, by name and quarter. */
struct remembered {
  char name[TIME_ZONE_CAPACITY];
  int64_t quarter;
  int32_t offset_s;
};

static struct remembered remembered[REMEMBERED];

static int64_t quarter_of(int64_t at_ms) {
  return at_ms / QUARTER_MS - (at_ms % QUARTER_MS < 0);
}

static struct remembered *place_of(const char *name, int64_t quarter) {
  uint64_t hash = (uint64_t)quarter;
  for (; *name != '\0'; name++)
    hash = hash * 31 + (uint8_t)*name;
  return &remembered[hash % REMEMBERED];
}

/* Letters, digits, _ + - and single inner slashes: nothing that leaves the folder. */
static bool is_name(const char *name) {
  char before = '/';
  size_t length = 0;
  for (; name[length] != '\0' && length < TIME_ZONE_CAPACITY; length++) {
    char here = name[length];
    if (!isalnum((unsigned char)here) && strchr("_+-/", here) == NULL)
      return false;
    if (here == '/' && before == '/')
      return false;
    before = here;
  }
  return length > 0 && length < TIME_ZONE_CAPACITY && before != '/';
}

/* The C library takes UTC for a zone that it cannot find; so it is looked for first. */
static bool is_there(const char *name) {
  char path[sizeof TIME_ZONE_FOLDER + 1 + TIME_ZONE_CAPACITY];
  struct stat status;
  snprintf(path, sizeof path, "%s/%s", TIME_ZONE_FOLDER, name);
  return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static int ask_library(const char *name, int64_t at_ms, int32_t *ret_offset_s) {
  char zone[1 + TIME_ZONE_CAPACITY];
  struct tm parts;
  time_t seconds = (time_t)(quarter_of(at_ms) * (QUARTER_MS / 1000));
  snprintf(zone, sizeof zone, ":%s", name);
  if (setenv("TZ", zone, 1) < 0)
    return -errno;
  tzset();
  if (localtime_r(&seconds, &parts) == NULL)
    return -ENOENT;
  *ret_offset_s = (int32_t)parts.tm_gmtoff;
  return 0;
}

int time_zone_offset(const char *name, int64_t at_ms, int32_t *ret_offset_s) {
  int64_t quarter = quarter_of(at_ms);
  if (!is_name(name))
    return -ENOENT;
  struct remembered *place = place_of(name, quarter);
  if (place->quarter != quarter || strcmp(place->name, name) != 0) {
    struct remembered fresh = {.quarter = quarter};
    if (!is_there(name))
      return -ENOENT;
    int r = ask_library(name, at_ms, &fresh.offset_s);
    if (r < 0)
      return r;
    memcpy(fresh.name, name, strlen(name) + 1);
    *place = fresh;
  }
  *ret_offset_s = place->offset_s;
  return 0;
}
