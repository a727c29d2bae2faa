#!/usr/bin/env bash
# Processes of a stack are killed (SIGKILL) at random under load, with PSPs that misbehave, and start again; when the dust
# has settled, the books agree with the ledger and the merchant has what it was told.
#
#   kill_recover.sh [--rounds N] [--seconds S] [--seed SEED]
#
# The seed, which is printed, draws what is asked for, what fails and what is killed when; how that interleaves, no seed
# tells. BUILD_DIR names the build.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/tools/stack.sh
source tests/tools/stack.sh

rounds=2 seconds=5 seed=$((RANDOM * 32768 + RANDOM))
while (($# > 0)); do
  case $1 in
    --rounds) rounds=$2 ;;
    --seconds) seconds=$2 ;;
    --seed) seed=$2 ;;
    *) fail "usage: kill_recover.sh [--rounds N] [--seconds S] [--seed SEED]" ;;
  esac
  shift 2
done

stack_up
printf 'seed %s\n' "$seed"
"$build/tests/e2e/kill/kill-recover" --stack "$stack_pid" --rounds "$rounds" --seconds "$seconds" --seed "$seed"

stack_env # the processes of now
"$build/freeport" audit verify --dir "$stack_dir"
scan_root=()
((EUID == 0)) || scan_root=(sudo -n)
printf '%s\n' 4242427391058265 5555553948201757 378282591730468 5105108671935421 4000000000000002 |
  "${scan_root[@]}" "$build/tests/tools/card_scan" --pid "$FREEPORT_ROUTER_PID" --path "$stack_dir/router" --path "$stack_dir/log" ||
  fail 'a card number was found where none may be'
stack_stop
