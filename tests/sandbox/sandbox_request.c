#include "sandbox_request.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct framing {
  bool has_length, chunked, has_host;
  size_t length;
};

static bool is_token(const char *text, size_t length) {
  static const char allowed[] =
      "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (size_t i = 0; i < length; i++)
    if (text[i] == '\0' || strchr(allowed, text[i]) == NULL)
      return false;
  return length > 0;
}

static bool copy_piece(char *ret, size_t capacity, const char *from, size_t length) {
  if (length >= capacity || memchr(from, '\0', length) != NULL)
    return false;
  memcpy(ret, from, length);
  ret[length] = '\0';
  return true;
}

static bool read_target(const char *target, size_t length, struct request *request) {
  const char *mark = memchr(target, '?', length);
  size_t path = mark == NULL ? length : (size_t)(mark - target);
  if (path == 0 || target[0] != '/')
    return false;
  for (size_t i = 0; i < length; i++)
    if ((unsigned char)target[i] <= 0x20 || (unsigned char)target[i] >= 0x7f || target[i] == '#')
      return false;
  request->query[0] = '\0';
  return copy_piece(request->path, sizeof request->path, target, path) &&
         (mark == NULL || copy_piece(request->query, sizeof request->query, mark + 1, length - path - 1));
}

static bool read_request_line(const char *line, size_t length, struct request *request) {
  const char *first = memchr(line, ' ', length);
  if (first == NULL)
    return false;
  const char *second = memchr(first + 1, ' ', length - (size_t)(first + 1 - line));
  if (second == NULL || !is_token(line, (size_t)(first - line)) ||
      !copy_piece(request->method, sizeof request->method, line, (size_t)(first - line)))
    return false;
  size_t version = length - (size_t)(second + 1 - line);
  request->http_1_0 = version == 8 && memcmp(second + 1, "HTTP/1.0", 8) == 0;
  if (!request->http_1_0 && !(version == 8 && memcmp(second + 1, "HTTP/1.1", 8) == 0))
    return false;
  return read_target(first + 1, (size_t)(second - first - 1), request);
}

static bool read_content_length(const char *value, struct framing *framing) {
  size_t digits = strspn(value, "0123456789");
  if (digits == 0 || digits > 9 || value[digits] != '\0' || framing->has_length)
    return false;
  framing->has_length = true;
  framing->length = strtoul(value, NULL, 10);
  return true;
}

static bool keep_header(const char *name, const char *value, struct request *request) {
  const struct {
    const char *name;
    char *place;
  } kept[] = {{"content-type", request->content_type},
              {"authorization", request->authorization},
              {"x-api-key", request->x_api_key},
              {"idempotency-key", request->idempotency_key},
              {"cko-idempotency-key", request->cko_idempotency_key}};
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
    if (strcasecmp(name, kept[i].name) == 0) {
      if (kept[i].place[0] != '\0' || strlen(value) >= REQUEST_HEADER_CAPACITY)
        return false; /* twice, or too long */
      memcpy(kept[i].place, value, strlen(value) + 1);
    }
  return true;
}

static bool take_header(const char *name, const char *value, struct request *request,
                        struct framing *framing) {
  if (strcasecmp(name, "content-length") == 0)
    return read_content_length(value, framing);
  if (strcasecmp(name, "transfer-encoding") == 0) {
    bool good = strcasecmp(value, "chunked") == 0 && !framing->chunked;
    framing->chunked = true;
    return good;
  }
  if (strcasecmp(name, "host") == 0) {
    bool first = !framing->has_host;
    framing->has_host = true;
    return first;
  }
  if (strcasecmp(name, "connection") == 0) {
    if (strcasecmp(value, "close") == 0)
      request->close = true;
    return true;
  }
  return keep_header(name, value, request);
}

static bool read_header(const char *line, size_t length, struct request *request, struct framing *framing) {
  char name[64], value[4096];
  const char *colon = memchr(line, ':', length);
  if (colon == NULL || !is_token(line, (size_t)(colon - line)))
    return false; /* folded lines begin with a blank and end here too */
  const char *from = colon + 1, *end = line + length;
  while (from < end && (*from == ' ' || *from == '\t'))
    from++;
  while (end > from && (end[-1] == ' ' || end[-1] == '\t'))
    end--;
  for (const char *at = from; at < end; at++)
    if (((unsigned char)*at < 0x20 && *at != '\t') || *at == 0x7f)
      return false;
  if (!copy_piece(name, sizeof name, line, (size_t)(colon - line)))
    return true; /* a name that long is none that we read */
  return copy_piece(value, sizeof value, from, (size_t)(end - from)) &&
         take_header(name, value, request, framing);
}

