# shellcheck shell=bash
# Sourced by the demo and the shell tests: a stack of one's own, requests to it, the books of its sandbox.
#
#   stack_make               makes $stack_dir, for a script that changes something in it before stack_start
#   stack_up [OPTION...]     starts `freeport up --sandbox` in a new temporary directory and waits for its env file;
#                            on exit of the script the stack is ended and the directory removed
#   tokenize NUMBER [CVC]    prints the token
#   api METHOD PATH [BODY] [IDEMPOTENCY-KEY]   prints the answer; its status is left in the file $api_status
#   behaviour NAME JSON      switches a fault or decline on or off
#   books NAME               the sandbox's charges
#   all_ended                waits until no payment's outcome is open
#   fail TEXT...             says so and ends with status 1

build=${BUILD_DIR:-build}
stack_dir='' stack_pid=''
stack_mounts=() # file systems below $stack_dir, which end with it

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

stack_end() {
  local status=$?
  trap - EXIT
  if [[ -n $stack_pid ]]; then
    kill -TERM "$stack_pid" 2>/dev/null || true
    wait "$stack_pid" 2>/dev/null || true
  fi
  if ((status != 0)) && [[ -n $stack_dir ]]; then
    printf '%s\n' '-- the last lines of each log' >&2
    tail -n 5 "$stack_dir"/log/*.log >&2 || true
  fi
  ((${#stack_mounts[@]} == 0)) || umount "${stack_mounts[@]}" || true
  [[ -z $stack_dir ]] || rm -rf "$stack_dir"
  exit "$status"
}

# Starts (or starts again) the stack in $stack_dir.
stack_start() {
  rm -f "$stack_dir/up.out" # what an earlier start said there would be taken for this one's
  "$build/freeport" up --dir "$stack_dir" --sandbox "$@" >"$stack_dir/up.out" 2>"$stack_dir/up.err" &
  stack_pid=$!
  for ((i = 0; i < 1200; i++)); do
    if grep -qs '^freeport is up' "$stack_dir/up.out"; then
      stack_env
      return
    fi
    kill -0 "$stack_pid" 2>/dev/null || break
    sleep 0.05
  done
  cat "$stack_dir/up.err" >&2
  fail 'the stack did not start'
}

# Takes up the env file again, after a process was restarted.
stack_env() {
  set -a
  # shellcheck disable=SC1091
  source "$stack_dir/env"
  set +a
}

stack_make() {
  stack_dir=$(mktemp -d "${TMPDIR:-/tmp}/freeport.XXXXXX")
  api_status=$stack_dir/status
  trap stack_end EXIT
  trap 'exit 130' INT TERM
}

stack_up() {
  stack_make
  stack_start "$@"
}

stack_stop() {
  kill -TERM "$stack_pid"
  wait "$stack_pid" || fail 'the stack did not end cleanly'
  stack_pid=''
}

# The keys go to curl by a configuration on a descriptor, never by argv.
request() { # KEY METHOD URL [BODY] [IDEMPOTENCY-KEY]
  local key=$1 method=$2 url=$3 body=${4-} idempotency=${5-}
  options=(--silent --show-error --max-time 30 --request "$method" --dump-header "$api_status.headers")
  [[ -z $body ]] || options+=(--header 'Content-Type: application/json' --data-binary @-)
  [[ -z $idempotency ]] || options+=(--header "Idempotency-Key: $idempotency")
  curl "${options[@]}" --config <(printf 'header = "Authorization: Bearer %s"\n' "$key") "$url" <<<"$body" || return
  sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' "$api_status.headers" >"$api_status"
}

api() {
  local method=$1 path=$2 body=${3-} idempotency=${4-}
  if [[ $method == POST && -z $idempotency ]]; then idempotency=key-$RANDOM-$RANDOM-$SECONDS; fi
  request "$FREEPORT_SECRET_KEY" "$method" "$FREEPORT_API_URL$path" "$body" "$idempotency"
}

tokenize() {
  local code=${2-123}
  request "$FREEPORT_PUBLISHABLE_KEY" POST "$FREEPORT_COLLECT_URL/v1/tokens" \
    "{\"type\":\"card\",\"card\":{\"number\":\"$1\",\"exp_month\":12,\"exp_year\":2030,\"cvc\":\"$code\",\"name\":\"Ada Example\"}}" |
    jq -er .id
}

behaviour() {
  request none PUT "$FREEPORT_SANDBOX_URL/_sandbox/$1/behaviour" "$2" >/dev/null
  [[ $(<"$api_status") == 2* ]] || fail "the sandbox refused the behaviour of $1"
}

all_ended() {
  local i status open
  for ((i = 0; i < 300; i++)); do
    open=0
    for status in processing unresolved; do
      [[ $(api GET "/v1/payments?status=$status&limit=1" | jq '.data | length') == 0 ]] || open=1
    done
    ((open == 1)) || return 0
    sleep 0.2
  done
  fail 'there are payments whose outcome stays open'
}

books() {
  request none GET "$FREEPORT_SANDBOX_URL/_sandbox/$1/charges"
}
