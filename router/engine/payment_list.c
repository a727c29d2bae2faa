#include "payment.h"

#include <string.h>

struct search {
  struct ledger *ledger;
  const struct id *merchant;
  const struct payment_filter *filter;
};

static bool has_connector(const struct payment *payment, const char *connector) {
  for (unsigned i = 0; i < payment->attempt_count; i++) {
    if (strcmp(payment->attempts[i].connector, connector) == 0)
      return true;
  }
  return false;
}

static bool has_metadata(const struct request_fields *inputs, const char *key, const char *value) {
  size_t length = strlen(key);
  for (unsigned i = REQUEST_METADATA_FIRST; i < REQUEST_ATTRIBUTE_FIRST; i++) {
    const char *entry = request_fields_get(inputs, (enum request_field)i);
    if (entry && strncmp(entry, key, length) == 0 && entry[length] == '=' &&
        strcmp(entry + length + 1, value) == 0)
      return true;
  }
  return false;
}

static bool inputs_match(const struct payment *payment, const struct payment_filter *filter) {
  struct request_fields inputs;
  if (!filter->reference && !filter->metadata_key)
    return true;
  if (payment_inputs(payment, &inputs) < 0)
    return false;
  const char *reference = request_fields_get(&inputs, REQUEST_REFERENCE);
  if (filter->reference && (!reference || strcmp(reference, filter->reference) != 0))
    return false;
  return !filter->metadata_key ||
         has_metadata(&inputs, filter->metadata_key, filter->metadata_value ? filter->metadata_value : "");
}

static bool has_status(const struct payment *payment, enum payment_status status) {
  return !status ||
         (status == PAYMENT_UNRESOLVED ? payment_is_unresolved(payment) : payment->status == status);
}

static bool matches(const struct payment *payment, const struct payment_filter *filter) {
  return has_status(payment, filter->status) &&
         (!filter->customer || id_equal(&payment->customer, filter->customer)) &&
         (!filter->connector || has_connector(payment, filter->connector)) &&
         payment->created_ms >= filter->created_from_ms &&
         (filter->created_to_ms == 0 || payment->created_ms <= filter->created_to_ms) &&
         inputs_match(payment, filter);
}

/* The next payment older than before: through the references when there is one to go by, through the open
 * work when that is all that is wanted. */
static int step_back(const struct search *search, const struct id *before, struct id *ret_id,
                     struct payment **ret_payment) {
  struct view bytes;
  if (search->filter->reference) {
    int r =
        ledger_reference_before(search->ledger, search->merchant, search->filter->reference, before, ret_id);
    return r != 0 ? r : payment_load(search->ledger, search->merchant, ret_id, ret_payment);
  }
  if (search->filter->status == PAYMENT_UNRESOLVED) {
    int r = ledger_open_before(search->ledger, search->merchant, before, ret_id);
    return r != 0 ? r : payment_load(search->ledger, search->merchant, ret_id, ret_payment);
  }
  int r = ledger_payment_before(search->ledger, search->merchant, before, ret_id, &bytes);
  return r != 0 ? r : read_payment(bytes.bytes, bytes.length, ret_payment);
}

int payment_list(struct ledger *ledger, const struct id *merchant, const struct payment_filter *filter,
                 const struct id *before, unsigned limit,
                 void (*found)(void *context, const struct payment *payment), void *context, bool *ret_more,
                 struct id *ret_last) {
  struct search search = {ledger, merchant, filter};
  struct id at = before ? *before : (struct id){0};
  struct id last = at;
  unsigned count = 0;
  for (unsigned looked = 0; looked < PAYMENT_SCAN_MAX; looked++) {
    struct payment *payment;
    int r = step_back(&search, &at, &at, &payment);
    if (r < 0)
      return r;
    bool over = r == LEDGER_ABSENT || payment->created_ms < filter->created_from_ms;
    bool match = !over && matches(payment, filter);
    if (!over && match && count < limit) {
      found(context, payment);
      count++;
      last = at;
    } else if (over || match) { /* the end, or proof that there is another page */
      if (r == 0)
        payment_free(payment);
      *ret_more = !over;
      *ret_last = last;
      return 0;
    }
    payment_free(payment);
  }
  *ret_more = true;
  *ret_last = at;
  return 0;
}
