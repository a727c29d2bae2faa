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
  for ((i = 0; i < 100; i++)); do
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
  for ((i = 0; i < 100; i++)); do
    stack_env
    [[ ${!variable} != "$before" ]] && break
    sleep 0.05
  done
  [[ ${!variable} != "$before" ]] || fail "DIR/env still names the process that was killed"
  tokenize 5105105105105100 >/dev/null || fail "no card can be tokenized after $process was killed"
  printf '%-8s killed and back: charges and tokens go on\n' "$process"
done

# What was under way has ended: charged once, or not at all.
for process in VAULT EGRESS ROUTER COLLECT; do
  for ((i = 0; i < 150; i++)); do
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
