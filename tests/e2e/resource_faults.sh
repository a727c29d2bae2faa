#!/usr/bin/env bash
# What runs out beneath a stack: a full disk, a read-only file system, a reader of the store that was killed, descriptors. While it
# lasts, what cannot be done is refused and nothing is half done; afterwards all goes on and the books agree with the ledger.
# Needs root, for mounts of its own; skipped (77) without.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [[ -z ${RESOURCE_FAULTS_INSIDE-} ]]; then
  if ((EUID != 0)) || ! unshare --mount --propagation private true 2>/dev/null; then
    echo 'mounting a file system of its own needs root and mount namespaces, which are not to be had here'
    exit 77
  fi
  RESOURCE_FAULTS_INSIDE=1 exec unshare --mount --propagation private "$0" "$@" # the mounts end with the script
fi
# shellcheck source=tests/tools/stack.sh
source tests/tools/stack.sh

# ---- Payments, and what became of them ----

declare -A known=() # idempotency key -> body, of everything that was asked for
unsettled=()        # the keys whose payments were not compared yet
orders=0

# order [CONNECTOR]: what a payment will be asked for; leaves its key in $key.
order() {
  key=resource-$((++orders))
  known[$key]="{\"amount\":$((1000 + orders)),\"currency\":\"EUR\",\"token\":\"$token\",\"reference\":\"$key\",\"routing\":{\"connectors\":[\"${1-checkout}\"]}}"
  unsettled+=("$key")
}
# Asks for it (again): leaves the answer in $payment and the status of HTTP in $http, 000 when there was none.
again() { # KEY
  payment=$(api POST /v1/payments "${known[$1]}" "$1" 2>/dev/null) || { http=000 && return; }
  http=$(<"$api_status")
}
buy() {
  order "$@"
  again "$key"
}

# Everything is asked for again under its key: each is captured once, in ledger and books alike, and nothing else is there.
reckon() { # WHAT
  local one i ledger books
  for one in "${unsettled[@]}"; do
    for ((i = 0; i < 120; i++)); do
      again "$one"
      [[ $http != 2* || $(jq -r .status <<<"$payment") =~ ^(processing|unresolved)$ ]] || break
      sleep 0.5
    done
    [[ $http == 201 || $http == 200 ]] || fail "$1: $one is answered with $http afterwards"
  done
  unsettled=()
  ledger=$(ledger_lines) books=$(for one in adyen checkout stripe; do books "$one"; done |
    jq -sr 'add | .[] | select(.status != "declined") | "\(.reference[0:30]) \(.amount) \(.amount_captured)"' | sort)
  [[ $ledger == "$books" ]] || fail "$1: books and ledger differ: $(diff <(echo "$ledger") <(echo "$books") | head -n 5)"
  [[ $(wc -l <<<"$(all_payments)") == "${#known[@]}" ]] || fail "$1: $(wc -l <<<"$(all_payments)") payments of ${#known[@]} keys"
  "$build/freeport" audit verify --dir "$stack_dir" >/dev/null || fail "$1: the audit chain is broken"
  printf '%-30s %d payments, each once in ledger and books\n' "$1:" "${#known[@]}"
}
all_payments() {
  local page after=''
  while page=$(api GET "/v1/payments?limit=100$after"); do
    jq -c '.data[]' <<<"$page"
    [[ $(jq -r .has_more <<<"$page") == true ]] || return 0
    after="&starting_after=$(jq -r .next <<<"$page")"
  done
}
ledger_lines() {
  all_payments | jq -r 'select(.status != "failed") | "\(.id) \(.amount_authorized) \(.amount_captured)"' | sort
}

same_process() { # NAME: is still the process that it was
  local variable=FREEPORT_${1}_PID
  kill -0 "${!variable}" 2>/dev/null || fail "the ${1,,} ended"
}

# Waits until a payment goes through and a card can be taken in; processes may have been started anew.
back() { # WHAT
  for ((i = 0; i < 300; i++)); do
    if tokenize 5555555555554444 >/dev/null 2>&1; then
      buy
      [[ $http != 201 || $(jq -r .status <<<"$payment") != captured ]] || return 0
    fi
    sleep 0.2
  done
  fail "$1: nothing goes through afterwards"
}

# ---- A full disk ----

fill() { dd if=/dev/zero of="$1/filler" bs=4k 2>/dev/null || true; }

