#!/usr/bin/env bash
# What the `freeport` program says to who calls it wrongly, and how it shows and changes connectors.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/tools/stack.sh
source tests/tools/stack.sh

# A wrong call: status 64, FIRST as its first line, then how it is called, and not the whole help.
wrong() { # FIRST ARGUMENT...
  local first=$1 said status=0
  shift
  said=$("$build/freeport" "$@" 2>&1 >/dev/null) || status=$?
  ((status == 64)) || fail "freeport $* ends with $status"
  [[ ${said%%$'\n'*} == "$first" ]] || fail "freeport $* says first: ${said%%$'\n'*}"
  [[ $said == *$'\nusage: freeport '* ]] || fail "freeport $* does not say how it is called"
  (($(wc -l <<<"$said") <= 7)) || fail "freeport $* says too much"
}

wrong 'freeport: which command?'
wrong 'freeport: there is no command conector' conector
wrong 'freeport: there is no such command' conector2
wrong 'freeport status: --dir DIR is missing' status
wrong 'freeport status: too many arguments' status more --dir /tmp
wrong 'freeport connector: what to do is missing: add, list, enable, drain or disable' connector --dir /tmp
wrong 'freeport connector: there is no such action; add, list, enable, drain and disable are' connector make adyen --dir /tmp
wrong 'freeport connector: there is no option --sheets here' connector add adyen --sheets adyen --dir /tmp
wrong 'freeport connector: --sheet needs a value' connector add adyen --dir /tmp --sheet
wrong 'freeport connector: --sheet SHEET is missing' connector add adyen --dir /tmp
wrong 'freeport connector: add takes one NAME' connector add --sheet adyen --dir /tmp
wrong 'freeport connector: list takes no NAME' connector list adyen --dir /tmp
wrong 'freeport connector: NAME is made of a-z, 0-9 and _, begins with a letter and has at most 32' connector disable Adyen --dir /tmp
wrong 'freeport policy: there is no such action; check, diff, replay, publish, rollback, log and show are' policy shew --dir /tmp
wrong 'freeport policy: publish takes one FILE or ID, or - for standard input' policy publish --dir /tmp
wrong 'freeport token: that is no token: tok_ and 26 characters' token restore 4242 --dir /tmp
wrong 'freeport audit: what to do is missing: verify' audit --dir /tmp
wrong 'freeport bins: two arguments are wanted' bins compile one
wrong 'freeport up: --dir DIR is missing' up
wrong 'freeport up: --port-base is a number from 1 to 65000' up --dir /tmp --port-base 70000
wrong 'freeport status: options begin with two dashes, and those without a value take none' status --help=much --dir /tmp
wrong 'freeport up: options begin with two dashes, and those without a value take none' up -d /tmp
# What may be a secret is not said again.
wrong 'freeport connector: options begin with two dashes, and those without a value take none' connector add canary -xyz --dir /tmp
wrong 'freeport connector: there is no option --api-key here' connector add adyen --api-key=sk_live_canary --dir /tmp
wrong 'freeport connector: argument 3 is no option of this command' connector add adyen --sk_live_canary --dir /tmp
wrong 'freeport connector: at most 8 credentials are taken' connector add adyen --dir /tmp --sheet adyen \
  --credential a=- --credential b=- --credential c=- --credential d=- --credential e=- --credential f=- --credential g=- \
  --credential h=- --credential i=-
version=$(sed -n "s/^ *version: '\(.*\)',/\1/p" meson.build)
[[ $("$build/freeport" --version) == "freeport $version" ]] || fail 'the version is not that of meson.build'
echo 'wrong calls are told what is wrong'

stack_up
freeport() { "$build/freeport" "$@" --dir "$stack_dir"; }
add_spare() {
  printf 'sk_sbox_spare\npc_spare\n' | freeport connector add spare --sheet checkout --merchant-account pc_spare \
    --base-url "$FREEPORT_SANDBOX_URL/spare" --credential api_key=- --credential processing_channel_id=-
}
row() { freeport connector list | sed -n "s/^$1  *//p" | tr -s ' '; }

[[ $(add_spare) == 'connector spare: registered' ]] || fail 'a new connector is not told of as registered'
[[ $(row spare) == "checkout active pc_spare $FREEPORT_SANDBOX_URL" ]] || fail "the list says: $(row spare)"
[[ $(freeport connector list | wc -l) == 5 ]] || fail 'the list does not show the four connectors'
freeport connector list | grep -q sk_sbox && fail 'the list shows a credential'
freeport connector disable spare >/dev/null
[[ $(add_spare) == 'connector spare: changed; it stays disabled until `freeport connector enable spare`' ]] ||
  fail 'a change of a disabled connector does not say that it stays so'
[[ $(row spare) == "checkout disabled pc_spare $FREEPORT_SANDBOX_URL" ]] || fail "the list says: $(row spare)"
freeport connector drain spare >/dev/null
[[ $(row spare) == 'checkout draining '* ]] || fail "the list says: $(row spare)"
stack_stop
echo 'connectors are listed, and a change says what it leaves as it was'
