#!/usr/bin/env bash
# What is said of an account (currencies, networks, country) reaches the router, and payments pass over an account that cannot
# take them. On a stack of its own.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/tools/stack.sh
source tests/tools/stack.sh

freeport() { "$build/freeport" "$@" --dir "$stack_dir"; }
set_account() { freeport connector set "$@" >/dev/null; }
facts() { # NAME
  api GET /v1/connectors |
    jq -c --arg name "$1" '.data[] | select(.name == $name) | [.currencies, .networks, .country, .region, .settlement_currency, .merchant_category]'
}
known() { # NAME FACTS
  local told
  for ((i = 0; i < 100; i++)); do
    told=$(facts "$1")
    [[ $told != "$2" ]] || return 0
    sleep 0.05
  done
  fail "of $1 the router knows $told instead of $2"
}
pay() { # CURRENCY TOKEN
  api POST /v1/payments "{\"amount\":1000,\"currency\":\"$1\",\"token\":\"$2\"}"
}
# A payment in CURRENCY with TOKEN goes to WHERE, passing over those of SKIPPED (NAME:REASON,...); a route says the same.
goes() { # CURRENCY TOKEN WHERE SKIPPED
  local payment route skipped='[.decision.skipped[] | .connector + ":" + .reason] | join(",")'
  payment=$(pay "$1" "$2")
  [[ $(jq -r .status <<<"$payment") == captured && $(jq -r .connector <<<"$payment") == "$3" ]] ||
    fail "a payment in $1 goes: $(jq -c '[.status, .connector, .decision]' <<<"$payment")"
  [[ $(jq -r "$skipped" <<<"$payment") == "$4" ]] || fail "passed over: $(jq -r "$skipped" <<<"$payment") instead of $4"
  route=$(api POST /v1/route "{\"amount\":1000,\"currency\":\"$1\",\"token\":\"$2\"}")
  [[ $(jq -r '.connectors[0]' <<<"$route") == "$3" ]] || fail "a route in $1 is: $route"
}
charges() { books "$1" | jq length; }

stack_up
visa=$(tokenize 4242424242424242)
mastercard=$(tokenize 5555555555554444)
known adyen '[null,null,null,null,null,null]'
goes GBP "$visa" adyen ''

set_account adyen --currencies EUR,USD --networks visa,mastercard --country NL --region EEA --settlement-currency EUR --category 5411
known adyen '[["EUR","USD"],["visa","mastercard"],"NL","EEA","EUR","5411"]'
before=$(charges adyen)
goes GBP "$visa" checkout adyen:currency
[[ $(charges adyen) == "$before" ]] || fail 'the account was asked all the same'
goes EUR "$visa" adyen ''
set_account checkout --networks amex
known checkout '[null,["amex"],null,null,null,null]'
goes GBP "$mastercard" stripe adyen:currency,checkout:network
set_account adyen --networks mastercard
known adyen '[["EUR","USD"],["mastercard"],"NL","EEA","EUR","5411"]'
goes EUR "$visa" stripe adyen:network,checkout:network
goes EUR "$mastercard" adyen ''

# Nobody is left; and what one can do is known after a restart, by its own words and the router's.
set_account stripe --currencies JPY
known stripe '[["JPY"],null,null,null,null,null]'
refused=$(pay GBP "$visa")
[[ $(jq -r '.code // .decline.reason' <<<"$refused") == no_connector ]] || fail "where nobody can, it says: $refused"
stack_stop
stack_start
known adyen '[["EUR","USD"],["mastercard"],"NL","EEA","EUR","5411"]'
goes JPY "$visa" stripe adyen:currency,checkout:network

# Taken back.
set_account adyen --currencies all --networks all --country none --region none --settlement-currency none --category none
known adyen '[null,null,null,null,null,null]'
goes GBP "$visa" adyen ''

# A draft is tried with what the accounts can take now: Checkout takes American Express alone, so nothing would go there.
tried=$(freeport policy replay <(echo 'otherwise route checkout, adyen, stripe') --json)
[[ $(jq -c '[.compared > 5, .unusable == .compared, ([.moves[] | select(.to == "checkout")] | length)]' <<<"$tried") == \
  '[true,true,0]' ]] || fail "tried: $tried"
[[ $(jq -r '.notes | join(" ")' <<<"$tried") == *'by the accounts, of today'* ]] || fail "no note says so: $tried"
stack_stop
echo 'accounts are given what they can take'
