#!/usr/bin/env bash
# readmes.sh: the tree tells what is in it.
#
# 1. Each folder with sources has a README.md that names each of its files, by its stem (what.h names what.c too) or a pattern
#    (test_*.c).
# 2. No two headers share a name: an include says which is meant.
# 3. Each header begins with a comment.
# 4. No file holds a path of somebody's machine or the words of unfinished work.
set -euo pipefail
cd "$(dirname "$0")/../.."
wrong=0 checked=0

complain() {
  printf 'readmes: %s\n' "$*"
  wrong=$((wrong + 1))
}

# The files of the tree, without what is built; a copy that is no clone is looked through as well.
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
  mapfile -t files < <(git ls-files --cached --others --exclude-standard)
else
  mapfile -t files < <(find . -name 'build*' -prune -o -type f -printf '%P\n')
fi
((${#files[@]} > 100)) || complain "only ${#files[@]} files were found"

declare -A readmes words headers
# Words that may name files, and patterns among them, of a folder's README.
words_of() { tr -c 'A-Za-z0-9_.*-' '\n' <"$1/README.md" | sort -u; }

named() { # FILE FOLDER
  local name=${1##*/} stem word
  stem=${name%.*}
  while read -r word; do
    # shellcheck disable=SC2053 # a pattern is meant
    [[ ${word%.*} != "$stem" ]] || return 0
    [[ $word != *[a-z]*'*'* || $name != $word ]] || return 0
  done <<<"${words[$2]}"
  return 1
}

for file in "${files[@]}"; do
  folder=${file%/*}
  case $file in
    */*.c | */*.h | */*.py | */*.sh | */*.js | */*.html | */*.yaml) ;;
    *) continue ;;
  esac
  [[ -f $file ]] || continue # deleted, not committed yet
  checked=$((checked + 1))
  if [[ ! -f $folder/README.md ]]; then
    [[ -n ${readmes[$folder]-} ]] || complain "$folder has no README.md"
    readmes[$folder]=none
    continue
  fi
  [[ -n ${words[$folder]-} ]] || words[$folder]=$(words_of "$folder")
  named "$file" "$folder" || complain "$folder/README.md does not name ${file##*/}"
  if [[ $file == *.h ]]; then
    name=${file##*/}
    [[ -z ${headers[$name]-} ]] || complain "$file and ${headers[$name]} share a name"
    headers[$name]=$file
    [[ $(head -c 2 "$file") == '/*' ]] || complain "$file does not begin with a comment"
  fi
done

# Written apart, so that this file does not hold them.
unfinished='\b(TO''DO|FIX''ME|HA''CK|W''IP)\b'
machine='(^|[^A-Za-z0-9_.])/(home|ro''ot|wo''rk|Users)/[A-Za-z0-9_]'
while IFS= read -r found; do
  complain "$found"
done < <(printf '%s\0' "${files[@]}" | xargs -0 grep -InEs "$unfinished|$machine" | cut -c1-120)

printf 'readmes: %d files, %d complaints\n' "$checked" "$wrong"
((wrong == 0))
