#!/usr/bin/env bash
# Every exit status that `freeport connector`, `drill` and `ledger` document (those of `policy` are in policies.sh), and that what
# is wrong is said before anything is asked or changed. On a stack of its own.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/tools/stack.sh
source tests/tools/stack.sh

program=$build/freeport
# ends STATUS ARGUMENT...: runs it; what it says is left in $said.
ends() {
  local wanted=$1 status=0
  shift
  said=$(timeout 60 "$program" "$@" --dir "$stack_dir" 2>&1) || status=$?
  ((status == wanted)) || fail "freeport $*: exit status $status instead of $wanted: $said"
}
says() { [[ $said == *"$1"* ]] || fail "'$1' is not in: $said"; }
only_says() { [[ $said == "$1" ]] || fail "instead of '$1' it says: $said"; }
accounts() { "$program" connector list --dir "$stack_dir"; }

stack_make
for command in connector drill ledger policy; do
  ends 0 "$command" --help
  says 'Exit status: 0 '
  says '69 no stack answers in DIR'
done

# No stack answers; what is wrong by itself is said all the same.
for call in 'connector list' 'connector drain adyen' 'connector set adyen --region EEA' \
  'connector add adyen --sheet adyen --credential api_key=-' 'drill adyen --for 1s' 'ledger check' 'ledger accept --reason lost' 'ledger verify'; do
  # shellcheck disable=SC2086 # they are words
  ends 69 $call
done
values() {
  ends 64 connector set adyen --currencies EUR,4242424242424242
  only_says 'freeport connector: --currencies is `all`, or at most 64 currencies of ISO 4217, each once, as EUR,USD'
  ends 64 connector set adyen --networks visa,canary
  says 'freeport connector: --networks is `all`, or of '
  ends 64 connector set adyen --country Netherlands
  only_says 'freeport connector: --country is `none`, or a country of ISO 3166-1 in two letters, as NL'
  ends 64 connector set adyen --category 54
  says 'freeport connector: --category is '
  ends 64 connector set adyen --region 'Europe, all'
  says 'freeport connector: --region is '
  ends 64 connector set adyen --settlement-currency euro
  says 'freeport connector: --settlement-currency is '
  ends 64 connector add canary --sheet ../adyen
  only_says 'freeport connector: --sheet is made of a-z, 0-9 and _, begins with a letter and has at most 32'
  ends 64 connector add canary --sheet adyen --base-url ftp://psp.example
  only_says 'freeport connector: --base-url is http:// or https://, a host, and a port and a path if need be'
  ends 64 connector add canary --sheet adyen --merchant-account "$(printf 'A%.0s' {1..65})"
  only_says 'freeport connector: --merchant-account is at most 64 printable characters of ASCII'
  ends 64 connector add canary --sheet adyen --currencies euro --credential api_key=-
  ends 64 connector set adyen
  says 'usage: freeport connector add NAME'
  ends 64 drill adyen
  ends 64 drill adyen --for 61m
  ends 64 drill --for 5s
  ends 64 drill Adyen --for 5s
  ends 64 ledger
  ends 64 ledger prove
  ends 64 ledger verify twice
  for days in 0 3661 -1 seven 7d ''; do
    ends 64 ledger verify --days "$days"
    says 'freeport ledger: --days takes a number from 1 to 3660'
  done
  ends 64 ledger check twice
  ends 64 ledger accept
  for reason in '' "$(printf 'x%.0s' {1..101})" 'card 4242424242424242' $'two\nlines' 'caf'$'\xc3\xa9'; do
    ends 64 ledger accept --reason "$reason"
    says 'freeport ledger: accept needs a --reason: at most 100 characters, 12 of them digits'
    [[ -z $reason || $said != *"$reason"* ]] || fail 'a refused reason is repeated'
  done
}
values

stack_start
before=$(accounts)
values
[[ $(accounts) == "$before" ]] || fail 'what was refused has changed a connector'

