#!/usr/bin/env bash
# rooms.sh BUILD: proves the rooms of the design.
#
# 1. By the build's own list of dependencies (ninja -t deps): which room's headers each object was compiled from.
# 2. By the symbols of each binary: no function of a room that its process may not hold, and none of the C library that
#    its process may not call.
# 3. By compiling: a header that declares a card is refused outside the vault's room.
set -euo pipefail
build=$1
cd "$(dirname "$0")/../.."
source_root=$PWD
wrong=0 checked=0

complain() {
  printf 'rooms: %s\n' "$*"
  wrong=$((wrong + 1))
}

# What each room may include besides itself.
may_include='shared/core:
shared/http:shared/core
shared/client:shared/core
shared/store:shared/core
policy:shared/core
keys:shared/core
vault:keys policy shared/core shared/http shared/client shared/store
router:policy shared/core shared/http shared/client shared/store'

# Every include across rooms, one a line: FROM TO OBJECT HEADER; forbidden ones begin with an exclamation mark.
includes() {
  ninja -C "$build" -t deps | awk -v root="$source_root/" -v table="$may_include" '
    function room(path,   parts) {
      split(path, parts, "/")
      if (parts[1] == "shared") return parts[1] "/" parts[2]
      return parts[1] ~ /^(policy|keys|vault|router|tests)$/ ? parts[1] : ""
    }
    BEGIN {
      count = split(table, rows, "\n")
      for (i = 1; i <= count; i++) { split(rows[i], row, ":"); allowed[row[1]] = " " row[2] " " }
    }
    /^[^ ].*: #deps/ { object = substr($1, 1, length($1) - 1); from = room(object); next }
    /\.h$/ {
      header = $1; sub(/^(\.\.\/)+/, "", header); sub("^" root, "", header); to = room(header)
      if (header ~ /^\// || from == "" || from == "tests" || to == "" || from == to) next
      print (index(allowed[from], " " to " ") ? "" : "! ") from, to, object, header
    }'
}

found=$(includes)
while read -r _ from to object header; do
  complain "$object includes $header: room $from may not see $to"
done < <(grep '^!' <<<"$found" || true)
checked=$(wc -l <<<"$found")
((checked > 100)) || complain "only $checked includes across rooms were found: the list of dependencies is not read"

# Functions that a room's library defines.
defined_in() { # LIBRARY...
  nm --defined-only "$@" 2>/dev/null | awk '$2 == "T" { print $3 }' | sort -u
}

# absent BINARY WHAT SYMBOLS: none of these (one a line) is defined in the binary.
absent() {
  local found
  found=$(nm --defined-only "$build/$1" | awk '$2 == "T" { print $3 }' | sort -u | comm -12 - <(sort -u <<<"$3") | head -n 3)
  checked=$((checked + 1))
  [[ -z $found ]] || complain "$1 holds functions of $2: $(tr '\n' ' ' <<<"$found")"
}

library() { find "$build/$1" -name '*.a' | sort; }

# A room's own names: those that no other room has too, so that a shared name accuses nobody.
all=$(for folder in shared keys policy vault router; do
  for one in $(library "$folder"); do defined_in "$one"; done
done | sort | uniq -u)
own() { defined_in $(library "$1") | comm -12 - <(printf '%s\n' "$all"); }
keys=$(own keys) router=$(own router) router_inside=$(for one in ledger engine events api; do own "router/$one"; done) client=$(own shared/client) http=$(own shared/http)
vault=$(own vault)
[[ -n $keys && -n $vault && -n $router && -n $router_inside && -n $client && -n $http ]] || complain 'a room has no library to look into'

absent freeport-router 'the vault' "$vault"
absent freeport-router 'keys' "$keys"
absent freeport-router 'the HTTP client' "$client"
absent freeport 'the vault' "$vault"
absent freeport 'keys' "$keys"
absent freeport-vault 'the router' "$router"
absent freeport-vault 'HTTP' "$http"
absent freeport-vault 'the HTTP client' "$client"
absent freeport-collect 'keys' "$keys"
absent freeport-collect 'the router' "$router"
absent freeport-collect 'the HTTP client' "$client"
absent freeport-hooks 'keys' "$keys"
absent freeport-hooks 'the vault itself' "$(defined_in $(library vault/process))"
absent freeport-hooks 'egress' "$(own vault/egress)"
absent freeport-hooks 'the messages of cards' "$(defined_in $(library vault/protocol) | grep -E 'tokenize|card|code|egress_send')"
absent freeport-hooks 'the router' "$router"
absent freeport-hooks 'the HTTP client' "$client"
absent freeport-notify 'the vault' "$vault"
absent freeport-notify 'keys' "$keys"
absent freeport-notify 'an HTTP server' "$http"
absent freeport-notify 'engine, ledger, events and API' "$router_inside"
absent freeport-egress 'keys' "$keys"
absent freeport-egress 'the router' "$router"

# never_calls BINARY SYMBOL...: not even linked from the C library.
never_calls() {
  local binary=$1 symbol imported
  shift
  imported=$(nm -D --undefined-only "$build/$binary" | awk '{ sub(/@.*/, "", $2); print $2 }')
  for symbol; do
    checked=$((checked + 1))
    ! grep -qx "$symbol" <<<"$imported" || complain "$binary calls $symbol()"
  done
}

never_calls freeport-vault socket connect bind listen execve execvp system popen fork posix_spawn dlopen getaddrinfo
never_calls freeport-router connect bind execve execvp system popen fork posix_spawn getaddrinfo
never_calls freeport-collect connect bind execve execvp system popen fork posix_spawn getaddrinfo
never_calls freeport-hooks connect bind execve execvp system popen fork posix_spawn getaddrinfo
never_calls freeport-notify bind listen accept accept4 execve execvp system popen fork posix_spawn
never_calls freeport-egress bind listen accept accept4 execve execvp system popen fork posix_spawn

# The refusal itself, and that it is the refusal and not something else that stops the compiler.
compile() { cc -std=c17 -fsyntax-only -Ishared/core -Ivault/protocol "$@" -x c - <<<'#include "card.h"' 2>&1; }
compile -DFREEPORT_ROOM_VAULT >/dev/null || complain 'card.h does not compile in the vault'
grep -q 'vault.s room only' <(compile || true) || complain 'card.h compiles outside the vault'

printf 'rooms: %d checks, %d broken\n' "$checked" "$wrong"
((wrong == 0))
