#!/usr/bin/env bash
# Processes that die are started again and find their peers; a stack that is ended and started again finds everything as it
# was; a payment that was under way when a process died ends, charged at most once.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/tools/stack.sh
source tests/tools/stack.sh

pay() { # AMOUNT CONNECTOR [REFERENCE]
  api POST /v1/payments "{\"amount\":$1,\"currency\":\"EUR\",\"token\":\"$token\",\"reference\":\"${3-restarts}\",\"routing\":{\"connectors\":[\"$2\"]}}"
}

# Waits until a charge goes through again.
recovered() {
  local payment
  for ((i = 0; i < 300; i++)); do
    stack_env
    payment=$(pay 700 stripe 2>/dev/null || true)
    if [[ $(jq -r .status <<<"$payment" 2>/dev/null) == captured ]]; then return; fi
    sleep 0.1
  done
  fail "no charge goes through after $1 was killed"
}

stack_up
token=$(tokenize 5555555555554444)
first=$(pay 900 checkout first | jq -er .id)

for process in VAULT EGRESS ROUTER COLLECT; do
  variable=FREEPORT_${process}_PID
  before=${!variable}
  # One payment is under way, at a PSP that takes its time, when the process dies.
  behaviour checkout '{"fault":"none","latency_ms":800}'
  pay 1300 checkout "under-way-$process" >/dev/null 2>&1 &
  slow=$!
  sleep 0.3
  kill -KILL "$before"
  wait "$slow" || true
  behaviour checkout '{"fault":"none","latency_ms":0}'
  recovered "$process"
  for ((i = 0; i < 300; i++)); do
    stack_env
    [[ ${!variable} != "$before" ]] && break
    sleep 0.1
  done
  [[ ${!variable} != "$before" ]] || fail "DIR/env still names the process that was killed"
  tokenize 5105105105105100 >/dev/null || fail "no card can be tokenized after $process was killed"
  printf '%-8s killed and back: charges and tokens go on\n' "$process"
done

# What was under way has ended: charged once, or not at all.
for process in VAULT EGRESS ROUTER COLLECT; do
  for ((i = 0; i < 300; i++)); do
    payment=$(api GET "/v1/payments?reference=under-way-$process" | jq -c '.data[0] // empty')
    case $(jq -r '.status // "none"' <<<"${payment:-null}") in processing | unresolved) sleep 0.2 ;; *) break ;; esac
  done
  [[ -n $payment ]] || continue # it died before anything was created
  id=$(jq -r .id <<<"$payment") status=$(jq -r .status <<<"$payment")
  live=$(books checkout | jq --arg id "$id" '[.[] | select(.reference | startswith($id)) | select(.status == "captured")] | length')
  case $status in
    captured) ((live == 1)) || fail "$id is captured and has $live charges in the books" ;;
    failed | declined) ((live == 0)) || fail "$id is $status and has $live charges in the books" ;;
    *) fail "$id, under way when $process was killed, is still $status" ;;
  esac
  printf '%-8s under way: %s, %d charge\n' "$process" "$status" "$live"
done

# A security code that is unknown, another payment's, or forgotten with the vault that leased it: nothing is sent, and the
# customer is to type it again.
type_code() {
  request "$FREEPORT_PUBLISHABLE_KEY" POST "$FREEPORT_COLLECT_URL/v1/security-codes" "{\"token\":\"$token\",\"cvc\":\"123\"}" |
    jq -er .id
}
pay_with_code() { # CODE
  api POST /v1/payments "{\"amount\":1700,\"currency\":\"EUR\",\"token\":\"$token\",\"security_code\":\"$1\"}" |
    jq -r '[.status, (.decline | .reason, .category, .retry), (.attempts | length)] | map(. // "none" | tostring) | join(" ")'
}
readonly typed_again='failed security_code_not_found request update_card 1'
code=$(type_code)
[[ $(pay_with_code "$code") == captured* ]] || fail 'a code typed again is not charged with'
[[ $(pay_with_code "$code") == "$typed_again" ]] || fail 'a code serves a second payment, or is refused otherwise'
[[ $(pay_with_code cvc_01J9ZC8XK4T5V6W7X8Y9Z0ABCD) == "$typed_again" ]] || fail 'an unknown code is refused otherwise'
code=$(type_code)
before=$FREEPORT_VAULT_PID
kill -KILL "$before"
recovered VAULT
[[ $(pay_with_code "$code") == "$typed_again" ]] || fail 'a code outlives its vault, or is refused otherwise'
echo 'a code that the vault does not have is to be typed again'

# A second `up` on the same directory, with policies longer than one answer has room for.
for i in 1 2 3; do
  { echo 'otherwise route adyen'; yes "# $i of a long history" | head -n 1300 || true; } |
    "$build/freeport" policy publish - --dir "$stack_dir" >/dev/null
done
said=$(echo 'otherwise route stripe, nowhere' | "$build/freeport" policy check - --dir "$stack_dir" 2>&1) &&
  fail 'a policy that names an unknown connector passes the check'
[[ $said == *'line 1, column 25: '* ]] || fail 'the check of a policy does not say where it is wrong'
echo 'otherwise route stripe, adyen' | "$build/freeport" policy publish - --dir "$stack_dir" >/dev/null
keys_before=$FREEPORT_SECRET_KEY$FREEPORT_PUBLISHABLE_KEY$FREEPORT_API_URL$FREEPORT_COLLECT_URL
all_ended # what was handed to a dead vault is asked about first
payments_before=$(api GET '/v1/payments?limit=100' | jq -S '[.data[] | del(.updated_at)]')
stack_stop
stack_start
[[ $keys_before == "$FREEPORT_SECRET_KEY$FREEPORT_PUBLISHABLE_KEY$FREEPORT_API_URL$FREEPORT_COLLECT_URL" ]] || fail 'keys or addresses changed'
[[ $(api GET '/v1/payments?limit=100' | jq -S '[.data[] | del(.updated_at)]') == "$payments_before" ]] || fail 'the payments changed'
[[ $(api GET "/v1/payments/$first" | jq -r .status) == captured ]] || fail 'the first payment changed'
[[ $("$build/freeport" policy show --dir "$stack_dir") == 'otherwise route stripe, adyen' ]] || fail 'the policy changed'
[[ $(api POST /v1/payments "{\"amount\":500,\"currency\":\"EUR\",\"token\":\"$token\"}" | jq -r '.status + " " + .connector') == 'captured stripe' ]] ||
  fail 'the token of before is not charged'
"$build/freeport" audit verify --dir "$stack_dir"
! "$build/freeport" up --dir "$stack_dir" 2>/dev/null || fail 'two stacks run in one directory'
stack_stop
echo 'a second start found everything as it was'
