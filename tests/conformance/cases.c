#include "cases.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

const struct variant variants[] = {
    {"recurring", REQUEST_KIND, "recurring"},
    {"installment", REQUEST_KIND, "installment"},
    {"unscheduled", REQUEST_KIND, "unscheduled"},
    {"resubmission", REQUEST_KIND, "resubmission"},
    {"mail order", REQUEST_KIND, "moto"},
    {"on_session", REQUEST_STORE, "on_session"},
    {"nothing stored", REQUEST_STORE, NULL},
    {"3DS wanted", REQUEST_THREE_DS_MODE, "require"},
    {"3DS not wanted", REQUEST_THREE_DS_MODE, "skip"},
    {"3DS left to the PSP", REQUEST_THREE_DS_MODE, "auto"},
    {"low value", REQUEST_THREE_DS_EXEMPTION, "low_value"},
    {"trusted beneficiary", REQUEST_THREE_DS_EXEMPTION, "trusted_beneficiary"},
    {"secure corporate", REQUEST_THREE_DS_EXEMPTION, "secure_corporate"},
    {"no country", REQUEST_BILLING_COUNTRY, NULL},
    {"no street", REQUEST_BILLING_LINE1, NULL},
    {"no return URL", REQUEST_RETURN_URL, NULL},
    {"no Java", REQUEST_BROWSER_JAVA, NULL},
    {"a name of one word", REQUEST_CUSTOMER_NAME, "Zo\xc3\xab"},
};
const size_t variant_count = COUNT(variants);

const struct lacking_request lacking_requests[] = {
    {"stripe", "POST", "/v1/setup_intents"},    {"stripe", "GET", "/v1/setup_intents"},
    {"stripe", "GET", "/v1/setup_intents/*"},   {"checkout", "GET", "/payments"},
    {"checkout", "GET", "/payments/*/actions"},
};
const size_t lacking_request_count = COUNT(lacking_requests);

const struct lacking_field lacking_fields[] = {
    {"stripe",
     OPERATION_AUTHORIZE,
     "three_d_secure",
     {"imported 3DS", REQUEST_THREE_DS_CAVV, "AAABBEg0VhI0VniQEjRWAAAAAAA="}},
    {"stripe", OPERATION_AUTHORIZE, "moto", {"mail order", REQUEST_KIND, "moto"}},
    {"stripe", OPERATION_AUTHORIZE, "mit_exemption", {"renewal", REQUEST_PREVIOUS_NTID, "123456789012345"}},
};
const size_t lacking_field_count = COUNT(lacking_fields);

const struct wrong_sheet wrong_sheets[] = {
    {"stripe", OPERATION_AUTHORIZE, "no credential", "Authorization: \"Bearer", "X-Other: \"Bearer"},
    {"stripe", OPERATION_AUTHORIZE, "a field misspelt", "currency: \"{currency_lower}\"",
     "curency: \"{currency_lower}\""},
    {"stripe", OPERATION_AUTHORIZE, "no amount", "    amount: {$number: \"{amount}\"}\n    currency",
     "    currency"},
    {"stripe", OPERATION_AUTHORIZE, "a wrong word", "capture_method: manual", "capture_method: by_hand"},
    {"stripe", OPERATION_AUTHORIZE, "JSON for a form", "form: {$include: payment_method}",
     "json: {$include: payment_method}"},
    {"stripe", OPERATION_AUTHORIZE, "a card without a year",
     "      exp_year: {$number: \"{card.exp_year}\"}\n", ""},
    {"stripe", OPERATION_CAPTURE, "an unknown path", "{psp_id}/capture\"", "{psp_id}/captures\""},
    {"stripe", OPERATION_CAPTURE, "a field of another operation", "amount_to_capture: {$number",
     "amount: {$number"},
    {"stripe", OPERATION_REFUND, "a wrong word", "requested_by_customer: requested_by_customer}",
     "$absent: because}"},
    {"adyen", OPERATION_AUTHORIZE, "no credential", "X-API-Key: ", "X-Other: "},
    {"adyen", OPERATION_AUTHORIZE, "no reference", "    reference: \"{key}\"\n    merchantOrderReference",
     "    merchantOrderReference"},
    {"adyen", OPERATION_AUTHORIZE, "an amount as text", "value: {$number: \"{amount}\"}",
     "value: \"{amount}\""},
    {"adyen", OPERATION_AUTHORIZE, "a field misspelt", "shopperInteraction:", "shopperInterAction:"},
    {"adyen", OPERATION_AUTHORIZE, "a wrong word", "customer: Ecommerce", "customer: Online"},
    {"adyen", OPERATION_AUTHORIZE, "half an address",
     "houseNumberOrName: {$first: [\"{billing_line2}\", N/A]}\n", "\n"},
    {"adyen", OPERATION_CAPTURE, "no account",
     "merchantAccount: \"{credential.merchant_account}\"\n    reference: \"{key}\"\n\n",
     "reference: \"{key}\"\n\n"},
    {"adyen", OPERATION_VOID, "an unknown path", "{psp_id}/cancels\"", "{psp_id}/cancel\""},
    {"adyen", OPERATION_REFUND, "an amount that is no object",
     "json:\n        $include: [movement, amount]\n        capture",
     "json:\n        $include: movement\n        amount: 12\n        capture"},
    {"checkout", OPERATION_CAPTURE, "a wrong word", "false: NonFinal}", "false: Partial}"},
    {"checkout", OPERATION_AUTHORIZE, "no credential", "Authorization: \"Bearer", "X-Other: \"Bearer"},
    {"checkout", OPERATION_AUTHORIZE, "a month as text", "expiry_month: {$number: \"{card.exp_month}\"}",
     "expiry_month: \"{card.exp_month}\""},
    {"checkout", OPERATION_AUTHORIZE, "a field misspelt", "processing_channel_id: \"{cred",
     "processing_channel: \"{cred"},
    {"checkout", OPERATION_AUTHORIZE, "a wrong word", "off_session: Unscheduled}", "off_session: Sometimes}"},
    {"checkout", OPERATION_CAPTURE, "a field of another operation", "        capture_type: {",
     "        final: true\n        capture_type: {"},
    {"checkout", OPERATION_REFUND, "an amount as text",
     "json:\n        amount: {$number: \"{amount}\"}\n        reference",
     "json:\n        amount: \"{amount}\"\n        reference"},
    {"checkout", OPERATION_VOID, "an unknown path", "{psp_id}/voids\"", "{psp_id}/void\""},
};
const size_t wrong_sheet_count = COUNT(wrong_sheets);
