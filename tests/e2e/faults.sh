#!/usr/bin/env bash
# The faults that strike a charge, at every connector: each payment ends (or rightly stays unresolved), is charged at most once,
# and the ledger says what the books say. status_403 and status_404, which strike status questions, are not drilled here.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/tools/stack.sh
source tests/tools/stack.sh

stack_up
token=$(tokenize 4242424242424242)

# Where a charge goes when its first connector is proved not to have made it: one without faults, added for that.
printf 'sk_sbox_spare\npc_spare\n' | "$build/freeport" connector add checkout_spare --sheet checkout \
  --base-url "$FREEPORT_SANDBOX_URL/checkout_spare" --credential api_key=- --credential processing_channel_id=- \
  --dir "$stack_dir" >/dev/null

# Adyen keeps an error under the key and has no query: such a payment ends by webhook or by a person. Of one that was never
# booked no webhook comes, and it rightly stays unresolved.
endless() { [[ $1 == adyen && $2 == http_500_before ]]; }
patience() { if endless "$@"; then echo 12; else echo 240; fi; }

# drill CONNECTOR FAULT: one payment under that fault, which is switched off once its effect is seen. Prints a line.
drill() {
  local name=$1 fault=$2 payment id
  behaviour "$name" "{\"fault\":\"$fault\",\"rate\":1}"
  payment=$(api POST /v1/payments "{\"amount\":1200,\"currency\":\"EUR\",\"token\":\"$token\",\"reference\":\"$name-$fault\",\"routing\":{\"connectors\":[\"$name\",\"checkout_spare\"]}}")
  id=$(jq -er .id <<<"$payment")
  for ((i = 0; i < 120; i++)); do
    [[ $(jq -r .status <<<"$payment") == processing ]] || break
    sleep 0.25
    payment=$(api GET "/v1/payments/$id")
  done
  # A lost answer is known only once the attempt's time is over; the question then meets a PSP that answers again.
  behaviour "$name" '{"fault":"none"}'
  for ((i = 0; i < $(patience "$name" "$fault"); i++)); do
    payment=$(api GET "/v1/payments/$id")
    case $(jq -r .status <<<"$payment") in processing | unresolved) sleep 0.25 ;; *) break ;; esac
  done
  printf '%s %s %s %s %s\n' "$id" "$name" "$fault" "$(jq -r .status <<<"$payment")" "$(jq -r .connector <<<"$payment")"
}

faults=(refuse reset_before reset_after hang_before hang_after http_500_before http_500_after garbage_after)
results=$(mktemp -d)
jobs=()
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

for name in adyen checkout stripe checkout_spare; do books "$name" | jq -c --arg name "$name" '.[] | . + {connector: $name}'; done >"$results/books"

# Who must have charged in the end: the connector that had booked it; the one whose key was replayed; else the spare one.
wanted_at() { # CONNECTOR FAULT
  if endless "$1" "$2"; then
    echo nobody-knows
  elif [[ $2 == *_after || ($1 == adyen && $2 != refuse) ]]; then
    echo "$1"
  else
    echo checkout_spare
  fi
}

wrong=0 drills=0
while read -r id name fault status connector; do
  drills=$((drills + 1))
  live=$(jq -sr --arg id "$id" '[.[] | select(.reference | startswith($id)) | select(.status == "authorized" or .status == "captured")] | map(.connector) | join(" ")' "$results/books")
  wanted=$(wanted_at "$name" "$fault")
  if [[ $wanted == nobody-knows ]]; then
    [[ $status == unresolved && $live != *' '* ]] && verdict=ok || verdict=WRONG
  else
    [[ $status == captured && $connector == "$wanted" && $live == "$wanted" ]] && verdict=ok || verdict=WRONG
  fi
  [[ $verdict == ok ]] || wrong=$((wrong + 1))
  printf '%-5s %-9s %-16s %-10s at %-14s live charges: %s\n' "$verdict" "$name" "$fault" "$status" "$connector" "${live:-none}"
done < <(cat "$results"/*/lines)
rm -rf "$results"
((drills == 3 * ${#faults[@]})) || fail "only $drills drills came to their end"
((wrong == 0)) || fail "$wrong of $drills drills ended wrong"
stack_stop
echo "$drills drills: each charged once or not at all, and the ledger agrees with the books"
