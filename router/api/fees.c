#include "fees.h"
#include "log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* At most limit bytes. Returns how many, or a negated errno. */
static ssize_t read_bytes(int fd, char *bytes, size_t limit) {
  size_t length = 0;
  ssize_t got = 1;
  while (got > 0 && length < limit) {
    got = read(fd, bytes + length, limit - length);
    length += got > 0 ? (size_t)got : 0;
  }
  return got < 0 ? -errno : (ssize_t)length;
}

int fees_read(int fd, struct fee_book **ret_book) {
  enum { LIMIT = FEE_BOOK_BYTES_MAX + 1 }; /* so that a longer one is seen */
  struct fee_book_error wrong;
  char *bytes = malloc(LIMIT);
  if (bytes == NULL)
    return -ENOMEM;
  ssize_t length = read_bytes(fd, bytes, LIMIT);
  int result = length < 0 ? (int)length : fee_book_read(bytes, (size_t)length, ret_book, &wrong);
  if (length >= 0 && result == -EINVAL)
    log_warn_number("the file of fees is not acceptable", "line", wrong.line);
  free(bytes);
  return result;
}

int fees_load(const char *path, struct fee_book **ret_book) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd == -1)
    return -errno;
  int result = fees_read(fd, ret_book);
  close(fd);
  return result;
}
