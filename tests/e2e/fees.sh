#!/usr/bin/env bash
# What connectors charge, from the file of fees to where it shows: `cheapest of` follows it, approved payments cost what
# pencil and paper say, a replay tells both sides, and fees that change change no cost that was. On a stack of its own.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/tools/stack.sh
source tests/tools/stack.sh

# Of 100.00 EUR by an American credit card of Visa, in cents:
#   adyen    1.5 % and 25: 175 for an approval, 2 for a try
#   stripe   0.3 % interchange, 0.1 % and 2 for the scheme, 0.5 % markup (10 at least), 0.2 % for crossing a border:
#            112 for an approval with that markup, 1 for a try; of dollars 1 % more, and fixed fees doubled
fees() { # MARKUP OF STRIPE
  cat >"$stack_dir/fees.yaml.new" <<F
exchange:
  EUR: 1
  USD: 0.5
connectors:
  adyen:
    pricing: blended
    currency: EUR
    country: NL
    settles: [EUR]
    fees:
      - {fee: blended, share: 1.5%, fixed: 0.25}
      - {fee: try, fixed: 0.02}
  stripe:
    pricing: interchange_plus
    currency: EUR
    country: IE
    settles: [EUR]
    fees:
      - {fee: interchange, reach: domestic, share: 0.2%}
      - {fee: interchange, network: visa, funding: credit, share: 0.3%}
      - {fee: scheme, network: visa, share: 0.1%, fixed: 0.02}
      - {fee: markup, share: $1, minimum: 0.10}
      - {fee: cross_border, reach: international, share: 0.2%}
      - {fee: conversion, share: 1%}
      - {fee: try, fixed: 0.01}
F
  mv "$stack_dir/fees.yaml.new" "$stack_dir/fees.yaml"
}
pay() { # CURRENCY: prints the connectors tried
  api POST /v1/payments "{\"amount\":10000,\"currency\":\"$1\",\"token\":\"$token\"}" |
    jq -er '[.attempts[].connector] | join(" ")'
}
paid_at() { # CONNECTORS CURRENCY
  local found
  found=$(pay "$2")
  [[ $found == "$1" ]] || fail "100.00 $2 was tried at $found, not at $1"
}
costs() { # [GROUP]: what approvals cost, as [connector, currency, each, together, priced, approved]
  api GET "/v1/metrics/authorization?group_by=connector" | jq -c "[.data[] as \$r | \$r.cost_per_approved[] |
    [\$r.group.connector, .currency, .amount, .fees, .priced.count, .priced.total]] | sort"
}
all_costs() {
  api GET /v1/metrics/authorization |
    jq -c '[.total.cost_per_approved[] | [.currency, .amount, .fees, .priced.count, .priced.total, .reason]] | sort'
}
told() { # POLICY, CARD, WORDS: the explanation says them
  local found
  found=$(api POST /v1/route "{\"amount\":10000,\"currency\":\"${4-EUR}\",\"policy\":\"$1\",\"card\":$2}" | jq -r '.explanation[]')
  [[ $found == *"$3"* ]] || fail "'$3' is not among: $found"
}
metric() { curl -s "$FREEPORT_API_URL/metrics" | sed -n "s/^freeport_$1 //p"; }

stack_make
mkdir -p "$stack_dir"
stack_start
token=$(tokenize 4242424242424242)
"$build/freeport" policy publish - --dir "$stack_dir" <<<'otherwise cheapest of adyen, stripe, checkout' >/dev/null
paid_at adyen EUR # nobody knows any cost: by approval, and the list decides
[[ $(all_costs) == '[["EUR",null,null,0,1,"no_fees"]]' ]] || fail "without fees approvals cost $(all_costs)"
told 'otherwise cheapest of adyen, stripe' '{"bin":"424242"}' \
  '% of the outcomes that tell is expected, though it has had none of late; what it costs is not known: there is no fee table for it.'
stack_stop

# 30 + (10 + 2) + 50 + 20 = 112 and a try at stripe; checkout has no fees and stands last.
fees 0.5%
echo "fees: $stack_dir/fees.yaml" >>"$stack_dir/freeport.yaml"
stack_start
paid_at stripe EUR
paid_at stripe EUR
behaviour stripe '{"decline":"generic_decline"}'
paid_at 'stripe adyen' EUR # a try of 1 cent more at stripe; 175 and 2 at adyen
behaviour stripe '{}'
# In dollars adyen's conversion is not known: 30 + (10 + 4) + 50 + 20 + 100 = 214, and 2 for the try.
paid_at stripe USD
once='[["adyen","EUR",177,177,1,2],["stripe","EUR",113.5,227,2,2],["stripe","USD",216,216,1,1]]'
[[ $(costs) == "$once" ]] || fail "approvals cost $(costs)"
[[ $(all_costs) == '[["EUR",134.667,404,3,4,null],["USD",216,216,1,1,null]]' ]] || fail "all approvals cost $(all_costs)"
[[ $(metric 'expected_fees_minor_units_total{connector="stripe",currency="EUR"}') == 227 ]] ||
  fail "metrics: $(curl -s "$FREEPORT_API_URL/metrics" | grep fees)"
[[ $(metric 'priced_payments_total{connector="adyen",currency="EUR"}') == 1 ]] || fail 'metrics: what adyen approved'
visa='{"network":"visa","funding":"credit","country":"US"}'
told 'otherwise cheapest of adyen, stripe' "$visa" '% of the outcomes that tell is expected, by its last 4 and those of the others; '
told 'otherwise cheapest of adyen, stripe where approval >= 50%' "$visa" 'too little is known of it to hold it to the floor of 50.00 %'
told 'otherwise cheapest of stripe' '{"network":"amex","funding":"debit","country":"US"}' \
  'its fee table has no line of interchange for amex, debit, issued in US, paid in EUR.'
