#!/usr/bin/env bash
# Canary cards and security codes go through the whole stack, well-formed and wrong, to every front: none may be found in
# the memory of router, egress, collect or hooks afterwards, in any file of the stack, in a log or in an answer (B1, B4, B6,
# B7). Only the sandbox, which plays the PSP, has been told them.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/tools/stack.sh
source tests/tools/stack.sh

# Valid numbers in the published test ranges, at random, so that no text of ours holds them.
canary() { # PREFIX LENGTH
  local digits=$1 sum=0 i digit
  while ((${#digits} < $2 - 1)); do digits+=$((RANDOM % 10)); done
  for ((i = 0; i < ${#digits}; i++)); do
    digit=${digits:${#digits}-1-i:1}
    if ((i % 2 == 0)); then digit=$((digit * 2 > 9 ? digit * 2 - 9 : digit * 2)); fi
    sum=$((sum + digit))
  done
  printf '%s%d' "$digits" $(((10 - sum % 10) % 10))
}

visa=$(canary 424242 16) mastercard=$(canary 555555 16) amex=$(canary 378282 15) stray=$(canary 411111 16)
codes=(4917 8362) # of four digits, for American Express

stack_up
answers=$stack_dir/answers
: >"$answers"

# Good ones, charged at each connector: captured, declined, lost and found.
for name in adyen checkout stripe; do
  token=$(tokenize "$visa")
  for fault in none reset_after http_500_after garbage_after; do
    behaviour "$name" "{\"fault\":\"$fault\",\"rate\":1}"
    api POST /v1/payments "{\"amount\":1000,\"currency\":\"EUR\",\"token\":\"$token\",\"routing\":{\"connectors\":[\"$name\"]}}" >>"$answers"
  done
  behaviour "$name" '{"fault":"none"}'
done
for code in "${codes[@]}"; do
  token=$(tokenize "$amex" "$code")
  api POST /v1/payments "{\"amount\":1000,\"currency\":\"USD\",\"token\":\"$token\"}" >>"$answers"
  leased=$(request "$FREEPORT_PUBLISHABLE_KEY" POST "$FREEPORT_COLLECT_URL/v1/security-codes" "{\"token\":\"$token\",\"cvc\":\"$code\"}" | jq -er .id)
  api POST /v1/payments "{\"amount\":1100,\"currency\":\"USD\",\"token\":\"$token\",\"security_code\":\"$leased\"}" >>"$answers"
done
token=$(tokenize "$mastercard")
api GET "/v1/tokens/$token" >>"$answers"

# Wrong ones, everywhere: a card where none belongs, in fields, paths, keys and headers.
wrong_bodies=("{\"number\":\"$stray\"}" "{\"type\":\"card\",\"card\":{\"number\":\"$stray\"" "$stray" "{\"$stray\":1}"
  "{\"amount\":$stray,\"currency\":\"EUR\",\"token\":\"$stray\",\"cvc\":\"${codes[0]}\"}"
  "{\"type\":\"card\",\"card\":{\"number\":\"$stray\",\"exp_month\":13,\"exp_year\":2030,\"cvc\":\"${codes[1]}\"}}")
for body in "${wrong_bodies[@]}"; do
  api POST /v1/payments "$body" >>"$answers"
  api POST /v1/policies "$body" >>"$answers"
  api POST /v1/route "$body" >>"$answers"
  request "$FREEPORT_PUBLISHABLE_KEY" POST "$FREEPORT_COLLECT_URL/v1/tokens" "$body" >>"$answers"
  request "$FREEPORT_PUBLISHABLE_KEY" POST "$FREEPORT_COLLECT_URL/v1/security-codes" "$body" >>"$answers"
  for name in adyen checkout stripe "$stray"; do
    request none POST "$FREEPORT_HOOKS_URL/v1/hooks/$name" "$body" >>"$answers"
  done
done
# A card in a merchant's own text is refused, so that the ledger never holds it.
for text in "\"reference\":\"$stray\"" "\"metadata\":{\"note\":\"paid with $stray\"}" "\"customer\":{\"name\":\"$stray\"}"; do
  api POST /v1/payments "{\"amount\":1000,\"currency\":\"EUR\",\"token\":\"$token\",$text}" >>"$answers"
  [[ $(<"$api_status") == 422 ]] || fail 'a card number was taken as a text'
done
for path in "/v1/payments/$stray" "/v1/tokens/$stray" "/v1/payments?reference=$stray" "/$stray"; do
  api GET "$path" >>"$answers"
done
request "$stray" GET "$FREEPORT_API_URL/v1/payments" >>"$answers"
all_ended # while a key is replayed, its card is rightly on its way
sleep 1   # buffers reused

search() { # WHAT OPTION...
  local what=$1
  shift
  printf '%s: ' "$what"
  printf '%s\n' "$visa" "$mastercard" "$amex" | "$build/tests/tools/card_scan" "$@" || fail "a canary was found ($what)"
}
# Their memory, after the last use: the router never had one; the others have wiped theirs.
search 'router' --pid "$FREEPORT_ROUTER_PID"
search 'egress' --pid "$FREEPORT_EGRESS_PID"
search 'collect' --pid "$FREEPORT_COLLECT_PID"
search 'hooks' --pid "$FREEPORT_HOOKS_PID"
search 'vault' --pid "$FREEPORT_VAULT_PID"
search 'files' --path "$stack_dir/vault" --path "$stack_dir/router" --path "$stack_dir/log" --path "$stack_dir/run" --path "$stack_dir/up.err" --path "$answers"
printf 'stray numbers, in files and logs: '
printf '%s\n' "$stray" | "$build/tests/tools/card_scan" --path "$stack_dir/vault" --path "$stack_dir/router" --path "$stack_dir/log" --path "$answers" ||
  fail 'a rejected number was kept or repeated'

# A code of four digits stands in any file by chance; a leak shows both, in the same file.
while IFS= read -r -d '' file; do
  if grep -aqF "${codes[0]}" "$file" && grep -aqF "${codes[1]}" "$file"; then
    # In a database of a megabyte and more both may stand by chance: then it must be beside a word of ours.
    grep -aqE "(cvc|cvv|code)[^0-9a-zA-Z]{1,6}(${codes[0]}|${codes[1]})" "$file" && fail "security codes were found in $(basename "$file")"
    (($(stat -c %s "$file") > 100000)) || fail "security codes were found in $(basename "$file")"
  fi
done < <(find "$stack_dir/vault" "$stack_dir/router" "$stack_dir/log" "$stack_dir/run" "$answers" -type f -print0)
printf '%s\n' "\"cvc\":\"${codes[0]}\"" "cvc]=${codes[0]}" "cvc%5D=${codes[0]}" "\"cvv\":\"${codes[0]}\"" |
  "$build/tests/tools/card_scan" --pid "$FREEPORT_EGRESS_PID" --pid "$FREEPORT_COLLECT_PID" --pid "$FREEPORT_HOOKS_PID" --pid "$FREEPORT_ROUTER_PID" ||
  fail 'a security code is left in memory'

# The scan itself must be able to find: one is planted for it.
printf '%s\n' "$visa" >"$stack_dir/planted"
! printf '%s\n' "$visa" | "$build/tests/tools/card_scan" --path "$stack_dir/planted" >/dev/null || fail 'the search finds nothing at all'
stack_stop
echo 'no canary anywhere'
