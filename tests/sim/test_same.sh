#!/usr/bin/env bash
# test_same.sh SIM: the same seed gives the same run, another one another.
set -euo pipefail
digest() { "$1" --seed "$2" --payments 1000 | sed -n 's/.*digest \([0-9a-f]\{16\}\)$/\1/p'; }

first=$(digest "$1" 5) again=$(digest "$1" 5) other=$(digest "$1" 6)
printf 'digests: %s %s %s\n' "$first" "$again" "$other"
[[ -n $first && $first == "$again" && $first != "$other" ]]
