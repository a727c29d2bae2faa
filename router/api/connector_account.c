#include "connector_account.h"
#include "sheet.h"

static void render_currencies(struct json_out *out, const struct account_facts *facts) {
  if (facts->currency_count == 0) {
    out_null(out, "currencies");
    return;
  }
  out_open_list(out, "currencies");
  for (unsigned i = 0; i < facts->currency_count; i++)
    out_text(out, NULL, facts->currencies[i]);
  out_close_list(out);
}

static void render_networks(struct json_out *out, const struct account_facts *facts) {
  if (facts->networks == 0) {
    out_null(out, "networks");
    return;
  }
  out_open_list(out, "networks");
  for (unsigned i = 0; i < NETWORK_COUNT; i++)
    if ((facts->networks >> i & 1) != 0)
      out_text(out, NULL, network_name((enum network)i));
  out_close_list(out);
}

void render_account(struct json_out *out, const struct account_facts *facts) {
  out_text(out, "merchant_category", facts->category);
  out_text(out, "country", facts->country);
  out_text(out, "region", facts->region);
  out_text(out, "settlement_currency", facts->settlement_currency);
  render_currencies(out, facts);
  render_networks(out, facts);
}

/* 0, which is all for the checker, when no sheet says what it can do. */
static uint32_t operations_of(const struct sheet_facts *sheet) {
  uint32_t operations = 0;
  for (unsigned i = 1; sheet != NULL && i < OPERATION_COUNT; i++)
    operations |= sheet->operations[i] ? UINT32_C(1) << i : 0;
  return operations;
}

static enum policy_connector_status status_of(const struct connector_facts *facts) {
  return facts->status == CONNECTOR_ACTIVE     ? POLICY_CONNECTOR_ACTIVE
         : facts->status == CONNECTOR_DRAINING ? POLICY_CONNECTOR_DRAINING
                                               : POLICY_CONNECTOR_DISABLED;
}

size_t checkable_connectors(const struct engine *engine, const struct fee_source *fees,
                            struct policy_connector ret_connectors[CONNECTORS_MAX]) {
  static const char *const methods[] = {"card", NULL};
  size_t count = 0;
  for (; count < engine_connector_count(engine) && count < CONNECTORS_MAX; count++) {
    const struct connector_facts *facts = engine_connector_at(engine, count);
    ret_connectors[count] =
        (struct policy_connector){.name = facts->name,
                                  .status = status_of(facts),
                                  .feeless = fee_source_table(fees, facts->name) == NULL,
                                  .methods = methods,
                                  .currencies = facts->account.currencies,
                                  .currency_count = facts->account.currency_count,
                                  .networks = facts->account.networks,
                                  .operations = operations_of(engine_connector_sheet_at(engine, count))};
  }
  return count;
}
