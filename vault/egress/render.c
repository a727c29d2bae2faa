#include "render.h"
#include "base_url.h"
#include "place_value.h"
#include "render_body.h"
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { HEAD_BYTES_MAX = 16384 };

_Static_assert((int)CARRY_MAX == (int)SHEET_CARRIED_MAX, "an exchange holds what a sheet may carry");
_Static_assert((int)STEP_KEY_CAPACITY + 4 < (int)PLACE_OWN_CAPACITY, "a step's own key fits");

static const struct operation_plan *plan_of(const struct sheet *sheet, const struct egress_send *send) {
  enum operation operation = send->operation == OPERATION_STATUS ? send->asked_about : send->operation;
  if (operation < 1 || operation >= OPERATION_COUNT)
    return NULL;
  const struct operation_plan *plan =
      send->operation == OPERATION_STATUS ? &sheet->questions[operation] : &sheet->operations[operation];
  return plan->steps == NULL ? NULL : plan;
}

/* The required ones are there, and each is made of what the sheet says. */
static bool credentials_fit(const struct exchange *exchange) {
  for (size_t i = 0; i < exchange->sheet->credential_count; i++) {
    const struct credential_rule *rule = &exchange->sheet->credentials[i];
    struct value value = {0};
    int result = place_value(exchange, (struct place_ref){PLACE_CREDENTIAL, (uint16_t)i}, &value);
    if (result != 0 && rule->required)
      return false;
    if (result == 0 && (value.length > rule->limit || !alphabet_holds(rule->alphabet, value.text)))
      return false;
  }
  return true;
}

int exchange_begin(const struct sheet *sheet, const struct egress_send *send, struct exchange *ret_exchange) {
  struct exchange exchange = {.sheet = sheet, .send = send};
  struct target target = {0};
  char prefix[BASE_PREFIX_CAPACITY];
  const struct operation_plan *plan = plan_of(sheet, send);
  if (plan == NULL)
    return -EOPNOTSUPP;
  if (send->key[0] == '\0' || !alphabet_holds(ALPHABET_TOKEN, send->key) || !credentials_fit(&exchange))
    return -EINVAL;
  if (operation_releases_card(send->operation) && (!send->has_card || send->card.number[0] == '\0'))
    return -EINVAL;
  int error = exchange_target(&exchange, &target, prefix);
  if (error != 0)
    return error;
  if (!exchange_stand_at(&exchange, plan->steps))
    return -EOPNOTSUPP;
  *ret_exchange = exchange;
  return 0;
}

/* Path pieces: the sheet's own text as it stands, values as segments. "." and ".." would climb. */
static int write_path(const struct exchange *exchange, struct out *out) {
  const struct text_template *path = &exchange->step->path;
  for (uint8_t i = 0; i < path->count; i++) {
    struct value value = {0};
    if (path->pieces[i].literal != NULL) {
      out_text(out, path->pieces[i].literal);
      continue;
    }
    if (place_value(exchange, path->pieces[i].ref, &value) != 0 || strspn(value.text, ".") == value.length)
      return -EINVAL;
    out_percent(out, value.text, value.length);
  }
  return 0;
}

static int write_query(const struct exchange *exchange, struct out *out) {
  if (exchange->step->query == NULL)
    return 0;
  size_t mark = out->length;
  out_text(out, "?");
  int error = render_form(exchange, exchange->step->query, true, out);
  if (error == 0 && out->length == mark + 1)
    out->length = mark;
  return error;
}

static int write_header_value(struct out *out, const char *text, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (text[i] < 0x20 || text[i] > 0x7e)
      return -EINVAL;
  out_bytes(out, text, length);
  return 0;
}

static int write_header(const struct exchange *exchange, const struct header_rule *header, struct out *out) {
  int result = template_present(exchange, &header->value);
  if (result != 0)
    return result == PLACE_HAS_NONE ? 0 : result;
  out_text(out, header->name);
  out_text(out, ": ");
  for (uint8_t i = 0; result == 0 && i < header->value.count; i++) {
    const struct piece *piece = &header->value.pieces[i];
    struct value value = {.text = piece->literal,
                          .length = piece->literal == NULL ? 0 : strlen(piece->literal)};
    result = piece->literal != NULL ? 0 : place_value(exchange, piece->ref, &value);
    if (result == 0)
      result = write_header_value(out, value.text, value.length);
  }
  out_text(out, "\r\n");
  return result;
}

