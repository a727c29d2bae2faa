#include "framing.h"

#include <string.h>
#include <strings.h>

#include "webhook_scheme.h"

enum { VERSION_LENGTH = 8, CRLF = 2, LENGTH_DIGITS_MAX = 18 };

#define BAD_FRAMING(name, text) static const struct problem name = {400, "bad_request", text, NULL, 0}

BAD_FRAMING(bad_line, "The request line is not a well-formed HTTP/1.1 request line.");
BAD_FRAMING(bad_layout, "A header line is folded, holds a NUL or does not end in CR LF.");
BAD_FRAMING(bad_name, "A header name holds a character that it may not hold.");
BAD_FRAMING(bad_value, "A header value holds a control character.");
BAD_FRAMING(bad_host, "There must be exactly one Host header.");
BAD_FRAMING(bad_length, "Content-Length must be there at most once and be a decimal number.");
BAD_FRAMING(bad_coding, "This Transfer-Encoding, or one beside a Content-Length, is not accepted.");
BAD_FRAMING(bad_repeat, "A header that may be there only once is repeated.");
BAD_FRAMING(bad_body, "A request with this method must not have a body.");
static const struct problem length_required = {
    411, "length_required", "Bodies in chunks are not accepted: send Content-Length.", NULL, 0};
static const struct problem unknown_method = {501, "method_not_implemented", "This method is not known.",
                                              NULL, 0};

/* Headers that mean something to us or to a proxy, of which two would be read differently by different
 * readers. */
static const char *const single[] = {"Host",
                                     "Content-Length",
                                     "Transfer-Encoding",
                                     "Content-Type",
                                     "Authorization",
                                     "Origin",
                                     "Idempotency-Key",
                                     "Expect",
                                     "Content-Encoding"};

static const struct {
  const char *name;
  enum http_method method;
  bool may_have_body;
} methods[] = {
    {"GET", HTTP_GET, false},         {"HEAD", HTTP_GET, false},   {"POST", HTTP_POST, true},
    {"PUT", HTTP_PUT, true},          {"PATCH", HTTP_PATCH, true}, {"DELETE", HTTP_DELETE, true},
    {"OPTIONS", HTTP_OPTIONS, false},
};

/* RFC 9110 5.6.2: what a header name is made of. */
static bool name_valid(const char *name, size_t length) {
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)name[i];
    bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (!alphanumeric && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
      return false;
  }
  return length > 0;
}

static bool value_valid(const char *value, size_t length) {
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)value[i];
    if ((c < 0x20 && c != '\t') || c == 0x7f)
      return false;
  }
  return true;
}

bool framing_target_valid(const char *target, size_t length) {
  if (length == 0 || target[0] != '/')
    return false;
  for (size_t i = 0; i < length; i++)
    if (target[i] <= 0x20 || target[i] >= 0x7f || target[i] == '#')
      return false;
  return true;
}

static bool version_valid(const char *version) {
  return strncmp(version, "HTTP/1.1", VERSION_LENGTH) == 0 ||
         strncmp(version, "HTTP/1.0", VERSION_LENGTH) == 0;
}

/* Whether the count bytes at at are zeros, as libmicrohttpd leaves of a CR LF. */
static bool zeros(const char *at, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (at[i] != '\0')
      return false;
  return true;
}

static bool blanks(const char *from, const char *to) {
  for (; from < to; from++)
    if (*from != ' ' && *from != '\t')
      return false;
  return true;
}

/* Whether everything follows everything else at exactly the distance of a well-formed head. */
static const struct problem *check_layout(const struct framing_head *head) {
  if (head->target != head->method + strlen(head->method) + 1 ||
      head->version != head->target + head->target_length + 1)
    return &bad_line;
  const char *at = head->version + VERSION_LENGTH;
  for (size_t i = 0; i < head->header_count; i++) {
    const struct framing_header *header = &head->headers[i];
    const char *after_colon = header->name + header->name_length + 1;
    if (header->name != at + CRLF || !zeros(at, CRLF) || header->value < after_colon ||
        !blanks(after_colon, header->value))
      return &bad_layout;
    at = header->value + header->value_length;
  }
  return head->method + head->head_bytes == at + 2 * CRLF && zeros(at, 2 * CRLF) ? NULL : &bad_layout;
}

static bool named(const struct framing_header *header, const char *name) {
  return header->name_length == strlen(name) && strncasecmp(header->name, name, header->name_length) == 0;
}

static const struct framing_header *find(const struct framing_head *head, const char *name,
                                         size_t *ret_count) {
  const struct framing_header *first = NULL;
  *ret_count = 0;
  for (size_t i = 0; i < head->header_count; i++)
    if (named(&head->headers[i], name)) {
      if (first == NULL)
        first = &head->headers[i];
      ++*ret_count;
    }
  return first;
}

static const struct problem *check_headers(const struct framing_head *head) {
  for (size_t i = 0; i < head->header_count; i++) {
    const struct framing_header *header = &head->headers[i];
    if (!name_valid(header->name, header->name_length))
      return &bad_name;
    if (!value_valid(header->value, header->value_length))
      return &bad_value;
  }
  size_t count;
  if (find(head, "Host", &count) == NULL || count != 1)
    return &bad_host;
  for (size_t i = 0; i < sizeof single / sizeof *single; i++) {
    (void)find(head, single[i], &count);
    if (count > 1)
      return &bad_repeat;
  }
  for (size_t i = 0; i < WEBHOOK_HEADERS; i++) {
    (void)find(head, webhook_header_name(i), &count);
    if (count > 1)
      return &bad_repeat;
  }
  return NULL;
}

static bool read_length(const struct framing_header *header, uint64_t *ret_length) {
  if (header->value_length == 0 || header->value_length > LENGTH_DIGITS_MAX)
    return false;
  uint64_t length = 0;
  for (size_t i = 0; i < header->value_length; i++) {
    if (header->value[i] < '0' || header->value[i] > '9')
      return false;
    length = length * 10 + (uint64_t)(header->value[i] - '0');
  }
  *ret_length = length;
  return true;
}

static const struct problem *check_body(const struct framing_head *head, struct framing_result *result) {
  size_t lengths, codings;
  const struct framing_header *length = find(head, "Content-Length", &lengths);
  const struct framing_header *coding = find(head, "Transfer-Encoding", &codings);
  if (coding != NULL) {
    bool chunked = coding->value_length == 7 && strncasecmp(coding->value, "chunked", 7) == 0;
    return length == NULL && chunked ? &length_required : &bad_coding;
  }
  if (length != NULL && !read_length(length, &result->content_length))
    return &bad_length;
  result->has_length = length != NULL;
  return NULL;
}

const struct problem *framing_check(const struct framing_head *head, struct framing_result *ret_result) {
  if (!version_valid(head->version) || !head->target_valid)
    return &bad_line;
  const struct problem *problem = check_layout(head);
  if (problem == NULL)
    problem = check_headers(head);
  struct framing_result result = {HTTP_OTHER, false, 0};
  if (problem == NULL)
    problem = check_body(head, &result);
  if (problem != NULL)
    return problem;
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
    if (strcmp(head->method, methods[i].name) == 0) {
      if (result.content_length > 0 && !methods[i].may_have_body)
        return &bad_body;
      result.method = methods[i].method;
      *ret_result = result;
      return NULL;
    }
  return &unknown_method;
}
