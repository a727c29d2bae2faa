#include "notify_protocol.h"

#include <errno.h>
#include <string.h>

_Static_assert((int)DELIVERY_PIECE_MAX + (int)WEBHOOK_URL_CAPACITY + (int)DELIVERY_SIGNATURES_CAPACITY + 64 <=
                   (int)MESSAGE_MAX - (int)MESSAGE_HEADER,
               "a head and a piece fit into one message");

static size_t piece_at(size_t length, size_t at) {
  size_t left = length - at;
  return left < DELIVERY_PIECE_MAX ? left : DELIVERY_PIECE_MAX;
}

unsigned delivery_messages(size_t length) {
  return (unsigned)((length + DELIVERY_PIECE_MAX - 1) / DELIVERY_PIECE_MAX);
}

void write_deliver(struct writer *writer, const struct delivery_head *head, const void *body) {
  write_text(writer, head->url);
  write_text(writer, head->id.text);
  write_i64(writer, head->timestamp_s);
  write_text(writer, head->signatures);
  write_u32(writer, head->timeout_ms);
  write_u32(writer, head->length);
  write_bytes(writer, body, piece_at(head->length, 0));
}

/* Base64, commas and the spaces between signatures. */
static bool signatures_good(const char *text) {
  for (const char *at = text; *at; at++) {
    bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9');
    if (!letter && !strchr("+/=, ", *at))
      return false;
  }
  return text[0] != '\0';
}

static bool head_good(const struct delivery_head *head) {
  struct webhook_url url;
  return webhook_url_parse(head->url, &url) == 0 && id_parse("evt", head->id.text, NULL) == 0 &&
         head->timestamp_s > 0 && signatures_good(head->signatures) && head->timeout_ms > 0 &&
         head->timeout_ms <= DELIVERY_TIMEOUT_MAX_MS && head->length > 0 && head->length <= DELIVERY_BODY_MAX;
}

int read_deliver(struct reader *reader, struct delivery_head *ret_head, const uint8_t **ret_piece,
                 size_t *ret_length) {
  struct delivery_head head = {0};
  read_text(reader, head.url, sizeof head.url);
  read_text(reader, head.id.text, sizeof head.id.text);
  head.timestamp_s = read_i64(reader);
  read_text(reader, head.signatures, sizeof head.signatures);
  head.timeout_ms = read_u32(reader);
  head.length = read_u32(reader);
  if (reader->bad || !head_good(&head))
    return -EBADMSG;
  size_t length = piece_at(head.length, 0);
  const uint8_t *piece = read_view(reader, length);
  int r = reader_finish(reader);
  if (r == 0) {
    *ret_head = head;
    *ret_piece = piece;
    *ret_length = length;
  }
  return r;
}

void write_more(struct writer *writer, const void *body, size_t length, size_t at) {
  write_bytes(writer, (const uint8_t *)body + at, piece_at(length, at));
}

int read_more(struct reader *reader, size_t length, size_t at, const uint8_t **ret_piece,
              size_t *ret_length) {
  size_t expected = piece_at(length, at);
  const uint8_t *piece = read_view(reader, expected);
  int r = reader_finish(reader);
  if (r == 0) {
    *ret_piece = piece;
    *ret_length = expected;
  }
  return r;
}

void write_attempt_end(struct writer *writer, const struct delivery_attempt *attempt) {
  write_u8(writer, (uint8_t)attempt->outcome);
  write_u16(writer, attempt->http_status);
}

/* Whether that outcome goes with that status. */
static bool attempt_good(unsigned outcome, unsigned status) {
  if (outcome == 0 || outcome >= DELIVERY_OUTCOME_COUNT || (status != 0 && (status < 100 || status > 599)))
    return false;
  if (outcome == DELIVERY_TAKEN)
    return status / 100 == 2;
  if (outcome == DELIVERY_REDIRECTED)
    return status / 100 == 3;
  return outcome != DELIVERY_ANSWERED || (status != 0 && status / 100 != 2 && status / 100 != 3);
}

int read_attempt_end(struct reader *reader, struct delivery_attempt *ret_attempt) {
  unsigned outcome = read_u8(reader);
  unsigned status = read_u16(reader);
  if (reader_finish(reader) < 0 || !attempt_good(outcome, status))
    return -EBADMSG;
  *ret_attempt =
      (struct delivery_attempt){.outcome = (enum delivery_outcome)outcome, .http_status = (uint16_t)status};
  return 0;
}

const char *delivery_outcome_name(enum delivery_outcome outcome) {
  static const char *const names[DELIVERY_OUTCOME_COUNT] = {
      [DELIVERY_TAKEN] = "taken",
      [DELIVERY_ANSWERED] = "answered",
      [DELIVERY_REDIRECTED] = "redirected",
      [DELIVERY_NO_ADDRESS] = "no_address",
      [DELIVERY_ADDRESS_REFUSED] = "address_refused",
      [DELIVERY_NO_CONNECTION] = "no_connection",
      [DELIVERY_TLS] = "tls",
      [DELIVERY_CERTIFICATE] = "certificate",
      [DELIVERY_TIMEOUT] = "timeout",
      [DELIVERY_CLOSED] = "closed",
      [DELIVERY_MALFORMED] = "malformed",
      [DELIVERY_UNSENDABLE] = "unsendable",
  };
  return (unsigned)outcome < DELIVERY_OUTCOME_COUNT && names[outcome] ? names[outcome] : "";
}