# Refused by the vault, or by what the sheet asks for.
ends 1 connector set nobody --region EEA
only_says 'freeport connector: there is no such thing in this vault'
ends 1 connector drain nobody
ends 1 connector enable nobody
ends 1 connector disable nobody
ends 1 connector add canary --sheet adyen </dev/null
only_says 'freeport connector: the sheet adyen needs the credential api_key'
printf 'one\ntwo\nthree\n' >"$stack_dir/lines"
ends 1 connector add canary --sheet adyen --credential api_key=- --credential merchant_account=- --credential other=- <"$stack_dir/lines"
only_says 'freeport connector: the sheet adyen has no credential of the name given'
ends 1 connector add canary --sheet adyen --credential api_key=- --credential merchant_account=- --credential webhook_secret=- <"$stack_dir/lines"
only_says 'freeport connector: webhook_secret is no secret as the sheet adyen has them: 64 hexadecimal digits'
ends 1 connector add canary --sheet adyen --credential api_key=- </dev/null
only_says 'freeport: cannot read the credential api_key: there is no line for it, or an empty one'
ends 1 connector add canary --sheet adyen --credential api_key=- <<<"$(printf 'x%.0s' {1..600})"
only_says 'freeport: cannot read the credential api_key: the line is too long'
ends 1 connector add canary --sheet adyen --credential api_key=- <<<$'sk\x01canary'
only_says 'freeport: cannot read the credential api_key: it is not of printable characters of ASCII alone'
ends 1 connector add canary --sheet adyen --credential api_key=@"$stack_dir/nowhere"
ends 78 connector add canary --sheet nowhere
says 'freeport connector: there is no sheet nowhere'
says 'the sheets are'
[[ $(accounts) == "$before" ]] || fail 'what was refused has changed a connector'

# Sheets lie beside the program: one of its own, with a sheet that is none.
mkdir -p "$stack_dir/own/policy/connectors"
cp "$build/freeport" "$stack_dir/own/freeport"
printf 'name: broken\n' >"$stack_dir/own/policy/connectors/broken.yaml"
program=$stack_dir/own/freeport
ends 78 connector add canary --sheet broken
says '/broken.yaml, line '
program=$build/freeport

ends 0 connector drain adyen
ends 0 connector enable adyen
ends 0 connector set adyen --region EEA
ends 0 connector list
says 'region EEA'

ends 1 drill nowhere --for 5s
says 'freeport drill: the router refused (404)'
ends 0 drill adyen --for 1s
says 'the drill is over; payments that would have begun at adyen: 0'

ends 0 ledger check
only_says 'the ledger holds every attempt that a card was released for'
ends 0 ledger accept --reason again
says 'there is nothing to accept'
token=$(tokenize 4242424242424242)
payment=$(api POST /v1/payments "{\"amount\":1000,\"currency\":\"EUR\",\"token\":\"$token\"}" | jq -er .id)
api POST /v1/payments "{\"amount\":1000,\"currency\":\"EUR\",\"token\":\"$token\",\"routing\":{\"connectors\":[\"adyen\"]}}" >/dev/null
ends 0 ledger verify --days 1
only_says 'decisions that come out again, to the byte: 1; that do not: 0; that cannot be tried: 1'
kill -STOP "$FREEPORT_ROUTER_PID"
ends 1 ledger check
says 'freeport ledger: the router does not answer, or has no line to the vault'
ends 1 ledger accept --reason silent
kill -CONT "$FREEPORT_ROUTER_PID"
ends 0 ledger check
stack_stop
for call in 'connector list' 'drill adyen --for 1s' 'ledger check' 'ledger verify' 'policy log'; do
  # shellcheck disable=SC2086 # they are words
  ends 69 $call
done

rm "$stack_dir"/router/ledger.mdb*
stack_start
ends 1 ledger check
says "${payment}_1"
ends 1 drill adyen --for 1s
says '(503)'
ends 0 ledger accept --reason 'looked up'
says 'accepted: payments may be made again'
ends 0 ledger accept --reason 'looked up'
says 'there is nothing to accept'
ends 0 ledger check
stack_stop
echo 'every exit status is as it is documented'
