#!/usr/bin/env bash
# PSPs' webhooks through the whole stack: what was only received ends by them, an answer that a PSP stored as a 5xx is
# learned from them; forged, old, misdirected and repeated ones change nothing; no order does harm; none is lost while
# hooks, vault, egress or router are down.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/tools/stack.sh
source tests/tools/stack.sh

adyen_secret=5A4D0B1E5A4D0B1E5A4D0B1E5A4D0B1E5A4D0B1E5A4D0B1E5A4D0B1E5A4D0B1E # as the stack gives it to the sandbox
stack_up
token=$(tokenize 4242424242424242)

# pay CONNECTOR CAPTURE: makes a payment of 10.00 EUR and prints its id.
pay() {
  api POST /v1/payments "{\"amount\":1000,\"currency\":\"EUR\",\"token\":\"$token\",\"capture\":\"$2\",\"routing\":{\"connectors\":[\"$1\"]}}" |
    jq -er .id
}
payment() { api GET "/v1/payments/$1"; }

# eventually ID JQ-FILTER: until the filter holds of the payment.
eventually() {
  for ((i = 0; i < 600; i++)); do
    if payment "$1" | jq -e "$2" >/dev/null; then return; fi
    sleep 0.1
  done
  payment "$1" >&2
  fail "never came: $2"
}

hook_patience=15 # seconds
post_hook() { # CONNECTOR BODY [HEADER]: prints the status
  local options=(--silent --output "$stack_dir/hook.answer" --write-out '%{http_code}' --max-time "$hook_patience")
  [[ -z ${3-} ]] || options+=(--header "$3")
  printf '%s' "$2" | curl "${options[@]}" --header 'Content-Type: application/json' --data-binary @- "$FREEPORT_HOOKS_URL/v1/hooks/$1"
}

hmac() { # KEY-OPTION TEXT: in hexadecimal
  printf '%s' "$2" | openssl dgst -sha256 -mac HMAC -macopt "$1" | sed 's/.*= //'
}

