#!/usr/bin/env bash
# The main job, step by step, on a stack of its own. Every line is checked: a step that is not as it says ends the demo
# with a non-zero status.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/tools/stack.sh
source tests/tools/stack.sh

step() { printf '\n%2d. %s\n' "$((++steps))" "$1"; }
note() { printf '    %s\n' "$*"; }
field() { jq -er "$1" <<<"$2"; }
steps=0

# expect WHAT ACTUAL WANTED
expect() { [[ $2 == "$3" ]] || fail "$1 is '$2' and should be '$3'"; }

# The payment once it has one of the wanted statuses (an extended regular expression).
settled() { # ID WANTED
  local payment
  for ((i = 0; i < 150; i++)); do
    payment=$(api GET "/v1/payments/$1")
    if [[ $(field .status "$payment") =~ ^($2)$ ]]; then
      printf '%s' "$payment"
      return
    fi
    sleep 0.2
  done
  fail "payment $1 is still $(field .status "$payment")"
}

pay() { # TOKEN AMOUNT CAPTURE
  api POST /v1/payments "{\"amount\":$2,\"currency\":\"EUR\",\"token\":\"$1\",\"capture\":\"$3\",\"reference\":\"demo-$((++orders))\"}"
}
orders=0
publish() { printf '%s\n' "$1" | "$build/freeport" policy publish - --dir "$stack_dir" >/dev/null; }

began=$(date +%s%N)
stack_up
note "stack up in $(((($(date +%s%N)) - began) / 1000000)) ms: vault $FREEPORT_VAULT_PID, collect $FREEPORT_COLLECT_PID, egress $FREEPORT_EGRESS_PID, router $FREEPORT_ROUTER_PID"
note "acquirers: adyen, checkout, stripe, on a sandbox that keeps books of its own"

numbers=(4242424242424242 5555555555554444 378282246310005)

step 'A card is typed at checkout and becomes a token that belongs to no PSP'
token=$(tokenize "${numbers[0]}")
second=$(tokenize "${numbers[1]}")
amex=$(tokenize "${numbers[2]}" 1234)
note "token $token"

step 'The merchant sees BIN metadata, never the number'
card=$(api GET "/v1/tokens/$token")
expect 'last4' "$(field .card.last4 "$card")" 4242
note "$(jq -c '.card | {bin, last4, network, funding, country}' <<<"$card")"

step 'Charged by token'
payment=$(pay "$token" 1999 automatic)
expect 'status' "$(field .status "$payment")" captured
expect 'the acquirer' "$(field .connector "$payment")" adyen
note "$(field .id "$payment"): 19.99 EUR captured by $(field .connector "$payment") in $(field '.attempts[0].latency_ms' "$payment") ms"

step 'Authorized, captured, part-refunded'
publish 'otherwise route stripe, checkout, adyen'
payment=$(pay "$second" 5000 manual)
id=$(field .id "$payment")
expect 'status' "$(field .status "$payment")" authorized
note "$id: 50.00 EUR authorized by $(field .connector "$payment")"
api POST "/v1/payments/$id/capture" '{"amount":4000}' >/dev/null
payment=$(settled "$id" captured)
note "captured $(field .amount_captured "$payment"), refundable $(field .amount_refundable "$payment")"
api POST "/v1/payments/$id/refunds" '{"amount":1500}' >/dev/null
for ((i = 0; i < 300; i++)); do
  payment=$(api GET "/v1/payments/$id")
  [[ $(field .amount_refunded "$payment") == 1500 ]] && break
  sleep 0.1
done
expect 'refunded' "$(field .amount_refunded "$payment")" 1500
note "refunded 1500, refundable still $(field .amount_refundable "$payment")"

step 'The first acquirer goes down; the next charge cascades'
publish 'otherwise route adyen, checkout, stripe'
behaviour adyen '{"fault":"refuse","rate":1}'
payment=$(pay "$amex" 2500 automatic)
payment=$(settled "$(field .id "$payment")" captured)
expect 'attempts' "$(field '.attempts | length' "$payment")" 2
expect 'the first attempt got' "$(field '.attempts[0].phase' "$payment")" not_sent
expect 'the acquirer' "$(field .connector "$payment")" checkout
note "$(jq -r '.attempts[] | "\(.connector): \(.status), \(.phase)"' <<<"$payment" | paste -sd ';' | sed 's/;/; /g')"
behaviour adyen '{"fault":"none"}'

step 'An answer is lost after the charge was made; resolved without charging again'
publish 'otherwise route checkout, stripe, adyen'
behaviour checkout '{"fault":"reset_after","rate":1,"operations":["charge","authorize"]}'
payment=$(pay "$token" 3100 automatic)
lost=$(field .id "$payment")
note "$lost: the connection was reset after checkout had booked it; answered '$(field .status "$payment")'"
behaviour checkout '{"fault":"none"}'
payment=$(settled "$lost" captured)
expect 'attempts' "$(field '.attempts | length' "$payment")" 1
live=$(books checkout | jq "[.[] | select(.reference | startswith(\"$lost\")) | select(.status == \"captured\")] | length")
expect 'charges in the books of checkout' "$live" 1
note "asked checkout by reference instead of charging again: $(field .status "$payment"), one attempt, one charge in its books"

step 'The order of acquirers is switched; the same token is charged through another one'
publish 'otherwise route stripe, adyen, checkout'
payment=$(pay "$token" 4200 automatic)
expect 'status' "$(field .status "$payment")" captured
expect 'the acquirer' "$(field .connector "$payment")" stripe
note "the token of step 1, charged by $(field .connector "$payment") now; nobody typed a card again"

step "The sandbox's books and the ledger, line by line"
ledger=$(api GET '/v1/payments?limit=100')
lines=0
for name in adyen checkout stripe; do
  while IFS=$'\t' read -r reference status amount captured refunded; do
    [[ $status != declined ]] || continue
    payment=$(jq -c --arg r "$reference" '.data[] | select(.id as $id | $r | startswith($id))' <<<"$ledger")
    [[ -n $payment ]] || fail "the books of $name hold $reference, which the ledger lacks"
    line=$(jq -r '[.connector, .amount_authorized, .amount_captured, .amount_refunded] | @tsv' <<<"$payment")
    expect "the ledger's line for $reference" "$line" "$(printf '%s\t%s\t%s\t%s' "$name" "$amount" "$captured" "$refunded")"
    note "$(printf '%-8s %-12s authorized %5s captured %5s refunded %5s  =' "$name" "${reference:0:12}" "$amount" "$captured" "$refunded")"
    lines=$((lines + 1))
  done < <(books "$name" | jq -r '.[] | [.reference, .status, .amount, .amount_captured, .amount_refunded] | @tsv')
done
expect 'lines in the books' "$lines" "$(jq '[.data[] | select(.status == "captured" or .status == "authorized")] | length' <<<"$ledger")"

step "The router's memory and files are searched for the card numbers used"
scan_root=()
((EUID == 0)) || scan_root=(sudo -n)
printf '%s\n' "${numbers[@]}" |
  "${scan_root[@]}" "$build/tests/tools/card_scan" --pid "$FREEPORT_ROUTER_PID" --path "$stack_dir/router" --path "$stack_dir/log" |
  sed 's/^/    /' || fail 'a card number was found where none may be'

note ''
stack_stop
printf '\nAll %d steps as they say, in %d s.\n' "$steps" "$((($(date +%s%N) - began) / 1000000000))"
