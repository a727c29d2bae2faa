#!/usr/bin/env bash
# The faults that strike a charge, at every connector, and those that strike status questions, where there are any: each payment
# ends (or rightly stays unresolved), is charged at most once, and the ledger says what the books say.
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

# ---- status_403 and status_404, which strike status questions ----
# Answers are lost in every way, and the questions about them are then refused. Adyen has no status question: the fate of its
# payments is asked for by replaying their keys, which these faults do not meet. No webhook tells meanwhile.

readonly settling_s=2    # of the connectors on the sandbox
readonly held_ms=8000    # how long a lost answer is held up: the behaviour is changed before the first question
readonly asked_by_then=3 # questions about a lost answer until its settling time is over
# What is not held up comes last.
readonly lost=(hang_after reset_after http_500_after reset_before)

payment_of() { api GET "/v1/payments?reference=$1" | jq -c '.data[0] // empty'; }
questions() { curl --silent --show-error --max-time 10 "$FREEPORT_API_URL/metrics" | sed -n 's/^freeport_questions_total //p'; }

# The connectors at which a payment is live in the books.
live_charges() { # ID
  local name
  for name in adyen checkout stripe checkout_spare; do
    books "$name" | jq -r --arg id "$1" --arg name "$name" \
      '.[] | select(.reference | startswith($id)) | select(.status == "authorized" or .status == "captured") | $name'
  done | paste -sd ' '
}

# One payment whose answer gets lost at CONNECTOR by FAULT; leaves its id in $id when it has come to the PSP.
lose() { # CONNECTOR FAULT REFERENCE
  local name=$1 fault=$2 latency=$held_ms body i
  [[ $fault == *_after ]] || latency=0
  behaviour "$name" "{\"fault\":\"$fault\",\"rate\":1,\"latency_ms\":$latency,\"webhooks\":\"off\"}"
  body="{\"amount\":1500,\"currency\":\"EUR\",\"token\":\"$token\",\"reference\":\"$3\",\"deadline_ms\":120000,\"routing\":{\"connectors\":[\"$name\",\"checkout_spare\"]}}"
  (
    api_status=$results/$3
    api POST /v1/payments "$body" >/dev/null
  ) &
  for ((i = 0; i < 600; i++)); do
    sleep 0.05
    id=$(payment_of "$3" | jq -r .id)
    [[ -n $id ]] || continue
    if [[ $fault == *_after ]]; then
      [[ -z $(live_charges "$id") ]] || return 0
    else
      [[ $(payment_of "$3" | jq -r .status) != unresolved ]] || return 0
    fi
  done
  fail "a payment did not come to $name"
}

# Waits until the payments in $lost_ids have a status that matches.
all_are() { # WANTED TRIES
  local id i
  for id in "${!lost_ids[@]}"; do
    for ((i = 0; i < $2; i++)); do
      [[ ! $(api GET "/v1/payments/$id" | jq -r .status) =~ ^($1)$ ]] || continue 2
      sleep 0.25
    done
    fail "$id (${lost_ids[$id]}) is $(api GET "/v1/payments/$id" | jq -r .status) where it should be $1"
  done
}

