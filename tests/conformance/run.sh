#!/usr/bin/env bash
# run.sh BUILD_DIR: holds the sheets' requests to the PSPs' published descriptions. Needs ../shared/psp/mock next to the
# repository, Node.js and npm; says so and ends well where they are absent.
set -euo pipefail
build=$(cd "${1:?usage: run.sh BUILD_DIR}" && pwd)
top=$(cd "$(dirname "$0")/../.." && pwd)
psp=$top/../shared/psp
if [ ! -x "$psp/mock/mock" ] || ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo "conformance: SKIPPED: the PSPs' descriptions (../shared/psp) or Node.js and npm are not here"
  exit 0
fi
scratch=$(mktemp -d)
mocks=()
# The mock starts children of its own: each runs in a process group that is ended as one.
finish() {
  for pid in ${mocks[@]+"${mocks[@]}"}; do kill -- "-$pid" 2>/dev/null || true; done
  rm -rf "$scratch"
}
trap finish EXIT
free_port() { # a port whose successor is free too (Stripe's mock takes both)
  python3 - <<'PY'
import socket
while True:
    with socket.socket() as a, socket.socket() as b:
        a.bind(('127.0.0.1', 0))
        try:
            b.bind(('127.0.0.1', a.getsockname()[1] + 1))
        except OSError:
            continue
        print(a.getsockname()[1])
        break
PY
}
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
start() { # NAME DESCRIPTION
  local port=$(free_port)
  setsid "$psp/mock/mock" "$2" "$port" >"$scratch/$1.log" 2>&1 &
  mocks+=($!)
  echo "$port" >"$scratch/$1.port"
}
wait_for() { # NAME OFFSET...: the mock, and what it stands before, answer
  local name=$1 port=$(cat "$scratch/$1.port"); shift
  for offset in "$@"; do
    for _ in $(seq 1 600); do answers $((port + offset)) && continue 2; sleep 0.2; done
    echo "conformance: the mock of $name does not answer" >&2; tail -5 "$scratch/$name.log" >&2; return 1
  done
}
start adyen adyen; wait_for adyen 0 # alone: the first use installs
start checkout checkout-derived; start stripe stripe
wait_for checkout 0; wait_for stripe 0 1
failed=0
for pair in adyen:adyen checkout:checkout-derived stripe:stripe; do
  name=${pair%%:*} description=${pair#*:}
  "$build/tests/conformance/conformance" "$name" "$(cat "$scratch/$name.port")" "$psp/specs/$description.json" || failed=1
done
exit $failed
