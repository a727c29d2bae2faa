/* card_scan [--pid PID]... [--path FILE-OR-DIRECTORY]... : looks for card numbers where none may be.
 *
 * The numbers (or security codes in a context, any text of 6 characters or more) come on standard input, one
 * a line. Each is looked for plain, in groups of four with spaces and dashes, in base64 at every alignment,
 * in hexadecimal digits, percent-encoded, as JSON \u escapes and as packed decimal (but for numbers that are
 * the same few digits over and over). What was found is named by place and form, never by value.
 *
 * Exit status: 0 nothing found, 1 something found, 2 it could not look. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NEEDLES_MAX = 1024, NEEDLE_MAX = 160, CHUNK = 1 << 20, OVERLAP = NEEDLE_MAX };

struct needle {
  unsigned char bytes[NEEDLE_MAX];
  size_t length;
  const char *form;
};

static struct needle needles[NEEDLES_MAX];
static size_t needle_count;
static size_t hits;
static unsigned long long scanned;

static void add_needle(const void *bytes, size_t length, const char *form) {
  if (needle_count == NEEDLES_MAX || length > NEEDLE_MAX) {
    fputs("card_scan: too many numbers\n", stderr);
    exit(2);
  }
  memcpy(needles[needle_count].bytes, bytes, length);
  needles[needle_count].length = length;
  needles[needle_count++].form = form;
}

static void add_grouped(const char *text, char separator, const char *form) {
  char grouped[NEEDLE_MAX];
  size_t at = 0;
  for (size_t i = 0; text[i] != '\0'; i++) {
    if (i > 0 && i % 4 == 0) {
      grouped[at++] = separator;
    }
    grouped[at++] = text[i];
  }
  add_needle(grouped, at, form);
}

/* Each character as prefix and two hexadecimal digits, which are the same in either case for digits. */
static void add_escaped(const char *text, const char *prefix, const char *form) {
  char escaped[NEEDLE_MAX] = "";
  size_t at = 0;
  for (size_t i = 0; text[i] != '\0'; i++) {
    at += (size_t)snprintf(escaped + at, sizeof escaped - at, "%s%02x", prefix, (unsigned char)text[i]);
  }
  add_needle(escaped, at, form);
}

/* The part of a base64 text that does not depend on what stands before and after the number. */
static void add_base64(const char *text, size_t shift) {
  char padded[64] = "", encoded[NEEDLE_MAX];
  snprintf(padded, sizeof padded, "%.*s%s", (int)shift, "xx", text);
  sodium_bin2base64(encoded, sizeof encoded, (unsigned char *)padded, strlen(padded),
                    sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
  size_t skip = shift == 0 ? 0 : shift + 1, whole = strlen(padded) / 3 * 4;
  add_needle(encoded + skip, whole - skip, "base64");
}

/* More than half of it one byte, as of 4000000000000002: so stand a small number and flags in any memory. */
static bool is_monotonous(const unsigned char *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) {
    size_t same = 0;
    for (size_t j = 0; j < length; j++) {
      same += bytes[j] == bytes[i];
    }
    if (2 * same > length) {
      return true;
    }
  }
  return false;
}

static void add_packed(const char *text) {
  unsigned char packed[16];
  size_t pairs = strlen(text) / 2;
  if (strspn(text, "0123456789") != strlen(text) || pairs < 6) {
    return;
  }
  for (size_t i = 0; i < pairs; i++) {
    packed[i] = (unsigned char)((text[2 * i] - '0') << 4 | (text[2 * i + 1] - '0'));
  }
  if (!is_monotonous(packed, pairs)) {
    add_needle(packed, pairs, "packed decimal");
  }
}

static void read_needles(void) {
  char line[32];
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\r\n")] = '\0';
    if (strlen(line) < 6) {
      continue;
    }
    add_needle(line, strlen(line), "plain");
    add_grouped(line, ' ', "spaced");
    add_grouped(line, '-', "dashed");
    add_escaped(line, "", "hexadecimal");
    add_escaped(line, "%", "percent-encoded");
    add_escaped(line, "\\u00", "JSON escapes");
    for (size_t shift = 0; shift < 3; shift++) {
      add_base64(line, shift);
    }
    add_packed(line);
  }
  sodium_memzero(line, sizeof line);
}

static void search(const unsigned char *bytes, size_t length, const char *place) {
  for (size_t i = 0; i < needle_count; i++) {
    if (memmem(bytes, length, needles[i].bytes, needles[i].length) != NULL) {
      printf("found: a number, %s, in %s\n", needles[i].form, place);
      hits++;
    }
  }
}

