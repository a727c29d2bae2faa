#!/usr/bin/env bash
# What somebody did to a store behind the back of its process is noticed: a changed or missing audit record, a file put back to
# an earlier state, a file of another schema (B8, B9); and so is the same of the ledger, without which a customer would be charged
# twice (P1, P3).
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/tools/stack.sh
source tests/tools/stack.sh

edit() { "$build/tests/tools/lmdb_edit" "$@"; }
freeport() { "$build/freeport" "$@" --dir "$stack_dir"; }

# A record of the audit chain is found by its sequence, eight bytes.
record() { printf '%016x' "$1"; }

charge() {
  [[ $(api POST /v1/payments "{\"amount\":$1,\"currency\":\"EUR\",\"token\":\"$token\"}" | jq -r .status) == captured ]] ||
    fail "a charge of $1 does not go through"
}

# The verification fails, and says TEXT.
refuted() { # TEXT
  local said
  if said=$(freeport audit verify 2>&1); then fail "the verification passes: $said"; fi
  [[ $said == *"$1"* ]] || fail "the verification says: $said"
}

# Puts the vault's directory back as it was when it was kept, the stack being down.
keep() { cp -a "$stack_dir/vault" "$stack_dir/$1"; }
put_back() {
  rm -rf "${stack_dir:?}/vault"
  cp -a "$stack_dir/$1" "$stack_dir/vault"
}

# The stack does not start, and says TEXT.
does_not_start() { # TEXT
  if timeout 60 "$build/freeport" up --dir "$stack_dir" --sandbox >"$stack_dir/up.out" 2>"$stack_dir/up.err"; then
    fail 'the stack starts and ends well'
  fi
  [[ $(<"$stack_dir/up.err") == *"$1"* ]] || fail "the start says: $(<"$stack_dir/up.err")"
}

# The same, because of FILE, which is left as it was.
does_not_touch() { # FILE TEXT
  local before
  before=$(sha256sum "$1" "$1-log")
  does_not_start "$2"
  [[ $(sha256sum "$1" "$1-log") == "$before" ]] || fail "the start changed $1, which it refused"
}

stack_up
token=$(tokenize 4242424242424242)
charge 1001
charge 1002
stack_stop
keep early
stack_start
charge 1003
charge 1004
whole=$(freeport audit verify)
[[ $whole =~ ^'the chain is whole: '([0-9]+)' records, 4 releases, ending with '[0-9a-f]{64}$ ]] || fail "the verification says: $whole"
count=${BASH_REMATCH[1]}
stack_stop
keep late
echo 'an untouched chain is whole'

edit flip "$stack_dir/vault/vault.mdb" audit "$(record 3)" 20
stack_start
refuted 'broken at record 3: changed'
stack_stop
put_back late
echo 'a changed record is named'

edit remove "$stack_dir/vault/vault.mdb" audit "$(record 5)"
stack_start
refuted 'broken at record 5: dropped'
stack_stop
put_back late
echo 'a missing record is named'

edit remove "$stack_dir/vault/vault.mdb" audit "$(record "$count")"
does_not_start 'vault.mdb, its log or a key file was damaged, changed or lost'
put_back late
edit flip "$stack_dir/vault/vault.mdb" audit "$(record "$count")" -1
does_not_start 'vault.mdb, its log or a key file was damaged, changed or lost'
put_back late
echo 'without its newest record, or with a changed one, the vault does not start'

# Back to the earlier file, while the ledger remembers the later one.
put_back early
stack_start
refuted 'rolled back'
[[ $(request none GET "$FREEPORT_API_URL/readyz" | jq -r .vault) == rolled_back ]] || fail 'readyz does not say that the vault is older'
api POST /v1/payments "{\"amount\":1005,\"currency\":\"EUR\",\"token\":\"$token\"}" >/dev/null
[[ $(<"$api_status") == 503 ]] || fail "an older vault is charged from: $(<"$api_status")"
if tokenize 4242424242424242 >/dev/null 2>&1; then fail 'an older vault takes a card, which would be gone with its file'; fi
books adyen | jq -e 'all(.amount != 1005)' >/dev/null || fail 'a charge left an older vault'
# A chain that grew again behind its end is another one: as long, and not the same.
for i in 1 2 3; do freeport connector drain adyen >/dev/null && freeport connector enable adyen >/dev/null; done
stack_stop
stack_start
refuted 'rolled back'
stack_stop
put_back late
echo 'an earlier file is noticed and not served, also when it grew again'

