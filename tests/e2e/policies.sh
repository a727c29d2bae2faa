#!/usr/bin/env bash
# A payments person's day with `freeport policy`: check, diff, replay, publish by hash, look at the log, roll back. On a
# stack of its own; with every exit status.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/tools/stack.sh
source tests/tools/stack.sh

# policy STATUS ACTION...: runs it; what it prints is left in $out and $err.
policy() {
  local wanted=$1 status=0
  shift
  out=$("$build/freeport" policy "$@" --dir "$stack_dir" 2>"$stack_dir/policy.err") || status=$?
  err=$(<"$stack_dir/policy.err")
  ((status == wanted)) || fail "freeport policy $*: exit status $status instead of $wanted: $out $err"
}
has() { [[ $1 == *"$2"* ]] || fail "'$2' is not in: $1"; }
has_not() { [[ $1 != *"$2"* ]] || fail "'$2' is in: $1"; }
id_in() { grep -oE 'pol_[0-9A-HJKMNP-TV-Z]{26}' <<<"$1" | head -n 1; }

stack_make
work=$stack_dir/work
mkdir "$work"
cat >"$work/first" <<'P'
# what we begin with
rule big when amount > 100.00 EUR route adyen, stripe
rule small when amount <= 5.00 EUR route checkout, adyen
otherwise route adyen, checkout
P

