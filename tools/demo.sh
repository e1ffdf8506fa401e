#!/bin/sh
# usage: tools/demo.sh
# From nothing to the running program: installs what is missing, builds it and
# shows its commands.
set -eu
cd "$(dirname "$0")/.."

sh tools/setup.sh build libraries
echo "toadcache: building (build/release)" >&2
cmake --preset release -DTOADCACHE_TESTS=OFF -DTOADCACHE_EXAMPLES=OFF >/dev/null
cmake --build --preset release --target toadcache
exec build/release/tools/toadcache --help
