/* What a request refers to: its agreement (P8), its customer, and what that customer's own record says (P9).
 */
#include "engine_parts.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

/* ---- Whose payment it is ---- */

static enum request_outcome find_agreement(struct engine *engine, const struct payment_request *request,
                                           struct agreement *ret_agreement) {
  if (request->agreement.text[0] == '\0')
    return REQUEST_DONE;
  int r = ledger_agreement_get(engine->ledger, &request->from.merchant, &request->agreement, ret_agreement);
  if (r < 0)
    return REQUEST_STORAGE;
  return r == 0 && !ret_agreement->ended ? REQUEST_DONE : REQUEST_AGREEMENT_UNKNOWN;
}

/* The customer of the payment that opened the agreement; empty when there was none, or it was erased since.
 */
static int find_origin(struct engine *engine, const struct agreement *agreement, struct id *ret_customer) {
  struct view bytes;
  struct payment *origin;
  int r = ledger_payment_get(engine->ledger, &agreement->merchant, &agreement->payment, &bytes);
  if (r == 0)
    r = read_payment(bytes.bytes, bytes.length, &origin);
  if (r != 0)
    return r < 0 ? r : 0;
  struct id customer = origin->customer;
  payment_free(origin);
  if (customer.text[0] != '\0')
    r = ledger_customer_find(engine->ledger, &agreement->merchant, &customer);
  if (r == 0)
    *ret_customer = customer;
  return r < 0 ? r : 0;
}

/* An agreement is one customer's: for another it does not exist. */
static enum request_outcome find_customer(struct engine *engine, const struct payment_request *request,
                                          struct id *customer) {
  if (request->customer.text[0] == '\0')
    return REQUEST_DONE;
  int r = ledger_customer_find(engine->ledger, &request->from.merchant, &request->customer);
  if (r != 0)
    return r < 0 ? REQUEST_STORAGE : REQUEST_CUSTOMER_UNKNOWN;
  if (customer->text[0] != '\0' && !id_equal(customer, &request->customer))
    return REQUEST_AGREEMENT_UNKNOWN;
  *customer = request->customer;
  return REQUEST_DONE;
}

enum request_outcome find_referred(struct engine *engine, const struct payment_request *request,
                                   struct referred *ret_referred) {
  struct referred referred = {0};
  enum request_outcome outcome = find_agreement(engine, request, &referred.agreement);
  if (outcome == REQUEST_DONE && referred.agreement.id.text[0] != '\0' &&
      find_origin(engine, &referred.agreement, &referred.customer) < 0)
    outcome = REQUEST_STORAGE;
  if (outcome == REQUEST_DONE)
    outcome = find_customer(engine, request, &referred.customer);
  if (outcome == REQUEST_DONE)
    *ret_referred = referred;
  return outcome;
}

/* ---- The customer's own record: attributes, which hold for every payment ---- */

static size_t name_length(const char *entry) {
  return strcspn(entry, "=");
}

static bool holds_attribute(const struct request_fields *fields, const char *entry) {
  size_t length = name_length(entry);
  for (unsigned i = REQUEST_ATTRIBUTE_FIRST; i < REQUEST_FINAL; i++) {
    const char *other = request_fields_get(fields, (enum request_field)i);
    if (other && name_length(other) == length && memcmp(other, entry, length) == 0)
      return true;
  }
  return false;
}

static int add_attribute(struct request_fields *fields, const char *entry) {
  for (unsigned i = REQUEST_ATTRIBUTE_FIRST; i < REQUEST_FINAL; i++)
    if (!request_fields_get(fields, (enum request_field)i))
      return request_fields_set(fields, (enum request_field)i, entry);
  return -ENOBUFS;
}

/* Those that the request does not give itself. */
static int add_attributes(struct request_fields *fields, const struct request_fields *stored) {
  int r = 0;
  for (unsigned i = REQUEST_ATTRIBUTE_FIRST; r == 0 && i < REQUEST_FINAL; i++) {
    const char *entry = request_fields_get(stored, (enum request_field)i);
    if (entry && !holds_attribute(fields, entry))
      r = add_attribute(fields, entry);
  }
  return r;
}

/* Returns 0; LEDGER_ABSENT; or a negated errno. */
static int open_record(struct engine *engine, const struct payment *payment,
                       struct request_fields *ret_fields) {
  size_t length;
  int r = ledger_personal_get(engine->ledger, &payment->merchant, &payment->customer, NULL, engine->bytes,
                              sizeof engine->bytes, &length);
  if (r != 0)
    return r;
  struct reader reader = reader_over(engine->bytes, length);
  read_request_fields(&reader, ret_fields);
  sodium_memzero(engine->bytes, length);
  return reader_finish(&reader);
}

enum request_outcome take_attributes(struct engine *engine, const struct payment *payment) {
  struct request_fields stored;
  if (payment->customer.text[0] == '\0')
    return REQUEST_DONE;
  int r = open_record(engine, payment, &stored);
  if (r == -EBADMSG) /* damaged: as if it were not there */
    return REQUEST_DONE;
  if (r != 0)
    return r < 0 ? REQUEST_STORAGE : REQUEST_DONE;
  r = add_attributes(&engine->inputs, &stored);
  return r < 0 ? REQUEST_FIELDS_TOO_LARGE : REQUEST_DONE;
}

bool gives_attributes(const struct request_fields *fields) {
  for (unsigned i = REQUEST_ATTRIBUTE_FIRST; i < REQUEST_FINAL; i++)
    if (request_fields_get(fields, (enum request_field)i))
      return true;
  return false;
}

int keep_attributes(struct engine *engine, const struct payment *payment) {
  struct request_fields record = {0};
  struct writer writer = writer_over(engine->bytes, sizeof engine->bytes);
  int r = add_attributes(&record, &engine->inputs);
  write_request_fields(&writer, &record);
  if (r == 0)
    r = writer_finish(&writer);
  if (r == 0)
    r = ledger_personal_put(engine->ledger, &payment->merchant, &payment->customer, NULL, engine->bytes,
                            writer_length(&writer));
  sodium_memzero(engine->bytes, sizeof engine->bytes);
  return r;
}