# Without a stack: what the text alone shows.
policy 0 check "$work/first"
has "$err" 'without a stack that answers'
has "$out" 'hash '
echo 'otherwise ruote adyen' >"$work/wrong"
policy 1 check "$work/wrong"
has "$err" 'line 1, column 11: error: '
has "$err" '(is it route?)'
# As JSON it is the same policy.
echo '{"rules":[],"otherwise":{"type":"route","connectors":["adyen","stripe"]}}' >"$work/json"
echo 'otherwise route adyen, stripe' >"$work/text"
policy 0 check "$work/json"
json=$out
policy 0 check "$work/text"
[[ ${json##*hash } == "${out##*hash }" ]] || fail "as JSON it has another hash: $json"
policy 1 check - <<<'{"rules":[],"otherwise":{"type":"ruote"}}'
has "$err" 'error: expected otherwise.type: route, '
policy 69 publish "$work/first"
policy 69 log
policy 64 check
policy 64 nothing
policy 64 replay "$work/first" --days 0
policy 0 --help
has "$out" 'freeport policy diff [FILE|ID] [FILE|ID]'

stack_start
policy 1 check - <<<'rule r when risk < 0 route adyen, nowhere otherwise route adyen, stripe'
has "$err" 'line 1, column 35: error: '
policy 0 check - <<<'rule r when risk > 90 route adyen otherwise route adyen, stripe'
has "$err" 'warning: '
policy 1 publish "$work/wrong"
policy 1 publish - <<<'otherwise route nowhere'
has "$err" 'line 1, column 17: error: '
policy 1 publish "$work/absent"
policy 1 publish pol_01J9ZC8XK4T5V6W7X8Y9Z0ABCZ
policy 1 rollback
has "$err" 'No earlier policy was published'
policy 1 diff

# Published by what was read, with a reason.
policy 0 publish "$work/first" --reason 'where we begin'
first=$(id_in "$out")
policy 0 check "$work/first"
has "$err" 'line 4, column 1: note: '
has_not "$err" 'not looked up'
hash=${out##*hash }
policy 0 show
[[ $out == "$(<"$work/first")" ]] || fail "shown is: $out"
policy 0 show --json
[[ $(jq -r '.otherwise.connectors | join(",")' <<<"$out") == adyen,checkout ]] || fail "the tree is: $out"
policy 0 log
has "$(head -n 1 <<<"$out")" "published    $first  ${hash:0:12}"
has "$(head -n 1 <<<"$out")" 'where we begin'

# Another draft: the same statements but for three.
cat >"$work/second" <<'P'
rule small when amount <= 5.00 EUR route checkout, adyen
rule new   when currency == USD    route stripe, adyen
rule big   when amount > 200.00 EUR route adyen, stripe
otherwise route stripe, adyen
P
policy 0 diff "$work/second"
has "$out" "--- $first"
has "$out" '- rule big when amount > 100.00 EUR route adyen, stripe'
has "$out" '+ rule big when amount > 200.00 EUR route adyen, stripe'
has "$out" '+ rule new when currency == USD route stripe, adyen'
has "$out" '1 added, 0 removed, 2 changed, 1 moved'
policy 0 diff "$work/first" "$first"
has "$out" '0 added, 0 removed, 0 changed, 0 moved'

# Of a schedule it is told which statements try by it.
cat >"$work/later" <<'P'
schedule payday = 4 tries within 21 days on [1 15 28] at 6..9 in "Europe/Berlin"
rule renewals when kind == recurring route adyen, stripe with later payday
otherwise route adyen, stripe with max_attempts 2, later payday
P
sed 's/4 tries/5 tries/' "$work/later" >"$work/more"
policy 0 diff "$work/later" "$work/more"
has "$out" '- schedule payday = 4 tries within 21 days on [1 15 28] at 6..9 in "Europe/Berlin"'
has "$out" '+ schedule payday = 5 tries within 21 days on [1 15 28] at 6..9 in "Europe/Berlin"'
has "$out" '  (it is the schedule of rule renewals, otherwise)'
has "$out" '0 added, 0 removed, 1 changed, 0 moved'
policy 0 check "$work/later"
[[ $err != *schedule* ]] || fail "found: $err"
policy 1 check - <<<"$(sed 's/later payday/retry off, later payday/; s/Berlin/Berln/' "$work/later")"
has "$err" 'line 1, column 10: error: '
has "$err" 'line 2, column 80: error: '
policy 1 check - <<<"$(sed 's/later payday/later paydya/' "$work/later")"
has "$err" 'line 2, column 69: error: '
has "$err" '(is it payday?)'

# Tried on what was paid: seven would go to Stripe, of which nothing is known but what three named themselves.
token=$(tokenize 4242424242424242)
pay() { # AMOUNT [MORE]
  api POST /v1/payments "{\"amount\":$1,\"currency\":\"EUR\",\"token\":\"$token\"${2-}}" | jq -er .id
}
for amount in 300 400 1000 2000 3000 4000 5000 6000 7000; do pay "$amount" >/dev/null; done
for amount in 1000 2000 3000; do pay "$amount" ',"routing":{"connectors":["stripe"]}' >/dev/null; done
policy 0 replay "$work/second" --days 1 --json
[[ $(jq -c '[.looked_at, .by_request, .compared, .first_differs, .list_differs]' <<<"$out") == '[12,3,9,7,7]' ]] ||
  fail "replayed: $out"
[[ $(jq -c '.moves[0] | [.from, .to, .payments, .approval.before.sample, .approval.after.sample]' <<<"$out") == \
  '["adyen","stripe",7,7,3]' ]] || fail "moved: $out"
second=$(jq -r .policy <<<"$out")
policy 0 replay "$second"
has "$out" '12 payments'
has "$out" 'adyen                stripe                       7  100.0% (64.6 to 100.0, of 7)'
has "$out" 'such as pay_'
[[ $(api GET '/v1/policies?limit=1' | jq -r '.data[0] | .id + " " + .status') == "$second draft" ]] ||
  fail 'a replay published, or drafted what was drafted'

# Published by id, then one step back.
policy 0 publish "$second" --reason 'Stripe is cheaper'
[[ $(api GET "/v1/payments/$(pay 1000)" | jq -r .connector) == stripe ]] || fail 'the second policy does not decide'
policy 0 diff
has "$out" "--- $first"
has "$out" "+++ $second"
policy 0 rollback --reason 'too many declines'
has "$out" "rolled back to $first, hash $hash"
[[ $(api GET "/v1/payments/$(pay 1000)" | jq -r .connector) == adyen ]] || fail 'the first policy does not decide'
policy 0 log --json
[[ $(jq -c '[.[] | [.action, .reason]][:3]' <<<"$out") == \
  '[["rolled_back","too many declines"],["published","Stripe is cheaper"],["published","where we begin"]]' ]] ||
  fail "the log is: $out"

# A file that was drafted is not drafted again; what is in force stays so; a step back goes to another text.
drafts() { api GET '/v1/policies?limit=100' | jq '.data | length'; }
count=$(drafts)
policy 0 replay "$work/second" --json
policy 0 publish "$work/second"
policy 0 publish "$work/second"
[[ $(drafts) == "$count" ]] || fail 'the same file was drafted again'
policy 0 log --json
[[ $(jq '[.[].action] | length' <<<"$out") == 5 ]] || fail "what was in force was published again: $out"
printf '# the same again\n' | cat - "$work/second" >"$work/commented"
policy 0 publish "$work/commented"
[[ $(drafts) == $((count + 1)) ]] || fail 'another comment is another text'
policy 0 rollback
has "$out" "rolled back to $first, hash $hash"

# What `best of` chose stands when the same policy is tried on it: none of these would go elsewhere.
echo 'otherwise best of adyen, checkout, stripe' >"$work/best"
policy 0 publish "$work/best"
chosen=$(for ((i = 0; i < 12; i++)); do pay 1000; done | jq -Rs 'split("\n") | map(select(. != ""))')
policy 0 replay "$work/best" --json
[[ $(jq --argjson chosen "$chosen" '[.moves[].examples[] | select(. as $id | $chosen | index($id))] | length' <<<"$out") == 0 ]] ||
  fail "the policy in force would decide otherwise than it did: $out"
has "$out" 'keep the choices that'

# A thousand rules and more.
for ((i = 0; i < 1500; i++)); do
  printf 'rule r%d when metadata.shop == "shop %d" route stripe, adyen\n' $i $i
done >"$work/long"
echo 'otherwise route adyen, checkout' >>"$work/long"
policy 0 publish "$work/long"
[[ $(api GET "/v1/payments/$(pay 1000 ',"metadata":{"shop":"shop 1499"}')" | jq -r .decision.rule) == r1499 ]] ||
  fail 'the last of many rules does not decide'
policy 0 show
[[ $out == "$(<"$work/long")" ]] || fail 'a long policy is shown otherwise'

# All of it is there after a restart.
stack_stop
stack_start
policy 0 show
[[ $out == "$(<"$work/long")" ]] || fail 'a long policy is another after a restart'
policy 0 log
has "$out" 'too many declines'
printf 'policies: checked, compared, replayed, published, rolled back\n'
