/* What an operator says of a connector's account: --currencies EUR,USD and so on. */
#pragma once

#include "account_facts.h"
#include "result.h"

enum account_option {
  ACCOUNT_CURRENCIES,
  ACCOUNT_NETWORKS,
  ACCOUNT_COUNTRY,
  ACCOUNT_SETTLEMENT_CURRENCY,
  ACCOUNT_CATEGORY,
  ACCOUNT_REGION,
  ACCOUNT_OPTION_COUNT
};

struct account_options {
  const char *values[ACCOUNT_OPTION_COUNT]; /* NULL: not given */
};

/* Whether any is given. */
bool account_options_given(const struct account_options *options);
/* Whether each that is given has a value that it takes; says what such an option is made of when one has not.
 * Nothing is repeated. */
bool account_options_hold(const struct account_options *options);
/* Changes those facts that an option is given for: "all" takes back a list, "none" a single one. Returns 0;
 * or -EINVAL after saying what such an option is made of, and then some may have been changed. */
MUST_USE int account_options_apply(const struct account_options *options, struct account_facts *facts);