# The questions of eight payments meet $1: it proves nothing, however long it goes on; when it ends, each ends as it should.
drill_questions() { # FAULT
  local name fault asked id payment wanted i
  declare -A lost_ids=()
  asked=$(questions)
  for name in checkout stripe; do
    for fault in "${lost[@]}"; do
      lose "$name" "$fault" "$name-$fault-$1"
      lost_ids[$id]="$name $fault"
    done
    behaviour "$name" "{\"fault\":\"$1\",\"rate\":1,\"webhooks\":\"off\"}"
  done
  all_are unresolved 160
  sleep $((settling_s + 1))
  for ((i = 0; i < 120; i++)); do
    (($(questions) - asked < asked_by_then * ${#lost_ids[@]})) || break
    sleep 0.25
  done
  ((i < 120)) || fail "only $(($(questions) - asked)) questions were asked of ${#lost_ids[@]} payments"
  for id in "${!lost_ids[@]}"; do
    read -r name fault <<<"${lost_ids[$id]}"
    payment=$(api GET "/v1/payments/$id")
    [[ $(jq -r '"\(.status) \(.attempts | length)"' <<<"$payment") == 'unresolved 1' ]] || fail "$id: a $1 of $name was taken for an answer"
    [[ $fault == *_before || $(live_charges "$id") == "$name" ]] || fail "$id is not charged once at $name"
    [[ $fault != *_before || -z $(live_charges "$id") ]] || fail "$id was charged elsewhere while $name had not answered"
  done
  behaviour checkout '{"fault":"none"}'
  behaviour stripe '{"fault":"none"}'
  all_are captured 400
  for id in "${!lost_ids[@]}"; do
    read -r name fault <<<"${lost_ids[$id]}"
    wanted=$name
    [[ $fault == *_after ]] || wanted=checkout_spare
    payment=$(api GET "/v1/payments/$id")
    [[ $(jq -r .connector <<<"$payment") == "$wanted" && $(live_charges "$id") == "$wanted" ]] || fail "$id is not charged once at $wanted"
    printf '%-5s %-9s %-16s then %s to its questions: unresolved until that ended, then captured at %s\n' ok "$name" "$fault" "$1" "$wanted"
  done | sort
  drills=$((drills + ${#lost_ids[@]}))
}

results=$(mktemp -d)
drills=0
drill_questions status_403
drill_questions status_404

# ---- What strikes the charge ----

# Adyen keeps an error under the key and has no query: such a payment ends by webhook or by a person. Of one that was never
# booked no webhook comes, and it rightly stays unresolved.
endless() { [[ $1 == adyen && $2 == http_500_before ]]; }
patience() { if endless "$@"; then echo 12; else echo 400; fi; }

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

# Ten faults in a row would take a connector out.
for name in adyen checkout stripe; do
  [[ $(api POST /v1/payments "{\"amount\":1700,\"currency\":\"EUR\",\"token\":\"$token\",\"routing\":{\"connectors\":[\"$name\"]}}" | jq -r .status) == captured ]] ||
    fail "$name is not well again"
done

faults=(refuse reset_before reset_after hang_before hang_after http_500_before http_500_after garbage_after)
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

# Milliseconds from the first attempt's start to the second's.
between_attempts() { # ID
  api GET "/v1/payments/$1" |
    jq '[.attempts[].started_at | (.[0:19] + "Z" | fromdate) * 1000 + (.[20:23] | tonumber)] | .[1] - .[0]'
}

wrong=0
while read -r id name fault status connector; do
  drills=$((drills + 1))
  live=$(live_charges "$id")
  wanted=$(wanted_at "$name" "$fault")
  if [[ $wanted == nobody-knows ]]; then
    [[ $status == unresolved && $live != *' '* ]] && verdict=ok || verdict=WRONG
  else
    [[ $status == captured && $connector == "$wanted" && $live == "$wanted" ]] && verdict=ok || verdict=WRONG
  fi
  # What may still come into being is not believed absent before the settling time.
  if [[ $fault != refuse && $wanted == checkout_spare ]] && (($(between_attempts "$id") < settling_s * 1000)); then verdict=WRONG; fi
  [[ $verdict == ok ]] || wrong=$((wrong + 1))
  printf '%-5s %-9s %-16s %-10s at %-14s live charges: %s\n' "$verdict" "$name" "$fault" "$status" "$connector" "${live:-none}"
done < <(cat "$results"/*/lines)
rm -rf "$results"
((drills == 2 * 2 * ${#lost[@]} + 3 * ${#faults[@]})) || fail "only $drills drills came to their end"
((wrong == 0)) || fail "$wrong of $drills drills ended wrong"
stack_stop
echo "$drills drills: each charged once or not at all, and the ledger agrees with the books"
