#!/usr/bin/env bash
# problem_codes.sh: every code of a problem that the router's API can answer is described, and no other.
#
# 1. The codes in the source, with their statuses: where a fault or a problem is made, and nowhere without a code that can be read
#    here.
# 2. openapi.json: the enum of Problem.code, and x-problem-codes with status and meaning.
# 3. The table of router/api/README.md: the same words.
set -euo pipefail
cd "$(dirname "$0")/../.."
wrong=0

complain() {
  printf 'problem_codes: %s\n' "$*"
  wrong=$((wrong + 1))
}

same() { # WHAT FILE FILE
  diff "$2" "$3" >"$work/diff" || complain "$1 differs:"$'\n'"$(grep '^[<>]' "$work/diff")"
}

work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
source=$(cat router/api/*.c shared/http/*.c | tr -s ' \n' ' ')

# A problem of shared/http that only the other fronts answer with.
for problem in $(grep -oP 'const struct problem \Kproblem_[a-z_]+(?= = )' <<<"$source"); do
  (($(grep -oP "\b$problem\b" <<<"$source" | wc -l) > 1)) ||
    source=$(sed -E "s/const struct problem $problem = [^;]*;//" <<<"$source")
done

# CODE STATUS of every place that makes a fault or a problem.
{
  grep -oP '\b[45]\d\d, (\w+ \? )?"[a-z_]+"( : "[a-z_]+")?' <<<"$source" |
    sed -E 's/^([0-9]+), [^"]*"([a-z_]+)"( : "([a-z_]+)")?$/\2 \1\n\4 \1/' | grep -v '^ '
  grep -oP '\.status = [45]\d\d, \.code = "[a-z_]+"' <<<"$source" | sed -E 's/.*= ([0-9]+), .*"(.*)"/\2 \1/'
  grep -oP 'json_refuse\(intake, "[a-z_]+"' <<<"$source" | sed -E 's/.*"(.*)"/\1 422/'
  grep -oP 'fault_passing\( ?"[a-z_]+"' <<<"$source" | sed -E 's/.*"(.*)"/\1 503/'
} | sort -u >"$work/source"
(($(wc -l <"$work/source") > 40)) || complain 'the source was not read'

# Places whose code stands elsewhere: declarations, and what hands on a code that was read above. One more is one to look at.
unread=$({
  grep -oP '\b(fault_of|fault_at|fault_passing|json_refuse)\((?![^;]{0,60}?"[a-z_]+")[^;]*' <<<"$source"
  grep -oP '\.code = (?!"[a-z_]+")[^,;}]*' <<<"$source"
} | grep -vE '^(fault_of|fault_at)\(unsigned status|^fault_passing\(const char|^json_refuse\(struct json_intake' |
  grep -vE '^(fault_of\(status, code|fault_at\(422, code|json_refuse\(intake, code|fault_at\(refusals\[outcome\])|^\.code = (code|fault->code)$' |
  grep -vE '^fault_of\(refusal == JSON_TOO_LONG' || true)
[[ -z $unread ]] || complain "a code that cannot be read here: $unread"

document=router/api/openapi.json
jq -r '.components["x-problem-codes"] | to_entries[] | .key as $code | .value.statuses[] | "\($code) \(.)"' "$document" | sort >"$work/described"
same 'what the source can answer (<) and x-problem-codes (>)' "$work/source" "$work/described"
jq -r '.components["x-problem-codes"] | keys[]' "$document" | sort >"$work/codes"
jq -r '.components.schemas.Problem.properties.code.enum[]' "$document" | sort >"$work/enum"
same 'x-problem-codes (<) and the enum of Problem.code (>)' "$work/codes" "$work/enum"
jq -r '.components["x-problem-codes"] | to_entries[] | "\(.value.statuses | join(", ")) \(.key) \(.value.meaning)"' "$document" | sort >"$work/meanings"
sed -nE 's/^\| ([45][0-9, ]*[0-9]) \| `([a-z_]+)` \| (.*) \|$/\1 \2 \3/p' router/api/README.md | tr -d '`' | sort >"$work/readme"
same 'x-problem-codes (<) and the table of router/api/README.md (>)' "$work/meanings" "$work/readme"

((wrong == 0)) || exit 1
printf '%s codes, each described\n' "$(wc -l <"$work/codes")"
