#!/usr/bin/env bash
# Every test: plain (gcc), then under AddressSanitizer, LeakSanitizer and UBSan (clang), then each fuzz target for a few
# seconds. With arguments: only the meson tests so named, in the plain build. What failed is told where it failed and
# again at the end, where a log that was cut short still has it. The last line counts them all; the exit status is 0 when
# none failed and at least one ran.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly fuzz_seconds=3
export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-14
passed=0 failed=0 skipped=0
failures=$(mktemp)
trap 'rm -f "$failures"' EXIT

close_up() {
  if [[ -s $failures ]]; then
    printf '\n== what failed, again\n'
    cat "$failures"
  fi
  printf '\nin %d seconds\n' "$SECONDS"
  printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  ((failed == 0 && passed > 0))
}

say() { printf '\n== %s\n' "$*"; }

# build_dir DIR MESON-OPTION...: configures it once and builds it. What the compilers say is shown when it does not build.
build_dir() {
  local directory=$1 log
  shift
  say "build $directory"
  log=$(mktemp)
  if { [[ -f $directory/build.ninja ]] || meson setup "$directory" -Dwerror=true "$@"; } >"$log" 2>&1 &&
    ninja -C "$directory" -k 0 >"$log" 2>&1; then
    rm -f "$log"
    return 0
  fi
  # From the first failure on; the whole where it is not the compiler that failed.
  if grep -q '^FAILED' "$log"; then
    sed -n '/^FAILED/,$p' "$log" | grep -vE '^\[[0-9]+/[0-9]+\] |^(cc|gcc|clang-14) ' || true
  else
    cat "$log"
  fi
  rm -f "$log"
  failed=$((failed + 1))
  printf '\n-- %s does not build\n' "$directory" >>"$failures"
  return 1
}

# meson_tests DIR OPTION...: runs them and counts their cases.
meson_tests() {
  local directory=$1 counts status=0
  shift
  rm -f "$directory/meson-logs/testlog.json"
  CRITERION_VERBOSITY_LEVEL=1 meson test -C "$directory" --no-rebuild --num-processes 3 "$@" |
    grep --line-buffered -vE '^(ninja: |Full log|Expected Fail|Unexpected Pass|$)' || status=${PIPESTATUS[0]}
  counts=$(python3 tests/tally.py "$directory") || counts='0 1 0'
  sed '$d' <<<"$counts"
  sed '$d; /^skipped: /d' <<<"$counts" >>"$failures"
  read -r ok wrong skip <<<"${counts##*$'\n'}"
  if ((status != 0 && wrong == 0)); then
    wrong=1
    printf '\n-- meson test %s: status %d, though no test says that it failed\n' "$directory" "$status" | tee -a "$failures"
  fi
  passed=$((passed + ok)) failed=$((failed + wrong)) skipped=$((skipped + skip))
}

# Sanitizers write to files: what a process of a stack or of a test's child says is found even when nobody looks at how
# that process ended.
sanitized_tests() {
  local reports
  reports=$(mktemp -d)
  ASAN_OPTIONS=abort_on_error=1:detect_leaks=1:log_path=$reports/asan \
    UBSAN_OPTIONS=halt_on_error=1:abort_on_error=1:print_stacktrace=1:log_path=$reports/ubsan \
    meson_tests build-asan --suite unit --suite boundary --suite e2e --suite sim --timeout-multiplier 4
  if [[ -n $(find "$reports" -type f) ]]; then
    { printf '\n-- the sanitizers report\n' && find "$reports" -type f -exec head -n 60 '{}' +; } | tee -a "$failures"
    failed=$((failed + 1))
  fi
  rm -rf "$reports"
}

if (($# > 0)); then
  build_dir build && meson_tests build "$@"
  close_up
  exit
fi

if build_dir build; then
  say tests
  meson_tests build --timeout-multiplier 2
fi
if CC=clang-14 build_dir build-asan -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1; then
  say 'tests under AddressSanitizer, LeakSanitizer and UBSan'
  sanitized_tests
fi
say 'fuzz targets, briefly'
if tests/fuzz/fuzz.sh "$fuzz_seconds"; then
  passed=$((passed + 1))
else
  failed=$((failed + 1))
  printf '\n-- a fuzz target failed, see above\n' >>"$failures"
fi
close_up