# Files of another schema: the row "vault" of the vault begins with its format, the ledger's row "schema" is its schema.
vault=$stack_dir/vault/vault.mdb ledger=$stack_dir/router/ledger.mdb
edit flip "$vault" meta 7661756c74 0
does_not_touch "$vault" 'vault.mdb is of another format than this build reads, which is 1; nothing was changed: start it with the build'
edit flip "$vault" meta 7661756c74 0
edit flip "$ledger" meta 736368656d61 0
does_not_touch "$ledger" 'ledger.mdb is of another schema than this build reads, which is 4; nothing was changed: start it with the build'
edit flip "$ledger" meta 736368656d61 0
echo 'a file of another schema is refused by name and left as it was'

mv "$stack_dir/vault/root.key" "$stack_dir/root.key"
does_not_start 'vault.mdb exists, but root.key or escrow.pub is missing'
mv "$stack_dir/root.key" "$stack_dir/vault/root.key"
said=$("$build/freeport-vault" --data "$stack_dir/nowhere" --environment test 2>&1 </dev/null) && fail 'a vault starts without its directory'
[[ $said == *'cannot go on error=-2' ]] || fail "a vault without its directory says: $said"
echo 'a lost key is named, and a wrong directory is not taken for one'

stack_start
[[ $(freeport audit verify) == "$whole" ]] || fail 'the chain put back is not whole'
charge 1006
stack_stop
echo 'with its own file the stack goes on'

# ---- The ledger ----

ready() { request none GET "$FREEPORT_API_URL/readyz" | jq -r "$1"; }

# What the books of all three hold.
charged() {
  for name in adyen checkout stripe; do books "$name"; done | jq -s 'map(map(select(.status == "captured")) | length) | add'
}

pay() { # KEY
  api POST /v1/payments "{\"amount\":2000,\"currency\":\"EUR\",\"token\":\"$token\"}" "$1"
}

keep_ledger() { cp -a "$stack_dir/router" "$stack_dir/$1"; }
put_ledger_back() {
  rm -rf "${stack_dir:?}/router"
  cp -a "$stack_dir/$1" "$stack_dir/router"
}

# Everything that would change something is refused, nothing leaves, and every command says why.
nothing_is_done() {
  local before said
  [[ $(ready .ledger) == rolled_back ]] || fail "readyz says of the ledger: $(ready .ledger)"
  [[ $(ready .status) == not_ready ]] || fail 'the stack says that it is ready'
  before=$(charged)
  [[ $(pay order-1 | jq -r .code) == ledger_rolled_back ]] || fail 'a payment is not refused by name'
  [[ $(<"$api_status") == 503 ]] || fail "a payment is answered $(<"$api_status")"
  for path in "/v1/payments/$first/refunds" "/v1/payments/$first/void" /v1/policies /v1/webhook_endpoints; do
    [[ $(api POST "$path" '{}' | jq -r .code) == ledger_rolled_back ]] || fail "$path is not refused"
  done
  [[ $(api DELETE "/v1/tokens/$token" | jq -r .code) == ledger_rolled_back ]] || fail 'a token can be deleted'
  [[ $(charged) == "$before" ]] || fail 'a PSP was charged'
  refuted 'ledger is older than this chain, or was lost'
  if said=$(freeport status); then fail 'status ends well'; fi
  [[ $said == *'rolled back or lost'* ]] || fail "status says: $said"
}

# The attempts that the ledger lacks, as `ledger check` lists them.
missing() {
  if freeport ledger check 2>/dev/null >"$stack_dir/missing"; then fail 'the check of the ledger ends well'; fi
  cut -d ' ' -f 1 "$stack_dir/missing"
}

stack_start
before=$(charged)
first=$(pay order-1 | jq -r .id)
[[ $(pay order-1 | jq -r .id) == "$first" ]] || fail 'a repeat makes another payment'
stack_stop
keep_ledger ledger_early
stack_start
second=$(pay order-2 | jq -r .id)
[[ $(charged) == $((before + 2)) ]] || fail 'the books do not hold two payments more'
stack_stop
releases=$((2 + 5)) # those of before, with what was charged above

rm "$stack_dir"/router/ledger.mdb*
stack_start
nothing_is_done
[[ $(missing | wc -l) == "$releases" ]] || fail "a lost ledger lacks: $(missing)"
[[ $(missing) == *"${first}_1"* ]] || fail 'the payment is not listed'
stack_stop
stack_start
nothing_is_done
stack_stop
echo 'a lost ledger is noticed, and its customers are not charged again'

