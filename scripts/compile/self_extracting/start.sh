#!/bin/sh
# flwr @version@ for @target@ in one file: this script and, after it, a compressed archive.
# The first start unpacks the archive into the cache folder. Later starts run what is there.
# The licences are in LICENSES.txt beside the unpacked program.

archive_sha256=@sha256@
archive_start=@start@
file_bytes=@bytes@
unpacked_mebibytes=@mebibytes@
system='@system@'
files='@files@'

fail() {
  printf 'Error: %s\n' "$1" >&2
  shift
  for hint; do printf '  Hint: %s\n' "$hint" >&2; done
  exit 1
}

# Sets $cache, by the rule of ml/data/cache_folder.ts.
find_cache() {
  case ${FLWR_CACHE:-} in
    '') ;;
    /*) cache=$FLWR_CACHE; return ;;
    *) cache=$PWD/$FLWR_CACHE; return ;;
  esac
  case $system in
    Linux*) case ${XDG_CACHE_HOME:-} in /*) cache=$XDG_CACHE_HOME/flwr; return ;; esac; place=.cache ;;
    *) place=Library/Caches ;;
  esac
  [ -n "${HOME:-}" ] || fail 'There is no folder to unpack flwr into: no home folder' \
    'Set FLWR_CACHE to a folder'
  cache=$HOME/$place/flwr
}

# Everything that shows a change without reading the file: mode, owner, size and time. All files have a time of
# 1980, so a file that was written since has another one.
describe_files() {
  case $system in
    Linux*) stat -c '%a %u %g %s %Y %n' $files ;;
    *) /usr/bin/stat -f '%p %u %g %z %m %N' $files ;;
  esac
}

# Whether a program folder is this user's and its files are as they were unpacked.
is_whole() (
  [ -O "$1" ] && cd "$1" 2>/dev/null && [ -r .files ] &&
    [ "$(describe_files 2>/dev/null)" = "$(cat .files)" ]
)

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum
  elif command -v shasum >/dev/null; then shasum -a 256
  elif command -v openssl >/dev/null; then openssl dgst -sha256 -r
  else fail 'flwr cannot check itself: there is none of sha256sum, shasum and openssl' \
    'Put one of them into a folder of the PATH'
  fi
}

archive() {
  tail -c "+$archive_start" <"$0"
}

check_machine() {
  for tool in cat gzip head ls mkdir mktemp rm stat tail tar uname wc; do
    command -v "$tool" >/dev/null || fail "flwr cannot unpack itself: there is no $tool" \
      "Put $tool into a folder of the PATH"
  done
  machine="$(uname -s) $(uname -m)"
  case "|$system|" in
    *"|$machine|"*) ;;
    *) fail "This flwr is for @target@, and this machine is $machine" \
      'Get the flwr for this machine' ;;
  esac
}

check_self() {
  [ -f "$0" ] && [ -r "$0" ] || fail "flwr cannot read its own file \"$0\"" 'Call it by its path'
  bytes=$(wc -c <"$0")
  [ "$((bytes))" -eq "$file_bytes" ] ||
    fail "\"$0\" is damaged: it has $((bytes)) bytes, expected $file_bytes" 'Copy it here again'
  sum=$(archive | sha256) || exit 1
  [ "${sum%% *}" = "$archive_sha256" ] ||
    fail "\"$0\" is damaged: its archive has another SHA-256 than expected" 'Copy it here again'
}

# Makes the folder of programs, and refuses one in which others could put a program.
make_programs_folder() {
  words=$(mkdir -p "$programs" 2>&1) ||
    fail "Folder \"$programs\" cannot be made: $words" 'Set FLWR_CACHE to a folder of your own'
  [ -O "$programs" ] || fail "Folder \"$programs\" belongs to another user" \
    'Set FLWR_CACHE to a folder of your own'
  case $(ls -ldn "$programs") in
    d????w* | d???????w*) fail "Other users can write to folder \"$programs\"" \
      "Take that right from them: chmod go-w \"$programs\"" ;;
  esac
}

# Runs the unpacked Deno once, so that a system on which it cannot run is refused.
check_runs() {
  words=$("$1/deno" --version 2>&1 </dev/null)
  case $? in
    0) ;;
    126) fail "Programs cannot be run from \"$programs\": it may be mounted noexec" \
      'Set FLWR_CACHE to a folder from which programs may be run' ;;
    *) fail "flwr does not run on this system: $words" \
      'On Linux it needs the GNU C library 2.28 or later, and libstdc++' ;;
  esac
}

# In a shell of its own, because of umask and traps.
unpack() (
  umask 077
  check_machine
  check_self
  make_programs_folder
  # What starts that were killed left behind.
  find "$programs" -name '.unpacking.*' -prune -mtime +0 -exec rm -rf {} + 2>/dev/null
  unfinished=$(mktemp -d "$programs/.unpacking.XXXXXX" 2>&1) ||
    fail "flwr cannot write to folder \"$programs\": $unfinished" \
      'Set FLWR_CACHE to a folder that you can write to'
  trap 'rm -rf "$unfinished"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  if [ -t 2 ]; then echo "flwr @version@ unpacks itself into $programs" >&2; fi
  words=$({ archive | gzip -dc | tar -xof - -C "$unfinished"; } 2>&1) ||
    fail "flwr cannot be unpacked into \"$programs\": $(printf '%s\n' "$words" | head -n 1)" \
      "It needs $unpacked_mebibytes MiB there" 'Set FLWR_CACHE to a folder with more room'
  check_runs "$unfinished"
  (cd "$unfinished" && describe_files >.files) ||
    fail "flwr cannot be unpacked into \"$programs\"" 'Set FLWR_CACHE to another folder'
  # Another start may have been faster.
  if ! is_whole "$program"; then
    words=$("$unfinished/deno" run -A --quiet --no-config "$unfinished/@place@" \
      "$unfinished" "$program" 2>&1 </dev/null) ||
      fail "flwr cannot be put into \"$program\": $words" 'Remove that folder'
  fi
)

main() {
  case ${0##*/} in
@names@
  esac
  find_cache
  # Deno's own folder, so that flwr writes to one place. No look for newer versions of Deno on the network.
  export DENO_DIR="${DENO_DIR:-$cache/deno}" DENO_NO_UPDATE_CHECK=1
  programs=$cache/programs
  resolved=$(CDPATH= cd -P -- "$programs" 2>/dev/null && pwd -P) && programs=$resolved
  program=$programs/$archive_sha256
  if ! is_whole "$program"; then
    if [ -e "$program" ] && ! [ -O "$program" ]; then
      fail "Folder \"$program\" belongs to another user" 'Set FLWR_CACHE to a folder of your own'
    fi
    unpack "$@" || exit
    resolved=$(CDPATH= cd -P -- "$programs" && pwd -P) && programs=$resolved
    program=$programs/$archive_sha256
  fi
  [ -x "$program/deno" ] || fail "Programs cannot be run from \"$programs\": it may be mounted noexec" \
    'Set FLWR_CACHE to a folder from which programs may be run'
@heap@
  exec "$program/deno" run -A --quiet $heap --config "$program/deno.json" "$program/@entry@" "$@"
}

main "$@"
exit
