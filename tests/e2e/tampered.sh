#!/usr/bin/env bash
# What somebody did to a store behind the back of its process is noticed: a changed or missing audit record, a file put back to
# an earlier state, a file of another schema (B8, B9).
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
does_not_touch "$ledger" 'ledger.mdb is of another schema than this build reads, which is 3; nothing was changed: start it with the build'
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