/* Finds the end of the head; 0 when it is not there yet. */
static size_t head_length(const char *bytes, size_t length) {
  const char *end = memmem(bytes, length, "\r\n\r\n", 4);
  return end == NULL ? 0 : (size_t)(end - bytes) + 4;
}

/* How long the line at the beginning of bytes is, without its end; length when there is no end. */
static size_t line_length(const char *bytes, size_t length) {
  for (size_t i = 0; i + 1 < length; i++)
    if (bytes[i] == '\r' && bytes[i + 1] == '\n')
      return i;
  return length;
}

static bool read_head(const char *bytes, size_t length, struct request *request, struct framing *framing) {
  for (size_t at = 0; at + 2 < length;) { /* the last two end the empty line */
    const char *line = &bytes[at];
    size_t size = line_length(line, length - at);
    if (memchr(line, '\n', size) != NULL || memchr(line, '\r', size) != NULL)
      return false;
    if (at == 0 ? !read_request_line(line, size, request) : !read_header(line, size, request, framing))
      return false;
    at += size + 2;
  }
  return framing->has_host && !(framing->chunked && framing->has_length);
}

/* One chunk's size line. Returns its bytes with the line end, 0 when incomplete, or -1. */
static int read_chunk_size(const char *bytes, size_t length, size_t *ret_size) {
  const char *end = memmem(bytes, length < 64 ? length : 64, "\r\n", 2);
  if (end == NULL)
    return length >= 64 ? -1 : 0;
  size_t digits = strspn(bytes, "0123456789abcdefABCDEF");
  if (digits == 0 || digits > 6 || bytes + digits != end)
    return -1; /* chunk extensions are refused */
  *ret_size = strtoul(bytes, NULL, 16);
  return (int)(end - bytes) + 2;
}

static int read_chunks(const char *bytes, size_t length, struct text *body, size_t *ret_used) {
  for (size_t at = 0;;) {
    size_t size = 0;
    int line = read_chunk_size(bytes + at, length - at, &size);
    if (line <= 0)
      return line < 0 ? REQUEST_BAD : REQUEST_INCOMPLETE;
    at += (size_t)line;
    if (body->length + size > REQUEST_BODY_MAX)
      return REQUEST_TOO_LARGE;
    if (length - at < size + 2)
      return REQUEST_INCOMPLETE;
    text_add(body, bytes + at, size);
    at += size;
    if (memcmp(bytes + at, "\r\n", 2) != 0)
      return REQUEST_BAD; /* trailers too */
    at += 2;
    if (size == 0) {
      *ret_used += at;
      return 0;
    }
  }
}

static int read_body(const char *bytes, size_t length, const struct framing *framing, struct request *request,
                     size_t *ret_used) {
  if (framing->chunked)
    return read_chunks(bytes, length, &request->body, ret_used);
  if (framing->length > REQUEST_BODY_MAX)
    return REQUEST_TOO_LARGE;
  if (length < framing->length)
    return REQUEST_INCOMPLETE;
  text_add(&request->body, bytes, framing->length);
  *ret_used += framing->length;
  return 0;
}

static void clear(struct request *request) {
  request->method[0] = request->path[0] = request->query[0] = '\0';
  request->content_type[0] = request->authorization[0] = request->x_api_key[0] = '\0';
  request->idempotency_key[0] = request->cko_idempotency_key[0] = '\0';
  request->close = request->http_1_0 = false;
  text_clear(&request->body);
}

int request_read(const char *bytes, size_t length, struct request *ret_request, size_t *ret_used) {
  size_t head = head_length(bytes, length < REQUEST_HEAD_MAX ? length : REQUEST_HEAD_MAX);
  if (head == 0)
    return length >= REQUEST_HEAD_MAX ? REQUEST_TOO_LARGE : REQUEST_INCOMPLETE;
  struct framing framing = {0};
  clear(ret_request);
  if (!read_head(bytes, head, ret_request, &framing))
    return REQUEST_BAD;
  *ret_used = head;
  return read_body(bytes + head, length - head, &framing, ret_request, ret_used);
}

static int hex_value(char digit) {
  if (digit >= '0' && digit <= '9')
    return digit - '0';
  if (digit >= 'a' && digit <= 'f')
    return digit - 'a' + 10;
  return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

bool percent_decode(char *text, bool plus) {
  char *to = text;
  for (const char *from = text; *from != '\0'; from++) {
    if (*from == '%') {
      int high = hex_value(from[1]), low = high < 0 ? -1 : hex_value(from[2]);
      if (low < 0 || high * 16 + low == 0)
        return false;
      *to++ = (char)(high * 16 + low);
      from += 2;
    } else {
      *to++ = plus && *from == '+' ? ' ' : *from;
    }
  }
  *to = '\0';
  return true;
}