/* Searches [offset, end) of fd in chunks that overlap; what cannot be read is passed over. */
static void search_range(int fd, unsigned long long offset, unsigned long long end, const char *place) {
  static unsigned char buffer[CHUNK + OVERLAP];
  size_t kept = 0;
  while (offset < end) {
    size_t want = end - offset < CHUNK ? (size_t)(end - offset) : CHUNK;
    ssize_t got = pread(fd, buffer + kept, want, (off_t)offset);
    if (got <= 0) {
      offset += want;
      kept = 0;
      continue;
    }
    scanned += (unsigned long long)got;
    size_t have = kept + (size_t)got;
    search(buffer, have, place);
    kept = have < OVERLAP ? have : OVERLAP;
    memmove(buffer, buffer + have - kept, kept);
    offset += (unsigned long long)got;
  }
  sodium_memzero(buffer, sizeof buffer);
}

static void search_file(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status;
  if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
    search_range(fd, 0, (unsigned long long)status.st_size, path);
  }
  if (fd >= 0) {
    close(fd);
  }
}

static void search_path(const char *path) {
  struct stat status;
  if (lstat(path, &status) < 0) {
    fprintf(stderr, "card_scan: cannot look at %s: %s\n", path, strerror(errno));
    exit(2);
  }
  if (S_ISREG(status.st_mode)) {
    search_file(path);
  }
  if (!S_ISDIR(status.st_mode)) {
    return;
  }
  DIR *directory = opendir(path);
  for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
    char below[PATH_MAX];
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
        snprintf(below, sizeof below, "%s/%s", path, entry->d_name) < (int)sizeof below) {
      search_path(below);
    }
  }
  if (directory != NULL) {
    closedir(directory);
  }
}

/* Pages of a program or library that cannot be written hold what was compiled, not what was typed: passed
 * over. A mapping of a database may be read-only too, but its file is searched by --path.
 *
 * A mapping of a file reaches past its end where a database reserves address space. */
static unsigned long long readable_end(unsigned long long start, unsigned long long end,
                                       unsigned long long offset, const char *file) {
  struct stat status;
  if (file[0] != '/' || stat(file, &status) < 0) {
    return end;
  }
  unsigned long long length =
      (unsigned long long)status.st_size > offset ? (unsigned long long)status.st_size - offset : 0;
  return start + length < end ? start + length : end;
}

static void search_process(const char *pid) {
  char path[64], line[PATH_MAX + 128], file[PATH_MAX], place[PATH_MAX + 64];
  snprintf(path, sizeof path, "/proc/%s/maps", pid);
  FILE *maps = fopen(path, "re");
  snprintf(path, sizeof path, "/proc/%s/mem", pid);
  int memory = open(path, O_RDONLY | O_CLOEXEC);
  if (maps == NULL || memory < 0) {
    fprintf(stderr, "card_scan: cannot read the memory of process %s: %s\n", pid, strerror(errno));
    exit(2);
  }
  while (fgets(line, sizeof line, maps) != NULL) {
    unsigned long long start, end, offset;
    char rights[8];
    file[0] = '\0';
    if (sscanf(line, "%llx-%llx %7s %llx %*s %*s %4095s", &start, &end, rights, &offset, file) >= 4 &&
        rights[0] == 'r' && (rights[1] == 'w' || file[0] != '/') && strcmp(file, "[vvar]") != 0) {
      snprintf(place, sizeof place, "the memory of process %s (%s)", pid,
               file[0] == '\0' ? "anonymous" : file);
      search_range(memory, start, readable_end(start, end, offset, file), place);
    }
  }
  fclose(maps);
  close(memory);
}

int main(int argc, char **argv) {
  if (argc < 3 || argc % 2 == 0) {
    fputs("usage: card_scan [--pid PID]... [--path PATH]... <numbers\n", stderr);
    return 2;
  }
  read_needles();
  if (needle_count == 0) {
    fputs("card_scan: no numbers on standard input\n", stderr);
    return 2;
  }
  for (int i = 1; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--pid") == 0) {
      search_process(argv[i + 1]);
    } else if (strcmp(argv[i], "--path") == 0) {
      search_path(argv[i + 1]);
    } else {
      fputs("card_scan: wrong option\n", stderr);
      return 2;
    }
  }
  printf("%llu bytes searched, %zu found\n", scanned, hits);
  sodium_memzero(needles, sizeof needles);
  return hits == 0 ? 0 : 1;
}