static void write_host(const struct target *target, struct out *out) {
  bool address6 = strchr(target->host, ':') != NULL;
  out_text(out, address6 ? "Host: [" : "Host: ");
  out_text(out, target->host);
  out_text(out, address6 ? "]" : "");
  if (target->port != (target->tls ? 443 : 80)) {
    out_text(out, ":");
    out_number(out, target->port);
  }
  out_text(out, "\r\n");
}

static int write_key_header(const struct exchange *exchange, struct out *out) {
  struct value value = {0};
  if (exchange->sheet->key_header == NULL || strcmp(exchange->step->method, "GET") == 0)
    return 0;
  int error = place_value(exchange, (struct place_ref){PLACE_STEP_KEY, 0}, &value);
  if (error != 0)
    return error;
  out_text(out, exchange->sheet->key_header);
  out_text(out, ": ");
  error = write_header_value(out, value.text, value.length);
  out_text(out, "\r\n");
  return error;
}

static void write_body_headers(const struct exchange *exchange, size_t body_length, struct out *out) {
  static const char *const types[] = {
      [BODY_JSON] = "application/json", [BODY_FORM] = "application/x-www-form-urlencoded"};
  if (exchange->step->format != BODY_NONE) {
    out_text(out, "Content-Type: ");
    out_text(out, types[exchange->step->format]);
    out_text(out, "\r\n");
  }
  if (strcmp(exchange->step->method, "GET") != 0) {
    out_text(out, "Content-Length: ");
    out_number(out, (int64_t)body_length);
    out_text(out, "\r\n");
  }
}

static int write_head(const struct exchange *exchange, const struct target *target, const char *prefix,
                      size_t body_length, struct out *out) {
  out_text(out, exchange->step->method);
  out_text(out, " ");
  out_text(out, prefix);
  out_text(out, exchange->sheet->base_path);
  int error = write_path(exchange, out);
  if (error == 0)
    error = write_query(exchange, out);
  out_text(out, " HTTP/1.1\r\n");
  write_host(target, out);
  out_text(out, "User-Agent: freeport/1\r\n");
  for (size_t i = 0; error == 0 && i < exchange->sheet->header_count; i++)
    error = write_header(exchange, &exchange->sheet->headers[i], out);
  if (error == 0)
    error = write_key_header(exchange, out);
  write_body_headers(exchange, body_length, out);
  out_text(out, "\r\n");
  if (error != 0)
    return error;
  return out->full ? -ENOBUFS : 0;
}

static int write_body(const struct exchange *exchange, struct out *out) {
  if (exchange->step->format == BODY_JSON)
    return render_json(exchange, exchange->step->body, out);
  if (exchange->step->format == BODY_FORM)
    return render_form(exchange, exchange->step->body, false, out);
  return 0;
}

static bool node_has_code(const struct node *node) {
  for (uint8_t i = 0; i < node->text.count; i++)
    if (node->text.pieces[i].ref.place == PLACE_CARD_CODE)
      return true;
  for (const struct node *child = node->child; child != NULL; child = child->next)
    if (node_has_code(child))
      return true;
  return false;
}

/* The body is written behind room for the head, then moved up to it. */
int render_step(const struct exchange *exchange, struct rendered *ret_rendered) {
  char prefix[BASE_PREFIX_CAPACITY];
  struct out head = {.bytes = ret_rendered->bytes, .capacity = HEAD_BYTES_MAX};
  struct out body = {.bytes = ret_rendered->bytes + HEAD_BYTES_MAX,
                     .capacity = RENDERED_BYTES_MAX - HEAD_BYTES_MAX};
  int error = exchange_target(exchange, &ret_rendered->target, prefix);
  if (error == 0)
    error = write_body(exchange, &body);
  if (error == 0)
    error = write_head(exchange, &ret_rendered->target, prefix, body.length, &head);
  if (error != 0) {
    rendered_wipe(ret_rendered);
    return error;
  }
  memmove(ret_rendered->bytes + head.length, body.bytes, body.length);
  size_t length = head.length + body.length;
  sodium_memzero(ret_rendered->bytes + length, RENDERED_BYTES_MAX - length);
  ret_rendered->head_length = head.length;
  ret_rendered->length = length;
  ret_rendered->charging = exchange->step->charging;
  ret_rendered->code_sent = exchange->send->code.digits[0] != '\0' && exchange->step->body != NULL &&
                            node_has_code(exchange->step->body);
  return 0;
}

void rendered_wipe(struct rendered *rendered) {
  sodium_memzero(rendered, sizeof *rendered);
}

void exchange_wipe(struct exchange *exchange) {
  sodium_memzero(exchange, sizeof *exchange);
}