adyen_item() { # EVENT REFERENCE SUCCESS [SECRET]
  local text="PSPREFERENCE0001:ORIGINAL00000001:SandboxMerchant:$2:1000:EUR:$1:$3" mac
  mac=$(printf '%s' "$text" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:${4-$adyen_secret}" -binary | base64)
  printf '{"live":"false","notificationItems":[{"NotificationRequestItem":{"additionalData":{"hmacSignature":"%s"},' "$mac"
  printf '"amount":{"currency":"EUR","value":1000},"eventCode":"%s","eventDate":"2026-01-01T00:00:00Z",' "$1"
  printf '"merchantAccountCode":"SandboxMerchant","merchantReference":"%s","originalReference":"ORIGINAL00000001",' "$2"
  printf '"pspReference":"PSPREFERENCE0001","reason":"","success":"%s"}}]}' "$3"
}

# Adyen's movements are received and end by webhook; so do Checkout.com's, and Stripe's agree.
for name in adyen checkout stripe; do
  id=$(pay "$name" manual)
  api POST "/v1/payments/$id/capture" '{}' >/dev/null
  eventually "$id" '.status == "captured" and .movements[0].status == "succeeded" and .amount_captured == 1000'
  api POST "/v1/payments/$id/refunds" '{"amount":400}' >/dev/null
  eventually "$id" '.movements[1].status == "succeeded" and .amount_refunded == 400'
  id=$(pay "$name" manual)
  api POST "/v1/payments/$id/void" '{}' >/dev/null
  eventually "$id" '.status == "voided" and .movements[0].status == "succeeded"'
done
echo 'captures, refunds and voids end by webhook at each connector'

# Adyen has no question to ask, and keeps its 500 under the key: only the webhook tells.
behaviour adyen '{"fault":"http_500_after","operations":["authorize","charge"]}'
id=$(pay adyen automatic)
behaviour adyen '{}'
eventually "$id" '.status == "captured" and (.attempts | length) == 1'
[[ $(books adyen | jq "[.[] | select(.reference == \"${id}_1\")] | length") == 1 ]] || fail 'not charged exactly once'
echo "a stored 500 of Adyen's is resolved by webhook"

# What must not count. The sandbox sends nothing of its own for this payment.
behaviour adyen '{"webhooks":"off"}'
id=$(pay adyen manual)
api POST "/v1/payments/$id/capture" '{}' >/dev/null
movement=$(payment "$id" | jq -er '.movements[0].id')
before=$(payment "$id" | jq -S 'del(.updated_at)')
forged=$(printf '%064d' 1)
[[ $(post_hook adyen "$(adyen_item CAPTURE "${movement}_1" true "$forged")") == 401 ]] || fail 'a forged signature was not refused'
[[ $(post_hook stripe "$(adyen_item CAPTURE "${movement}_1" true)") == 401 ]] || fail "another connector's webhook was not refused"
[[ $(post_hook nowhere "$(adyen_item CAPTURE "${movement}_1" true)") == 401 ]] || fail 'a connector that is not there was told apart'
body="{\"type\":\"payment_captured\",\"data\":{\"action_id\":\"act_x\",\"amount\":1000,\"currency\":\"EUR\",\"reference\":\"${movement}_1\"}}"
mac=$(hmac key:sandbox-webhooks "$body")
[[ $(post_hook checkout "$body" "Cko-Signature: $mac") == 200 ]] || fail 'a signed webhook was refused'
body="{\"type\":\"refund.updated\",\"created\":1,\"data\":{\"object\":{\"object\":\"refund\",\"status\":\"succeeded\",\"metadata\":{\"reference\":\"${movement}_1\"}}}}"
old=$(($(date +%s) - 400)) now=$(date +%s)
[[ $(post_hook stripe "$body" "Stripe-Signature: t=$old,v1=$(hmac key:whsec_sandbox "$old.$body")") == 401 ]] || fail 'an old signature was not refused'
[[ $(post_hook stripe "$body" "Stripe-Signature: t=$now,v1=$(hmac key:whsec_sandbox "$now.$body")") == 200 ]] || fail 'a signature of now was refused'
[[ $(payment "$id" | jq -S 'del(.updated_at)') == "$before" ]] || fail 'a webhook that does not count changed a payment'
listed=$("$build/freeport" connector list --dir "$stack_dir")
[[ $listed == *$'\nadyen '*' 1 wrongly signed'*$'\ncheckout '* ]] || fail "connector list does not tell of Adyen's forgery: $listed"
grep -q "webhooks are refused: none of the connector's signing secrets signed them, or too long ago id=adyen\$" "$stack_dir/log/vault.log" ||
  fail 'the log does not tell of the forgery'
echo 'forged, old and misdirected webhooks change nothing, and are told of'

# The right one counts once, however often it comes.
item=$(adyen_item CAPTURE "${movement}_1" true)
for ((i = 0; i < 3; i++)); do
  [[ $(post_hook adyen "$item") == 200 && $(<"$stack_dir/hook.answer") == '[accepted]' ]] || fail 'a good webhook was not accepted'
done
eventually "$id" '.movements[0].status == "succeeded" and .amount_captured == 1000 and (.movements | length) == 1'
echo 'the right one counts once'

# An operator gives a connector its secret, and changes it without losing what was signed with the one before.
register() { # SECRET [SECRET-BEFORE]
  printf '%s\n' AQEkey SandboxMerchant "$@" | "$build/freeport" connector add adyen_spare --sheet adyen \
    --base-url "$FREEPORT_SANDBOX_URL/adyen_spare" --credential api_key=- --credential merchant_account=- \
    --credential webhook_secret=- ${2+--credential webhook_secret_previous=-} --dir "$stack_dir" 2>&1
}
first=$(printf 'AB%.0s' {1..32}) second=$(printf 'cd%.0s' {1..32})
! said=$(register not-hexadecimal) || fail 'a secret that is none was taken'
[[ $said == *'64 hexadecimal digits'* && $said != *not-hexadecimal* ]] || fail "a wrong secret was not explained: $said"
said=$(register "$first") || fail "$said"
[[ $(post_hook adyen_spare "$(adyen_item CAPTURE "${movement}_1" true "$first")") == 200 ]] || fail 'the secret does not count'
said=$(register "$second" "$first") || fail "$said"
[[ $(post_hook adyen_spare "$(adyen_item CAPTURE "${movement}_1" true "$first")") == 200 ]] || fail 'the secret before counts no more'
[[ $(post_hook adyen_spare "$(adyen_item CAPTURE "${movement}_1" true "$second")") == 200 ]] || fail 'the new secret does not count'
said=$(register "$second") || fail "$said"
[[ $(post_hook adyen_spare "$(adyen_item CAPTURE "${movement}_1" true "$first")") == 401 ]] || fail 'the secret before counts for ever'
echo 'a secret is changed without a gap'

# A decline of which the webhook comes before the answer, and does not say why: the answer is waited for, the issuer's code of
# Visa's category 1 is kept, and no acquirer is given the card for that amount again (P7).
lost=$(tokenize 4111111111111111)
pay_lost() { # [MEMBERS]
  api POST /v1/payments "{\"amount\":4100,\"currency\":\"EUR\",\"token\":\"$lost\"${1-}}"
}
behaviour adyen '{"decline":"20","network_code":"41","latency_ms":900,"webhook_delay_ms":100}'
said=$(pay_lost)
jq -e '.status == "declined" and .decline.retry == "never" and (.attempts | length) == 1 and
  (.attempts[0] | .class == "hard" and .code == "20" and .network_code == "41")' <<<"$said" >/dev/null || fail "codes were lost: $said"
behaviour adyen '{}'
said=$(pay_lost ',"routing":{"connectors":["checkout"]}')
jq -e '.status == "declined" and .decline.reason == "retry_budget_exhausted"' <<<"$said" >/dev/null || fail "tried again: $said"
behaviour adyen '{"decline":"2","network_code":"05","latency_ms":900,"webhook_delay_ms":100}'
said=$(api POST /v1/payments "{\"amount\":4200,\"currency\":\"EUR\",\"token\":\"$token\",\"routing\":{\"connectors\":[\"adyen\",\"checkout\"]}}")
jq -e '.status == "captured" and .connector == "checkout" and .attempts[0].network_code == "05"' <<<"$said" >/dev/null ||
  fail "a soft decline did not cascade: $said"
behaviour adyen '{}'
echo 'a decline told by webhook waits for the answer that says why'

# Twice and out of order.
for mode in duplicate reorder; do
  behaviour adyen "{\"webhooks\":\"$mode\"}"
  id=$(pay adyen manual)
  api POST "/v1/payments/$id/capture" '{}' >/dev/null
  eventually "$id" '.movements[0].status == "succeeded" and .amount_captured == 1000'
  api POST "/v1/payments/$id/refunds" '{}' >/dev/null
  eventually "$id" '.movements[1].status == "succeeded" and .amount_refunded == 1000 and (.movements | length) == 2'
done
behaviour adyen '{}'
echo 'duplicates and disorder are harmless'

# None is lost with a process: the PSP is answered 503, or not at all, and sends again; what it is answered 200 for is kept, as
# nothing tells of it a second time.
behaviour adyen '{"webhooks":"off"}'

# A capture whose webhook comes while PROCESS, killed, is not there: the supervisor waits meanwhile. But for hooks, in whose socket,
# which outlives it, the webhook waits.
meet_killed() { # PROCESS
  local pid=FREEPORT_$1_PID refused=0 id item killed i
  id=$(pay adyen manual)
  api POST "/v1/payments/$id/capture" '{}' >/dev/null
  item=$(adyen_item CAPTURE "$(payment "$id" | jq -er '.movements[0].id')_1" true)
  killed=${!pid}
  [[ $1 == HOOKS ]] || kill -STOP "$stack_pid"
  kill -KILL "$killed"
  if [[ $1 != HOOKS ]]; then
    [[ $(hook_patience=2 post_hook adyen "$item" || true) != 200 ]] || fail "a webhook is accepted without $1"
    kill -CONT "$stack_pid"
  fi
  until [[ $(post_hook adyen "$item" || true) == 200 ]]; do
    ((++refused < 300)) || fail "a webhook is refused for ever after $1 was killed"
    sleep 0.1
  done
  for ((i = 0; i < 300; i++)); do
    stack_env
    [[ ${!pid} == "$killed" ]] || ! curl -sf --max-time 1 "$FREEPORT_API_URL/readyz" >/dev/null || break
    sleep 0.1
  done
  eventually "$id" '.movements[0].status == "succeeded" and .amount_captured == 1000'
}

for process in HOOKS VAULT EGRESS ROUTER; do meet_killed "$process"; done
behaviour adyen '{}'
echo 'a killed process loses no webhook'

# What signs webhooks is in the vault alone (and in the sandbox, which signs).
for process in HOOKS EGRESS ROUTER; do
  pid=FREEPORT_${process}_PID
  printf '%s\n' "${adyen_secret:0:20}" whsec_sandbox sandbox-webhooks | "$build/tests/tools/card_scan" --pid "${!pid}" || fail "$process holds a secret of webhooks"
done
printf '%s\n' "${adyen_secret:0:20}" whsec_sandbox sandbox-webhooks |
  "$build/tests/tools/card_scan" --path "$stack_dir/vault" --path "$stack_dir/router" --path "$stack_dir/log" --path "$stack_dir/up.err" || fail 'a secret of webhooks lies in a file'
stack_stop
echo 'webhooks settle what is open, and nothing else'