full_ledger() {
  local refused=0 i before
  # One whose answer comes when the disk is full already.
  before=$(books checkout | jq length)
  behaviour checkout '{"fault":"none","latency_ms":1500,"operations":["charge"]}'
  order
  (api_status=$stack_dir/slow && again "$key" && : >"$stack_dir/slow_is_answered") &
  for ((i = 0; i < 600; i++)); do
    (($(books checkout | jq length) == before)) || break
    sleep 0.05
  done
  fill "$stack_dir/router"
  behaviour checkout '{"fault":"none"}'
  for ((i = 0; i < 400 && refused < 5; i++)); do
    buy
    if [[ $http == 503 ]]; then
      refused=$((refused + 1))
      [[ $(jq -r .code <<<"$payment") == storage_unavailable ]] || fail "a full disk is answered with $payment"
    else
      [[ $http == 20[12] ]] || fail "a full disk is answered with $http"
    fi
  done
  ((refused == 5)) || fail 'the disk of the ledger was never full'
  api GET '/v1/payments?limit=1' >/dev/null
  [[ $(<"$api_status") == 200 ]] || fail 'a full disk keeps the ledger from being read'
  same_process ROUTER
  # Not by `wait`: thousands of processes later the shell may have had another child of the same number.
  for ((i = 0; i < 600; i++)); do
    [[ ! -e $stack_dir/slow_is_answered ]] || break
    sleep 0.05
  done
  ((i < 600)) || fail 'what was under way when the disk was full is never answered'
  rm "$stack_dir/router/filler"
  reckon 'a full disk of the ledger'
  same_process ROUTER
}

full_vault() {
  local i http='' said
  fill "$stack_dir/vault"
  for ((i = 0; i < 3000; i++)); do
    said=$(request "$FREEPORT_PUBLISHABLE_KEY" POST "$FREEPORT_COLLECT_URL/v1/tokens" \
      '{"type":"card","card":{"number":"5555555555554444","exp_month":12,"exp_year":2030}}')
    http=$(<"$api_status")
    [[ $http == 201 ]] || break
  done
  [[ $http == 503 ]] || fail "a full disk of the vault is answered with $http $said"
  # No card leaves without its record: what cannot be recorded is not sent.
  for ((i = 0; i < 300; i++)); do
    buy
    [[ $http == 201 && $(jq -r .status <<<"$payment") == captured ]] || break
  done
  [[ $http == 503 || $(jq -r '"\(.status) \(.attempts[0].phase)"' <<<"$payment") == 'failed not_sent' ]] ||
    fail "a release that cannot be recorded is answered with $http $payment"
  same_process VAULT
  rm "$stack_dir/vault/filler"
  same_process VAULT
  back 'a full disk of the vault'
  reckon 'a full disk of the vault'
}

# ---- A read-only file system ----

# The file system of one of the two turns read-only under its process, as it does when a disk fails.
read_only() { # NAME DIRECTORY
  local variable=FREEPORT_${1}_PID i
  mount -o remount,abort "$stack_dir/$2"
  for ((i = 0; i < 5; i++)); do
    buy
    [[ $http == 503 || $(jq -r '"\(.status) \(.attempts[0].phase)"' <<<"$payment" 2>/dev/null) == 'failed not_sent' ]] ||
      fail "a read-only $2 is answered with $http $payment"
  done
  api GET '/v1/payments?limit=1' >/dev/null
  [[ $(<"$api_status") == 200 ]] || fail "a read-only $2 keeps the ledger from being read"
  same_process "$1"
  # It is mended, which takes the process with it; the supervisor waits meanwhile.
  kill -STOP "$stack_pid"
  kill -KILL "${!variable}"
  for ((i = 0; i < 300; i++)); do umount "$stack_dir/$2" 2>/dev/null && break || sleep 0.1; done
  e2fsck -fp "$stack_dir/$2.image" >/dev/null || (($? == 1)) || fail "the file system of $2 cannot be mended"
  # Still read-only when the process starts again: it says so (EROFS is 30), and is started again until it can.
  mount -o loop "$stack_dir/$2.image" "$stack_dir/$2"
  mount -o remount,ro "$stack_dir/$2"
  kill -CONT "$stack_pid"
  for ((i = 0; i < 300; i++)); do
    ! grep -q "freeport-${1,,} .*error=-30" "$stack_dir/log/${1,,}.log" || break
    sleep 0.1
  done
  ((i < 300)) || fail "a ${1,,} that starts on a read-only file system does not say so"
  mount -o remount,rw "$stack_dir/$2"
  back "a read-only file system of the ${1,,}"
  stack_env
  reckon "a read-only file system of the ${1,,}"
}

# ---- A reader of the store that was killed ----

slots() { "$build/tests/tools/lmdb_reader" count "$stack_dir/router/ledger.mdb"; }