put_ledger_back ledger_early
stack_start
nothing_is_done
[[ $(missing) == "${second}_1" ]] || fail "an earlier ledger lacks: $(missing)"
[[ $(api GET "/v1/payments/$first" | jq -r .status) == captured ]] || fail 'what it holds cannot be read'
if freeport ledger accept --reason '' 2>/dev/null; then fail 'it is accepted without a reason'; fi
if freeport ledger accept --reason 'card 4242424242424242' 2>/dev/null; then fail 'a reason may hold a card number'; fi
nothing_is_done
[[ $(freeport ledger accept --reason 'order-2 was looked up' 2>/dev/null) == *"${second}_1"*accepted* ]] || fail 'it cannot be accepted'
freeport ledger check >/dev/null || fail 'the check of an accepted ledger fails'
freeport audit verify >/dev/null || fail 'the verification fails after the ledger was accepted'
freeport status >/dev/null || fail 'the status is bad after the ledger was accepted'
[[ $(pay order-1 | jq -r .id) == "$first" ]] || fail 'an accepted ledger forgets what it holds'
stack_stop
stack_start
freeport ledger check >/dev/null || fail 'an accepted ledger is accepted until the next start only'
[[ $(pay order-3 | jq -r .status) == captured ]] || fail 'nothing can be charged upon an accepted ledger'
stack_stop
echo 'an earlier ledger is noticed, and taken when an operator says so'

# A ledger that has forgotten a refund and nothing else, as a person who makes it again would not know.
keep_ledger ledger_before_refund
stack_start
refund() { # KEY
  api POST "/v1/payments/$first/refunds" '{"amount":500}' "$1"
}
refunded=$(refund refund-1 | jq -r .movement)
[[ $refunded == mov_* ]] || fail "a refund is answered without its movement: $refunded"
stack_stop
keep_ledger ledger_with_refund
put_ledger_back ledger_before_refund
stack_start
nothing_is_done
[[ $(missing) == "${refunded}_1" ]] || fail "a ledger of before a refund lacks: $(missing)"
grep -q " refund .* of $first\$" "$stack_dir/missing" || fail "the refund is listed as $(<"$stack_dir/missing")"
[[ $(refund refund-2 | jq -r .code) == ledger_rolled_back ]] || fail 'the refund can be made again'
stack_stop
put_ledger_back ledger_with_refund
stack_start
freeport ledger check >/dev/null || fail 'the newest ledger is taken for an earlier one'
[[ $(refund refund-1 | jq -r .movement) == "$refunded" ]] || fail 'the newest ledger has forgotten the refund'
stack_stop
echo 'a ledger that lacks a refund alone is noticed'

stack_start
[[ $(pay order-4 | jq -r .status) == captured ]] || fail 'nothing can be charged after another start'
[[ $(freeport ledger accept --reason again) == *'nothing to accept'* ]] || fail 'a good ledger is accepted'

# The router is killed while charges are under way: the vault has released cards that the journal's head does not cover, but
# every attempt is in the ledger. That is no ledger put back.
before=$(charged)
seen=$(ready .audit_seen)
behaviour adyen '{"latency_ms":3000}'
callers=()
for i in 1 2 3 4 5; do
  pay "crash-$i" >/dev/null 2>&1 &
  callers+=($!)
done
for ((i = 0; i < 200; i++)); do
  [[ $(freeport status | sed -n 's/^audit *record \([0-9]*\),.*/\1/p') -lt $((seen + 5)) ]] || break
  sleep 0.02
done
((i < 200)) || fail 'no five cards are under way'
old=$FREEPORT_ROUTER_PID
kill -KILL "$old"
for ((i = 0; i < 300; i++)); do
  stack_env
  [[ $FREEPORT_ROUTER_PID == "$old" || $(ready .status 2>/dev/null) != ready ]] || break
  [[ $(ready .ledger 2>/dev/null) != rolled_back ]] || fail 'a crash is taken for a ledger put back'
  sleep 0.1
done
((i < 300)) || fail "after a crash the router is not ready: $(ready .)"
[[ $(ready .audit_seen) -ge $((seen + 5)) ]] || fail 'the releases of before the crash were not looked up'
behaviour adyen '{}'
for i in 1 2 3 4 5; do
  for ((k = 0; k < 300; k++)); do
    [[ $(pay "crash-$i" | jq -r .status) != captured ]] || break
    sleep 0.2
  done
  ((k < 300)) || fail "what was under way does not end: $(pay "crash-$i")"
done
[[ $(charged) == $((before + 5)) ]] || fail "five payments made $(($(charged) - before)) charges"
for pid in "${callers[@]}"; do wait "$pid" || true; done # the router went away under them
stack_stop
echo 'after a crash the ledger is the same, and goes on'

rm "$stack_dir"/router/ledger.mdb*
stack_start
nothing_is_done
stack_stop
echo 'a ledger that is lost after one was accepted is another one'
