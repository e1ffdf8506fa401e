#!/bin/sh
# usage: tools/bench.sh [--quick] [--json FILE] [--only PREFIX] [--traces FOLDER]
#                       [--duration SECONDS]
# Installs what is missing, builds the benchmarks and runs them beside their
# peers (a plain concurrent map, Redis, memcached, the bare connector on
# MariaDB), which it starts privately and stops; the system's own are not
# touched. Several minutes; with --quick under 3 on two free cores.
set -eu
here=$(pwd)
cd "$(dirname "$0")/.."

sh tools/setup.sh build libraries bench
echo "toadcache: building (build/release)" >&2
cmake --preset release -DTOADCACHE_TESTS=OFF -DTOADCACHE_EXAMPLES=OFF \
  -DTOADCACHE_BENCH=ON >/dev/null
cmake --build --preset release --target toadcache_bench >&2
program=$(pwd)/build/release/bench/toadcache_bench
cd "$here" # paths in the arguments are the caller's
exec "$program" "$@"
