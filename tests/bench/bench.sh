#!/usr/bin/env bash
# bench.sh: every measure beside its limit, measured in the same run; also as JSON in build/bench.json. Exits 0 when all could
# be measured, whether or not the targets were met: what was missed says so.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/tools/stack.sh
source tests/tools/stack.sh

figures=$(mktemp)
programs=$build/tests/bench
"$programs/bench_vault" "$figures"
"$programs/bench_open" "$figures"
"$programs/bench_decide" "$figures"
scratch=$(mktemp -d)
"$programs/bench_replay" "$figures" "$scratch"
rm -rf "$scratch"

stack_up
token=$(tokenize 4242424242424242)
"$programs/bench_payments" "$figures" "$token"
stack_stop

{
  echo '['
  sed '$ s/,$//' "$figures"
  echo ']'
} >"$build/bench.json"
rm -f "$figures"
jq -e 'length >= 10' "$build/bench.json" >/dev/null || fail 'a figure is missing'
echo "as JSON: $build/bench.json"
