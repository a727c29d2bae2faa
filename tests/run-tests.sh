#!/usr/bin/env bash
# Every test: plain, then under AddressSanitizer and UBSan, then each fuzz target for a few seconds.
# With arguments: only the meson tests so named, in the plain build.
set -euo pipefail
cd "$(dirname "$0")/.."

passed=0 failed=0 skipped=0

# meson_tests BUILD OPTION...: runs and counts them.
meson_tests() {
  local directory=$1 log status=0
  shift
  log=$(mktemp)
  meson test -C "$directory" --no-rebuild --print-errorlogs "$@" >"$log" 2>&1 || status=$?
  cat "$log"
  local count
  count() { sed -n "s/^$1: *\([0-9]*\).*/\1/p" "$log" | tail -n 1; }
  passed=$((passed + $(count Ok || true) + 0))
  failed=$((failed + $(count Fail) + $(count Timeout) + 0))
  skipped=$((skipped + $(count Skipped) + 0))
  rm -f "$log"
  if ((status != 0 && failed == 0)); then failed=$((failed + 1)); fi
}

# step TEXT COMMAND...: one check outside meson.
step() {
  printf '\n== %s\n' "$1"
  shift
  if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

build_dir() { # DIR OPTION...
  local directory=$1
  shift
  printf '\n== build %s\n' "$directory"
  [[ -f $directory/build.ninja ]] || meson setup "$directory" -Dwerror=true "$@" >/dev/null
  ninja -C "$directory" -k 0 | grep -vE '^\[[0-9]+/[0-9]+\]|^ninja: Entering' || true
  ninja -C "$directory" >/dev/null
}

build_dir build
if (($# > 0)); then
  meson_tests build "$@"
else
  printf '\n== tests\n'
  meson_tests build
  CC=clang-14 build_dir build-asan -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1
  printf '\n== tests under AddressSanitizer and UBSan\n'
  ASAN_OPTIONS=abort_on_error=1:detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
    meson_tests build-asan --suite unit --suite boundary --suite e2e --timeout-multiplier 4
  step 'fuzz targets, briefly' tests/fuzz/fuzz.sh 3
fi

printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
((failed == 0))
