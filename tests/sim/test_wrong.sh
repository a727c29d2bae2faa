#!/usr/bin/env bash
# test_wrong.sh SIM NAME: the known-wrong router of that name is caught, within 10,000 payments, with a story.
# test_wrong.sh SIM: each that is listed is one of those tested; an unknown one is wrong usage.
set -euo pipefail
sim=$1
told=$(mktemp)
trap 'rm -f "$told"' EXIT

fail() {
  printf 'test_wrong: %s\n' "$*" >&2
  tail -n 20 "$told" >&2
  exit 1
}

if (($# == 1)); then
  readonly tested='absent_at_once budget_ignored capture_not_idempotent first_tries_free half_published hard_tried_elsewhere health_ignored key_forgotten_at_restart later_after_hard later_at_any_hour later_forgets_budget later_forgotten later_ignores_advice month_forgotten never_back no_dispatch_record reason_not_awaited retry_on_timeout webhook_awaited_for_ever'
  "$sim" --list-wrong >"$told"
  [[ $(cut -d' ' -f1 "$told" | sort | xargs) == "$tested" ]] || fail 'other wrong routers are listed than tested'
  for arguments in '--wrong nobody' '--payments 0' '--payments x' '--seed' '--nothing' 'word'; do
    status=0
    # shellcheck disable=SC2086 # they are words
    "$sim" $arguments >"$told" 2>&1 || status=$?
    ((status == 64)) || fail "exit status $status for $arguments"
  done
  exit 0
fi

status=0
"$sim" --wrong "$2" >"$told" 2>&1 || status=$?
((status == 1)) || fail "exit status $status, and 1 is expected"
grep -q '^FAILED: seed 1, universe ' "$told" || fail 'no seed was told'
grep -q '^FAILED at step ' "$told" || fail 'no story was told'
again=$(sed -n 's/^again: .\/run sim \(--seed 1 --universe [0-9]* --only [0-9,]* --spare [0-9]*\)$/\1/p' "$told")
[[ -n $again ]] || fail 'no command to run it again was told'
payments=$(sed -n 's/^\([0-9]*\) simulated payments.*/\1/p' "$told")
((payments <= 10000)) || fail "it took $payments payments"

what=$(sed -n 's/^FAILED at step //p' "$told")
status=0
# shellcheck disable=SC2086 # they are words
"$sim" --wrong "$2" $again >"$told" 2>&1 || status=$?
((status == 1)) || fail "run again, its exit status is $status"
grep -qF "FAILED at step $what" "$told" || fail "run again, it fails otherwise than: $what"