# A backup begins to read the ledger; leaves its process in $reader.
read_ledger() {
  local said
  exec 8< <(exec "$build/tests/tools/lmdb_reader" hold "$stack_dir/router/ledger.mdb")
  reader=$!
  read -r said <&8
  [[ $said == reading ]] || fail 'the ledger cannot be read beside the router'
}
kill_reader() {
  kill -KILL "$reader"
  exec 8<&-
}

# One that is killed leaves its slot in the file's table of readers. While the slot is taken, no page that it could see is used
# again, and the file grows: the router must find out that nobody is there any more.
killed_reader() {
  local reader before=$(slots) i
  read_ledger
  (($(slots) == before + 1)) || fail 'a reader of the ledger takes no slot'
  kill_reader
  for ((i = 0; i < 600 && $(slots) > before; i++)); do buy; done
  (($(slots) == before)) || fail "after $i payments the slot of a killed reader is still taken"
  same_process ROUTER
  printf '%-30s its slot was free after %d payments\n' 'a killed reader:' "$i"
  # And one that still reads when the router is killed.
  read_ledger
  kill -KILL "$FREEPORT_ROUTER_PID"
  back 'the router was killed beside a reader'
  kill_reader
  stack_env
  reckon 'a killed reader'
}

# ---- Descriptors ----

descriptors() { find "/proc/$1/fd" -mindepth 1 | wc -l; }

# limit PID N: the descriptors that it may have. Without N, as many as it may ask for.
limit() {
  local most
  most=$(prlimit --pid "$1" --nofile --output HARD --noheadings)
  prlimit --pid "$1" --nofile="${2-$most}:"
}

# Clients take all the descriptors that a front has: it goes on, and takes requests again when they have left.
no_descriptors() { # NAME URL
  local variable=FREEPORT_${1}_PID i fds=() fd address=${2#http://}
  limit "${!variable}" $(($(descriptors "${!variable}") + 6))
  for ((i = 0; i < 40; i++)); do
    exec {fd}<>"/dev/tcp/${address%:*}/${address#*:}"
    fds+=("$fd")
  done
  sleep 1
  ! curl --silent --max-time 1 "$2/healthz" >/dev/null || fail "40 clients did not use up the descriptors of the ${1,,}"
  same_process "$1"
  for fd in "${fds[@]}"; do exec {fd}>&-; done
  back "the ${1,,} had no descriptors left"
  limit "${!variable}"
  same_process "$1"
  printf '%-30s takes requests again when its clients have left\n' "no descriptors, ${1,,}:"
}

# Without descriptors egress cannot connect: nothing is sent then.
no_descriptors_out() {
  limit "$FREEPORT_EGRESS_PID" 3 # what is open stays open
  behaviour stripe '{"fault":"reset_before","rate":1}' # ends the connection that is kept alive to it
  buy stripe
  behaviour stripe '{"fault":"none"}'
  buy stripe
  [[ $http == 201 && $(jq -r '"\(.status) \(.attempts[0].phase)"' <<<"$payment") == 'failed not_sent' ]] ||
    fail "an egress without descriptors is answered with $http $payment"
  same_process EGRESS
  limit "$FREEPORT_EGRESS_PID"
  back 'egress had no descriptors left'
  reckon 'no descriptors, egress'
}

# ---- All of it ----

# DIR/vault and DIR/router on file systems of their own: images where the kernel has loop devices, else memory.
own_file_system() { # NAME
  local directory=$stack_dir/$1
  mkdir -m 700 "$directory"
  truncate -s 48M "$directory.image"
  if mkfs.ext4 -q -m 0 "$directory.image" 2>/dev/null && mount -o loop "$directory.image" "$directory" 2>/dev/null; then
    chmod 700 "$directory"
    rmdir "$directory/lost+found"
    return 0
  fi
  images=false
  mount -t tmpfs -o size=48m,mode=700 tmpfs "$directory" || fail 'no file system can be mounted'
}

images=true
stack_make
own_file_system vault
own_file_system router
stack_mounts=("$stack_dir/vault" "$stack_dir/router")
stack_start
token=$(tokenize 4242424242424242)
for ((i = 0; i < 10; i++)); do buy; done

full_ledger
full_vault
if $images; then
  read_only ROUTER router
  read_only VAULT vault
else
  echo 'skipped: a file system turns read-only only where images can be mounted (loop devices, mkfs.ext4)'
fi
killed_reader
no_descriptors ROUTER "$FREEPORT_API_URL"
no_descriptors COLLECT "$FREEPORT_COLLECT_URL"
no_descriptors_out
stack_stop
echo 'what ran out came back, and nothing was half done'
