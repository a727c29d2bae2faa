/* A head cut into lines the way libmicrohttpd does it, lenient and in place: what the checks let pass is,
 * byte for byte, what a strict reader would have accepted. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "framing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The end of the line at at, its terminator overwritten with zeros; NULL when there is none. */
static char *cut_line(char *at, char *end, char **ret_next) {
  for (char *c = at; c < end; c++)
    if (*c == '\n') {
      *ret_next = c + 1;
      *c = '\0';
      if (c > at && c[-1] == '\r')
        *--c = '\0';
      return c;
    }
  return NULL;
}

static bool cut_request_line(char *line, struct framing_head *head) {
  char *space = strchr(line, ' ');
  char *last = space != NULL ? strrchr(space, ' ') : NULL;
  if (space == NULL || last == space || strlen(last + 1) != 8)
    return false;
  *space = *last = '\0';
  head->method = line;
  head->target = space + 1;
  head->target_length = (size_t)(last - head->target);
  head->target_valid = framing_target_valid(head->target, head->target_length);
  head->version = last + 1;
  return true;
}

static bool cut_header(char *line, struct framing_header *header) {
  char *colon = strchr(line, ':');
  if (colon == NULL)
    return false;
  *colon = '\0';
  char *value = colon + 1;
  while (*value == ' ' || *value == '\t')
    value++;
  *header = (struct framing_header){line, strlen(line), value, strlen(value)};
  return true;
}

static bool cut(char *bytes, size_t size, struct framing_head *head) {
  char *next = bytes, *end = bytes + size, *line = bytes;
  if (cut_line(line, end, &next) == NULL || !cut_request_line(line, head))
    return false;
  for (;;) {
    line = next;
    char *stop = cut_line(line, end, &next);
    if (stop == NULL)
      return false;
    if (*line == '\0') {
      head->head_bytes = (size_t)(next - bytes);
      return true;
    }
    if (head->header_count == HTTP_HEADERS_MAX || !cut_header(line, &head->headers[head->header_count++]))
      return false;
  }
}

/* Every line of an accepted head ends in CR LF, and none holds a control character but tabs in values. The
 * one thing that the checks cannot see, a NUL before a bare LF, counts as CR LF here. */
static void check_strict(const uint8_t *head, size_t length) {
  uint8_t *data = malloc(length);
  assert(data != NULL && length >= 4);
  memcpy(data, head, length);
  for (size_t i = 0; i + 1 < length; i++)
    if (data[i] == '\0' && data[i + 1] == '\n')
      data[i] = '\r';
  bool ends = true;
  for (size_t i = length - 4; i < length; i++)
    ends = ends && (data[i] == '\0' || data[i] == '\r' || data[i] == '\n');
  if (ends)
    memcpy(data + length - 4, "\r\n\r\n", 4);
  assert(memcmp(data + length - 4, "\r\n\r\n", 4) == 0);
  for (size_t i = 0; i < length; i++) {
    if (data[i] == '\n')
      assert(i > 0 && data[i - 1] == '\r');
    if (data[i] == '\r')
      assert(i + 1 < length && data[i + 1] == '\n');
    assert(data[i] >= 0x20 || data[i] == '\r' || data[i] == '\n' || data[i] == '\t');
    if (i > 0 && data[i - 1] == '\n' && i + 2 < length)
      assert(data[i] != ' ' && data[i] != '\t');
  }
  free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct framing_head head;
  struct framing_result result;
  char *bytes = malloc(size + 1);
  assert(bytes != NULL);
  memcpy(bytes, data, size);
  bytes[size] = '\0';
  memset(&head, 0, sizeof head);
  if (cut(bytes, size, &head) && framing_check(&head, &result) == NULL)
    check_strict(data, head.head_bytes);
  free(bytes);
  return 0;
}
