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
wrong 'freeport connector: what to do is missing: add, set, list, enable, drain or disable' connector --dir /tmp
wrong 'freeport connector: there is no such action; add, set, list, enable, drain and disable are' connector make adyen --dir /tmp
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
wrong 'freeport connector: set takes account options, one at least, and no others' connector set adyen --dir /tmp
wrong 'freeport connector: set takes account options, one at least, and no others' connector set adyen --dir /tmp \
  --currencies EUR --credential api_key=-
wrong 'freeport connector: --all goes with list' connector disable adyen --all --dir /tmp
wrong 'freeport connector: set takes one NAME' connector set --currencies EUR --dir /tmp
version=$(sed -n "s/^ *version: '\(.*\)',/\1/p" meson.build)
[[ $("$build/freeport" --version) == "freeport $version" ]] || fail 'the version is not that of meson.build'
echo 'wrong calls are told what is wrong'

# ./run COMMAND --help: what it does, at once: from a folder with nothing but `run` in it nothing can be built.
alone=$(mktemp -d)
cp run "$alone"
mapfile -t commands < <("$alone/run" help | sed -nE 's/^  ([a-z]+) .*/\1/p' | sort -u)
((${#commands[@]} >= 9)) || fail "./run help names ${#commands[@]} commands"
for command in "${commands[@]}"; do
  for option in --help -h; do
    said=$("$alone/run" "$command" "$option" 2>&1) || fail "./run $command $option ends with $?"
    [[ $said == "usage: ./run $command"* && $said == *$'\n\n'* ]] || fail "./run $command $option says: $said"
    [[ $said == "$("$alone/run" help "$command")" ]] || fail "./run help $command says something else"
  done
done
rm -r "$alone"
status=0
./run test-everything --help >/dev/null 2>&1 || status=$?
((status == 64)) || fail "help for a command that is none ends with $status"
echo './run says of each command what it does'

stack_up
freeport() { "$build/freeport" "$@" --dir "$stack_dir"; }
add_spare() {
  printf 'sk_sbox_spare\npc_spare\n' | freeport connector add spare --sheet checkout --merchant-account pc_spare \
    --base-url "$FREEPORT_SANDBOX_URL/spare" --credential api_key=- --credential processing_channel_id=-
}
row() { freeport connector list --all | sed -n "s/^$1  *//p" | tr -s ' '; }

[[ $(add_spare) == 'connector spare: registered' ]] || fail 'a new connector is not told of as registered'
[[ $(row spare) == "checkout active pc_spare $FREEPORT_SANDBOX_URL" ]] || fail "the list says: $(row spare)"
[[ $(freeport connector list | wc -l) == 5 ]] || fail 'the list does not show the four connectors'
freeport connector list | grep -q sk_sbox && fail 'the list shows a credential'
freeport connector disable spare >/dev/null
[[ $(add_spare) == 'connector spare: changed; it stays disabled until `freeport connector enable spare`' ]] ||
  fail 'a change of a disabled connector does not say that it stays so'
[[ $(row spare) == "checkout disabled pc_spare $FREEPORT_SANDBOX_URL" ]] || fail "the list says: $(row spare)"
listed=$(freeport connector list)
[[ $listed != *$'\nspare '* && ${listed##*$'\n'} == '1 disabled: --all shows them' ]] ||
  fail "a disabled connector is not put aside: $listed"
freeport connector drain spare >/dev/null
[[ $(freeport connector list) != *disabled* ]] || fail 'none is disabled, and one is said to be'
[[ $(row spare) == 'checkout draining '* ]] || fail "the list says: $(row spare)"
freeport connector enable spare >/dev/null
account() { freeport connector list | sed -n "/^$1 /{n;s/^  takes //p}"; }
[[ $(account spare) == '' ]] || fail 'the list says of an account what nobody said'
[[ $(freeport connector set spare --currencies USD,EUR --networks visa --country NL --settlement-currency EUR \
  --category 5411 --region EEA) == 'connector spare: changed' ]] || fail 'what an account can do is not taken'
[[ $(account spare) == 'EUR USD; visa; country NL; region EEA; settles in EUR; category 5411' ]] ||
  fail "the list says of the account: $(account spare)"
add_spare >/dev/null
[[ $(account spare) == 'EUR USD; visa;'* ]] || fail 'changed credentials make an account forget what it can do'
freeport connector set spare --networks all --region none >/dev/null
[[ $(account spare) == 'EUR USD; all networks; country NL; settles in EUR; category 5411' ]] ||
  fail "the list says of the account: $(account spare)"
said=$(freeport connector set spare --currencies EUR,4242424242424242 2>&1) && fail 'a currency that is none is taken'
[[ $said == 'freeport connector: --currencies is `all`, or at most 64 currencies of ISO 4217, each once, as EUR,USD' ]] ||
  fail "of a currency that is none it says: $said"
freeport connector set nobody --region EEA 2>/dev/null && fail 'a connector that is not there is changed'

check() { freeport policy check - <<<"$1" 2>&1; }
[[ $(check 'rule pl when currency == PLN route adyen, spare otherwise route adyen') == \
  *'line 1, column 43: error: This connector can do no currency that the rule lets through.'* ]] ||
  fail 'a rule that routes PLN to an account without PLN is not an error at its place'
check 'rule pl when currency == EUR route adyen, spare otherwise route adyen' >/dev/null || fail 'EUR is refused'
freeport connector set spare --currencies all >/dev/null
check 'rule pl when currency == PLN route adyen, spare otherwise route adyen' >/dev/null || fail 'PLN is refused still'
stack_stop
echo 'connectors are listed, and a change says what it leaves as it was'

# What connectors charge, from a file.
fees() { # MARKUP OF STRIPE
  cat >"$stack_dir/fees.yaml" <<EOF
connectors:
  adyen:
    pricing: blended
    currency: EUR
    country: NL
    settles: [EUR]
    fees:
      - {fee: blended, share: 1.5%, fixed: 0.25}
  stripe:
    pricing: interchange_plus
    currency: EUR
    country: IE
    settles: [EUR]
    fees:
      - {fee: interchange, share: 0.3%}
      - {fee: scheme, share: 0.1%}
      - {fee: markup, share: $1}
EOF
}
cheapest() {
  api POST /v1/route '{"amount":10000,"currency":"EUR","policy":"otherwise cheapest of adyen, stripe",
    "card":{"bin":"424242"}}'
}
known() { api GET /v1/connectors | jq -c '[.data[] | select(.fees) | [.name, .fees]]'; }
echo "fees: $stack_dir/fees.yaml" >>"$stack_dir/freeport.yaml"
fees 0.8%
stack_start
[[ $(known) == '[["adyen","blended"],["stripe","interchange_plus"]]' ]] || fail "the fees known are $(known)"
[[ $(cheapest | jq -r '.connectors[0]') == stripe ]] || fail 'the cheaper one is not chosen'
cheapest | jq -r '.explanation[]' | grep -q '^stripe: .* 120.00 minor units of EUR for each approval' ||
  fail "the cost is explained as: $(cheapest | jq -c .explanation)"
stack_stop
fees 1.8%
stack_start
[[ $(cheapest | jq -r '.connectors[0]') == adyen ]] || fail 'changed fees change nothing'
stack_stop
fees 1.8
code=0
said=$("$build/freeport" up --dir "$stack_dir" 2>&1) || code=$?
((code == 78)) || fail "wrong fees end with status $code"
[[ $said == "freeport: freeport.yaml: fees: $stack_dir/fees.yaml, line 17: a share of the amount, as 0.25%: "* ]] ||
  fail "of wrong fees it says: $said"
rm "$stack_dir/fees.yaml"
said=$("$build/freeport" up --dir "$stack_dir" 2>&1) && fail 'fees that are not there are no reason not to start'
[[ $said == *'freeport.yaml: fees: cannot read '*'fees.yaml: No such file or directory'* ]] || fail "it says: $said"
echo 'fees are read from their file, and what is wrong with it is said'

# When a connector counts as failing.
grep -v '^fees:' "$stack_dir/freeport.yaml" >"$stack_dir/without" && mv "$stack_dir/without" "$stack_dir/freeport.yaml"
health() { # TEXT
  sed -i '/^health:/d' "$stack_dir/freeport.yaml"
  echo "health: $1" >>"$stack_dir/freeport.yaml"
}
thresholds() { api GET /v1/connectors | jq -c '[.data[].health.threshold] | unique'; }
stack_start
[[ $(thresholds) == '[0.1]' ]] || fail "without a word about health the threshold is $(thresholds)"
stack_stop
health faults=25,requests=5
stack_start
[[ $(thresholds) == '[0.25]' ]] || fail "a changed threshold is $(thresholds)"
stack_stop
health faults=120
code=0
said=$("$build/freeport" up --dir "$stack_dir" 2>&1) || code=$?
((code == 78)) || fail "an odd threshold ends with status $code"
[[ $said == 'freeport: freeport.yaml: health: faults is a whole number from 1 to 90, given once' ]] || fail "it says: $said"
echo 'when a connector counts as failing is configured, and what is wrong with it is said'