told 'otherwise cheapest of adyen' "$visa" 'its fee table has no line of conversion for visa, credit, issued in US, paid in USD.' USD
told 'otherwise cheapest of stripe' "$visa" 'there is no rate of exchange between the currency of its fees and GBP.' GBP
"$build/freeport" policy check - --dir "$stack_dir" 2>"$stack_dir/checked" >/dev/null <<<'otherwise cheapest of adyen, checkout'
grep -q 'line 1, column 30: warning: No fee table is known for this connector' "$stack_dir/checked" ||
  fail "checked: $(<"$stack_dir/checked")"
[[ $(grep -c 'No fee table' "$stack_dir/checked") == 1 ]] || fail "checked: $(<"$stack_dir/checked")"
grep -q 'info fees are known tables=2$' "$stack_dir/log/router.log" || fail 'the log does not say that fees were loaded'
echo 'cheapest of follows the fees, and approvals cost what pencil and paper say'

# All at adyen: of the four payments in euros one was there and is known to be approved, three stripe had, of which it
# approved two. As they went: 177 + 2 * 113 + 1. As they would: 4 * 177. Dollars cost nobody knows how much there.
replayed=$("$build/freeport" policy replay - --days 1 --json --dir "$stack_dir" <<<'otherwise route adyen')
[[ $(jq -c '[.without_fees, (.cost[] | [.currency, .payments, .before.per_approved.amount, .before.total.amount,
  .after.per_approved.amount, .after.total.amount])]' <<<"$replayed") == '[1,["EUR",4,134.667,404,177,708]]' ]] ||
  fail "replayed: $(jq -c '[.without_fees, .cost]' <<<"$replayed")"
# Three of four approved lie between 30.06 and 95.44 %: each approval pays for 5 cents of tries, divided by so many of four.
[[ $(jq -c '.cost[0].before.per_approved | [.low, .high]' <<<"$replayed") == '[134.31,137.158]' ]] ||
  fail "bounds: $(jq -c .cost <<<"$replayed")"
"$build/freeport" policy replay - --days 1 --dir "$stack_dir" <<<'otherwise route adyen' >"$stack_dir/replayed"
grep -q '^  as they would: 177.00 (177.00 to ' "$stack_dir/replayed" || fail "printed: $(<"$stack_dir/replayed")"
replayed=$("$build/freeport" policy replay - --days 1 --json --dir "$stack_dir" \
  <<<'rule r when currency == EUR cheapest of adyen, stripe otherwise route stripe')
[[ $(jq -c '[.moves[] | [.from, .to, .payments]]' <<<"$replayed") == '[["adyen","stripe",1]]' ]] ||
  fail "by cost: $(jq -c .moves <<<"$replayed")"
jq -e '.notes[] | select(startswith("Rules with `best of` and `cheapest of` were decided by"))' <<<"$replayed" >/dev/null ||
  fail "notes: $(jq -c .notes <<<"$replayed")"
echo 'a replay tells what both sides cost'

# New fees without a restart: the dearer stripe is not chosen any more, and what was paid costs what it did.
given_anew() { # LINES: that up.err has by then
  kill -USR1 "$stack_pid"
  for ((i = 0; i < 100; i++)); do
    (($(grep -c "$2" "$stack_dir/up.err") >= $1)) && return
    sleep 0.05
  done
  fail "after SIGUSR1 it says: $(tail -n 3 "$stack_dir/up.err")"
}
fees 5%
sed -i 's/^  stripe:/  strpie:/' "$stack_dir/fees.yaml"
given_anew 1 'was given the fees anew'
logged() { # WORDS: the router's log says them in the end
  for ((i = 0; i < 100; i++)); do
    grep -q "$1" "$stack_dir/log/router.log" && return
    sleep 0.05
  done
  fail "'$1' is not in the log: $(tail -n 5 "$stack_dir/log/router.log")"
}
logged 'warn a fee table is for a connector that does not exist connector=strpie meant=stripe$'
fees 5%
given_anew 2 'was given the fees anew'
for ((i = 0; i < 100; i++)); do
  [[ $(api POST /v1/route '{"amount":10000,"currency":"EUR","card":{"bin":"424242"}}' | jq -r '.connectors[0]') == adyen ]] && break
  sleep 0.05
done
paid_at adyen EUR
fees 5
given_anew 1 'a share of the amount'
paid_at adyen EUR
approval() { # CONNECTOR: as it is believed for such a card
  api POST /v1/route '{"amount":10000,"currency":"EUR","card":{"bin":"424242"}}' |
    jq -er --arg name "$1" '.explanation[] | select(startswith($name + ": approval of ")) | split(" ")[3]'
}
before="$(approval adyen) $(approval stripe)"
stack_stop
fees 5%
stack_start
for ((i = 0; i < 100; i++)); do
  api GET /v1/metrics/authorization | jq -e .complete >/dev/null && break
  sleep 0.05
done
after="$(approval adyen) $(approval stripe)"
awk '{ exit !($1 > 50.5 && ($1 - $3) ^ 2 + ($2 - $4) ^ 2 < 0.01) }' <<<"$before $after" ||
  fail "what was learned was $before, and is $after after a restart"
[[ $(costs) == "${once/177,177,1,2/177,531,3,4}" ]] || fail "after a restart approvals cost $(costs)"
paid_at adyen EUR
echo 'fees that change are used at once, and change no cost that was; what was learned outlives a restart'
