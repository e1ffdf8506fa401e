#!/bin/sh
# Installs the packages of tools/packages.txt that are missing. Says what it
# installs; needs root only for that; does nothing when all are there.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

missing=""
for package in $(sed 's/#.*//' "$here/packages.txt"); do
  if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null \
      | grep -q 'ok installed'; then
    missing="$missing $package"
  fi
done
[ -n "$missing" ] || exit 0

echo "toadcache: installing$missing" >&2
if [ "$(id -u)" = 0 ]; then
  as_root=""
elif command -v sudo >/dev/null 2>&1; then
  as_root="sudo"
else
  echo "toadcache: not root and no sudo; install these packages first:$missing" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q
# shellcheck disable=SC2086
$as_root apt-get install -y -q --no-install-recommends $missing
