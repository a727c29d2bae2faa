#!/usr/bin/env bash
# fuzz.sh [SECONDS]: builds the fuzz targets with clang and runs each for so many seconds (default 60), two at a time.
# An input that breaks one is kept as crash-* in build-fuzz/findings and named.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-60}
[[ $seconds =~ ^[0-9]+$ && $seconds -gt 0 ]] || { echo 'fuzz.sh: SECONDS is a whole number' >&2; exit 64; }

export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-14
if [[ ! -f build-fuzz/build.ninja ]]; then
  CC=clang-14 meson setup build-fuzz -Dfuzz=true -Dtests=false -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
fi
ninja -C build-fuzz fuzz-targets >build-fuzz/ninja.log 2>&1 || { tail -n 40 build-fuzz/ninja.log >&2; exit 1; }

findings=build-fuzz/findings
mkdir -p "$findings"
targets=(build-fuzz/tests/fuzz/fuzz_*)
run_one() {
  local target=$1 name log words=()
  name=$(basename "$1")
  log=build-fuzz/$name.log
  mkdir -p "build-fuzz/corpus/$name"
  if [[ -f tests/fuzz/$name.dict ]]; then words=("-dict=tests/fuzz/$name.dict"); fi
  if "$target" -max_total_time="$2" -timeout=30 -rss_limit_mb=2048 -artifact_prefix="$3/$name-" \
    "${words[@]}" "build-fuzz/corpus/$name" >"$log" 2>&1; then
    printf '%-28s %s\n' "$name" "$(grep -oE '^Done [0-9]+ runs' "$log" || echo 'done')"
  else
    printf '%-28s FAILED\n' "$name"
    tail -n 30 "$log"
    return 1
  fi
}
export -f run_one
programs=()
for target in "${targets[@]}"; do
  if [[ -x $target && -f $target ]]; then programs+=("$target"); fi
done
((${#programs[@]} > 0)) || { echo 'fuzz.sh: no targets' >&2; exit 1; }
printf '%s\0' "${programs[@]}" | xargs -0 -P 2 -I '{}' bash -c 'run_one "$@"' _ '{}' "$seconds" "$findings"
printf '%d targets, %d seconds each: nothing found\n' "${#programs[@]}" "$seconds"
