#!/usr/bin/env bash
# Every fault that the sandbox knows, at every connector, on charges: each payment ends, is charged at most once, and the
# ledger says what the books say.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/tools/stack.sh
source tests/tools/stack.sh

stack_up
token=$(tokenize 4242424242424242)

# Where a charge may go when the first connector is proved not to have made it.
declare -A other=([adyen]=checkout [checkout]=stripe [stripe]=checkout)

# drill CONNECTOR FAULT: one payment under that fault, which is switched off once its effect is seen. Prints a line.
drill() {
  local name=$1 fault=$2 payment id
  behaviour "$name" "{\"fault\":\"$fault\",\"rate\":1}"
  payment=$(api POST /v1/payments "{\"amount\":1200,\"currency\":\"EUR\",\"token\":\"$token\",\"reference\":\"$name-$fault\",\"routing\":{\"connectors\":[\"$name\",\"${other[$name]}\"]}}")
  id=$(jq -er .id <<<"$payment")
  for ((i = 0; i < 120; i++)); do
    [[ $(jq -r .status <<<"$payment") == processing ]] || break
    sleep 0.25
    payment=$(api GET "/v1/payments/$id")
  done
  # A lost answer is known only once the attempt's time is over; the question then meets a PSP that answers again.
  behaviour "$name" '{"fault":"none"}'
  for ((i = 0; i < 240; i++)); do
    payment=$(api GET "/v1/payments/$id")
    case $(jq -r .status <<<"$payment") in processing | unresolved) sleep 0.25 ;; *) break ;; esac
  done
  printf '%s %s %s %s %s\n' "$id" "$name" "$fault" "$(jq -r .status <<<"$payment")" "$(jq -r .connector <<<"$payment")"
}

faults=(refuse reset_before reset_after hang_before hang_after http_500_before http_500_after garbage_after)
results=$(mktemp -d)
jobs=()
# Side by side; a fault at one connector may be met by another's cascade, which is welcome.
for name in adyen checkout stripe; do
  (
    mkdir "$results/$name"
    api_status=$results/$name/status
    for fault in "${faults[@]}"; do
      drill "$name" "$fault"
    done >"$results/$name/lines"
  ) &
  jobs+=($!)
done
for job in "${jobs[@]}"; do wait "$job" || fail 'a drill did not come to its end'; done

for name in adyen checkout stripe; do books "$name" | jq -c --arg name "$name" '.[] | . + {connector: $name}'; done >"$results/books"

wrong=0 drills=0
while read -r id name fault status connector; do
  drills=$((drills + 1))
  live=$(jq -sr --arg id "$id" '[.[] | select(.reference | startswith($id)) | select(.status == "authorized" or .status == "captured")] | map(.connector) | join(" ")' "$results/books")
  case $status in
    captured) wanted=$connector ;;
    declined | failed | voided) wanted='' ;;
    *) wanted='an end' ;;
  esac
  if [[ $live != "$wanted" ]]; then
    wrong=$((wrong + 1))
    printf 'WRONG %s under %s: ledger %s at %s, live charges in the books at [%s]\n' "$name" "$fault" "$status" "$connector" "$live"
  else
    printf '%-9s %-16s %-9s at %-9s live charges: %s\n' "$name" "$fault" "$status" "$connector" "${live:-none}"
  fi
done < <(cat "$results"/*/lines)
rm -rf "$results"
((drills == 3 * ${#faults[@]})) || fail "only $drills drills came to their end"
((wrong == 0)) || fail "$wrong of $drills drills ended wrong"
stack_stop
echo "$drills drills: each ended, charged once or not at all, and the ledger agrees with the books"
