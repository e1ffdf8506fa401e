#!/bin/sh
# usage: tools/setup.sh [build] [libraries] [tests] [checks] [bench]
# Installs the packages of tools/packages.txt that are missing (all purposes
# but `bench` when none is named). Says what it installs; needs root only for
# that; touches neither network nor system when all are there.
set -eu
list=$(cd "$(dirname "$0")" && pwd)/packages.txt

say() { echo "toadcache: $*" >&2; }

for purpose in "$@"; do
  grep -qx "# -- $purpose" "$list" || {
    say "setup: unknown purpose '$purpose'; expected one of:" \
      "$(sed -n 's/^# -- //p' "$list" | tr '\n' ' ')"
    exit 2
  }
done
command -v dpkg-query >/dev/null 2>&1 || {
  say "setup: this is not Debian; install what $list names by hand"
  exit 1
}

wanted=$(awk -v purposes=" $* " '
  /^# -- / {
    use = purposes ~ /^ *$/ ? $3 != "bench" : index(purposes, " " $3 " ")
    next
  }
  /^[^#]/ && use { print $1 }' "$list")
# shellcheck disable=SC2086
installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' $wanted \
  2>/dev/null | sed -n 's/ installed$//p' || true)
missing=""
for package in $wanted; do
  printf '%s\n' "$installed" | grep -qxF "$package" \
    || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null 2>&1 || {
    say "not root and no sudo; install these packages first:$missing"
    exit 1
  }
  as_root="sudo"
fi
say "installing$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q
# shellcheck disable=SC2086
$as_root apt-get install -y -q --no-install-recommends $missing
