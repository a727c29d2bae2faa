#include "http_head.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

enum { STATUS_LINE_MIN = 13, CONTENT_LENGTH_DIGITS_MAX = 15 };

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* RFC 9110, 5.6.2: what a header name is made of. */
static bool is_token_character(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c))
    return true;
  return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

static bool is_value_character(char c) {
  unsigned char byte = (unsigned char)c;
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

static bool value_is_clean(const char *at, const char *end) {
  for (; at < end; at++)
    if (!is_value_character(*at))
      return false;
  return true;
}

/* "HTTP/1.1 200 reason": the space before an empty reason is required (RFC 9112, 4). */
static int parse_status_line(const char *line, const char *end, unsigned *ret_status, unsigned *ret_minor) {
  if (end - line < STATUS_LINE_MIN || memcmp(line, "HTTP/1.", 7) != 0)
    return -EBADMSG;
  if ((line[7] != '0' && line[7] != '1') || line[8] != ' ' || line[12] != ' ')
    return -EBADMSG;
  if (!is_digit(line[9]) || !is_digit(line[10]) || !is_digit(line[11]))
    return -EBADMSG;
  unsigned status = (unsigned)((line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0'));
  if (status < 100 || status > 599 || !value_is_clean(line + 13, end))
    return -EBADMSG;
  *ret_status = status;
  *ret_minor = (unsigned)(line[7] - '0');
  return 0;
}

static int parse_header_line(struct http_reply *reply, char *line, char *end) {
  char *colon = line;
  while (colon < end && is_token_character(*colon))
    colon++;
  if (colon == line || colon == end || *colon != ':')
    return -EBADMSG;
  char *value = colon + 1;
  if (!value_is_clean(value, end))
    return -EBADMSG;
  while (value < end && is_blank(*value))
    value++;
  while (end > value && is_blank(end[-1]))
    end--;
  if (reply->header_count == HTTP_HEADERS_MAX)
    return -EMSGSIZE;
  *colon = '\0';
  *end = '\0';
  reply->headers[reply->header_count++] =
      (struct http_header){.name = (uint16_t)(line - reply->head), .value = (uint16_t)(value - reply->head)};
  return 0;
}

/* Digits alone: no sign, no list, no second header of the name. */
static int parse_content_length(const char *value, uint64_t *ret_length) {
  size_t digits = strlen(value);
  uint64_t length = 0;
  if (digits == 0 || digits > CONTENT_LENGTH_DIGITS_MAX)
    return -EBADMSG;
  for (size_t i = 0; i < digits; i++) {
    if (!is_digit(value[i]))
      return -EBADMSG;
    length = length * 10 + (uint64_t)(value[i] - '0');
  }
  *ret_length = length;
  return 0;
}

/* Whether the comma-separated list holds word. */
static bool list_holds(const char *list, const char *word) {
  size_t length = strlen(word);
  for (const char *at = list; *at != '\0';) {
    at += strspn(at, " \t,");
    size_t span = strcspn(at, " \t,");
    if (span == length && strncasecmp(at, word, length) == 0)
      return true;
    at += span;
  }
  return false;
}

struct framing {
  bool sized, chunked, close;
  uint64_t length;
};

static int parse_framing(const struct http_reply *reply, struct framing *ret_framing) {
  struct framing framing = {0};
  for (unsigned i = 0; i < reply->header_count; i++) {
    const char *name = reply->head + reply->headers[i].name;
    const char *value = reply->head + reply->headers[i].value;
    if (strcasecmp(name, "content-length") == 0) {
      if (framing.sized || parse_content_length(value, &framing.length) < 0)
        return -EBADMSG;
      framing.sized = true;
    } else if (strcasecmp(name, "transfer-encoding") == 0) {
      if (framing.chunked || strcasecmp(value, "chunked") != 0)
        return -EBADMSG;
      framing.chunked = true;
    } else if (strcasecmp(name, "connection") == 0 && list_holds(value, "close")) {
      framing.close = true;
    }
  }
  if (framing.sized && framing.chunked)
    return -EBADMSG;
  *ret_framing = framing;
  return 0;
}

static int frame_body(struct http_reply *reply, const struct framing *framing, unsigned minor) {
  if (framing->chunked && minor == 0)
    return -EBADMSG;
  reply->keep_alive = minor == 1 && !framing->close;
  if (reply->status == 204 || reply->status == 304) {
    reply->part = HTTP_DONE;
  } else if (framing->chunked) {
    reply->part = HTTP_CHUNK_SIZE;
  } else if (framing->sized) {
    if (framing->length > reply->body_limit)
      return -EMSGSIZE;
    reply->left = framing->length;
    reply->part = framing->length == 0 ? HTTP_DONE : HTTP_BODY_SIZED;
  } else {
    reply->keep_alive = false;
    reply->part = HTTP_BODY_TO_CLOSE;
  }
  return 0;
}

/* An interim answer is dropped whole, so that the next head starts afresh. */
static int skip_interim(struct http_reply *reply, unsigned status) {
  if (status == 101 || ++reply->interim > HTTP_INTERIM_MAX)
    return -EBADMSG;
  reply->head_length = 0;
  reply->header_count = 0;
  return 0;
}

int http_head_parse(struct http_reply *reply) {
  char *at = reply->head;
  char *head_end = reply->head + reply->head_length - 2; /* without the empty line */
  char *end = memmem(at, reply->head_length, "\r\n", 2);
  unsigned status, minor;
  int error = parse_status_line(at, end, &status, &minor);
  if (error < 0)
    return error;
  for (at = end + 2; at < head_end; at = end + 2) {
    end = memmem(at, (size_t)(head_end - at), "\r\n", 2);
    error = parse_header_line(reply, at, end);
    if (error < 0)
      return error;
  }
  struct framing framing;
  error = parse_framing(reply, &framing);
  if (error < 0)
    return error;
  if (status < 200)
    return skip_interim(reply, status);
  reply->status = (uint16_t)status;
  return frame_body(reply, &framing, minor);
}
