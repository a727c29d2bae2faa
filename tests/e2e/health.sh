#!/usr/bin/env bash
# A connector begins to fail under fifty payments a second: traffic goes elsewhere within five seconds of the first failing
# answer, whether all fail, half of them, or they hang; it comes back by itself when the connector is well; each change is an
# event with its figures. A drill takes one out on purpose, and says what that did.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/tools/stack.sh
source tests/tools/stack.sh

readonly rate=50
stack_up
TOKEN=$(tokenize 4242424242424242)

with_check_digit() {
  local digit place sum=0
  for ((place = 0; place < ${#1}; place++)); do
    digit=$((${1: -1 - place:1} * (2 - place % 2)))
    sum=$((sum + digit / 10 + digit % 10))
  done
  echo "$1$(((10 - sum % 10) % 10))"
}

# Many cards: tries of which nothing is known count towards what the networks allow of one.
TOKENS=$(for card in {1000..1099}; do tokenize "$(with_check_digit 42424200000$card)"; done | paste -sd ' ')
export TOKENS

state_of() { api GET /v1/connectors | jq -r --arg name "$1" '.data[] | select(.name == $name).health.state'; }

# All of that type, the newest first, one a line: a page ends also where it has read enough of the journal, however few it found.
events() {
  local next='' page
  while :; do
    page=$(api GET "/v1/events?type=$1&limit=100${next:+&starting_after=$next}")
    jq -c '.data[].data' <<<"$page"
    next=$(jq -r 'select(.has_more).next' <<<"$page")
    [[ -n $next ]] || break
  done
}

# Now, in milliseconds, by the router's own clock: that of a payment made to know it.
router_now() {
  api POST /v1/payments "{\"amount\":1000,\"currency\":\"EUR\",\"token\":\"$TOKEN\"}" | jq -er .created_at | date -f - +%s%3N
}

# Where payments began after a time (milliseconds), oldest first, one a line: when it was created, the connector, what came of
# it there, and when: what hangs is given up after ten seconds.
begun_after() {
  local next='' page
  while :; do
    page=$(api GET "/v1/payments?limit=100${next:+&starting_after=$next}")
    jq -r --argjson since "$1" 'def ms: (sub("\\.[0-9]+Z$"; "Z") | fromdateiso8601 * 1000) + (capture("\\.(?<ms>[0-9]+)Z$").ms // "0" | tonumber);
      .data[] | (.created_at | ms) as $at | select($at > $since) | .attempts[0] |
      "\($at) \(.connector) \(.class) \((.started_at | ms) + (if .phase == "sent_no_reply" then 10000 else .latency_ms // 0 | floor end))"' <<<"$page"
    next=$(jq -r '.next // empty' <<<"$page")
    [[ -n $next && $(jq -r '.data[-1].created_at' <<<"$page" | date -f - +%s%3N) -ge $1 ]] || break
  done | sort -n
}

await_state() { # STATE TRIES: of adyen
  for ((i = 0; i < $2; i++)); do
    [[ $(state_of adyen) != "$1" ]] || return 0
    sleep 0.2
  done
  fail "adyen never became $1"
}

# meet WHAT BEHAVIOUR SECONDS: the fault comes after three good seconds of load, and is there for the rest.
meet() {
  local since first rerouted load
  since=$(router_now)
  "$build/tests/e2e/health/steady-load" "$rate" "$3" >"$stack_dir/load.out" &
  load=$!
  sleep 3
  behaviour adyen "$2"
  wait "$load" || fail "payments were refused while adyen failed"
  begun_after "$since" >"$stack_dir/begun"
  [[ $(wc -l <"$stack_dir/begun") == "$(<"$stack_dir/load.out")" ]] || fail 'not every payment is listed'
  first=$(awk '$2 == "adyen" && $3 != "approved" && (!first || $4 < first) {first = $4} END {print first}' "$stack_dir/begun")
  [[ -n $first ]] || fail "nothing failed at adyen: $1"
  # The first second, by tenths, of whose payments less than a tenth began at adyen.
  rerouted=$(awk -v first="$first" '
    {at[NR] = $1; there[NR] = $2 == "adyen"}
    END {
      for (from = first; from + 1000 <= at[NR]; from += 100) {
        all = bad = 0
        for (i = 1; i <= NR; i++)
          if (at[i] >= from && at[i] < from + 1000) {all++; bad += there[i]}
        if (all > 0 && 10 * bad < all) {print from - first; exit}
      }
    }' "$stack_dir/begun")
  [[ -n $rerouted ]] || fail "traffic never left adyen: $1"
  echo "$1: traffic had left adyen ${rerouted} ms after the first failing answer"
  ((rerouted < 5000)) || fail "it took $rerouted ms"
}

# recover: adyen is well again, and gets its traffic back by itself.
recover() {
  local load
  behaviour adyen '{}'
  "$build/tests/e2e/health/steady-load" "$rate" 45 >"$stack_dir/load.out" &
  load=$!
  await_state healthy 220
  kill -TERM "$load"
  wait "$load" || true
  [[ $(api POST /v1/payments "{\"amount\":1000,\"currency\":\"EUR\",\"token\":\"$TOKEN\"}" | jq -r .connector) == adyen ]] ||
    fail 'no traffic came back'
}

[[ $(state_of adyen) == healthy ]] || fail 'adyen is not healthy at first'
meet 'all answers are 500' '{"fault":"http_500_before","operations":["authorize","charge"]}' 10
unhealthy=$(events connector.unhealthy | tail -n 1) # the first: while it is probed, one fault takes it out again
jq -e '.connector == "adyen" and .requests >= 20 and .fault_bound > .threshold and .threshold == 0.1 and .window_s == 3 and
  (.payments | length) > 0' <<<"$unhealthy" >/dev/null || fail "no event tells the figures: $unhealthy"
api GET "/v1/payments/$(jq -r '.payments[0]' <<<"$unhealthy")" |
  jq -e '.attempts[0].connector == "adyen"' >/dev/null || fail 'the event names a payment that did not fail there'
recover
events connector.healthy | tail -n 1 | jq -e '.connector == "adyen" and .requests == 10 and .faults == 0' >/dev/null ||
  fail 'no event tells that it is well'
meet 'half of the answers are 500' '{"fault":"http_500_before","rate":0.5,"operations":["authorize","charge"]}' 10
recover
meet 'all hang' '{"fault":"hang_before","operations":["authorize","charge"]}' 20
recover

# A drill under load.
since=$(router_now)
"$build/tests/e2e/health/steady-load" 20 10 >"$stack_dir/load.out" &
load=$!
sleep 1
"$build/freeport" drill adyen --for 6s --dir "$stack_dir" >"$stack_dir/drill.out" || fail 'the drill failed'
wait "$load"
drill=$(api GET /v1/connectors/adyen/drill)
count=$(jq .report.payments <<<"$drill")
((count > 60)) || fail "the drill met $count payments"
grep -qx "the drill is over; payments that would have begun at adyen: $count" "$stack_dir/drill.out" || fail 'the drill does not say how many'
grep -qx "  begun at checkout: $count ($count captured)" "$stack_dir/drill.out" || fail 'the drill does not say where they went'
begun_after "$since" >"$stack_dir/begun"
[[ $(awk '$2 == "checkout"' "$stack_dir/begun" | wc -l) == "$count" ]] || fail 'other payments went elsewhere than the drill says'
[[ $(events connector.drill_ended | jq .report.payments) == "$count" ]] || fail 'no event tells of the drill'
status=0
"$build/freeport" drill adyen --for ever --dir "$stack_dir" 2>/dev/null || status=$?
((status == 64)) || fail 'a drill without end was begun'
! "$build/freeport" drill nowhere --for 5s --dir "$stack_dir" 2>/dev/null || fail 'a drill of nothing was begun'
stack_stop
echo 'a failing connector is left out, and comes back'
