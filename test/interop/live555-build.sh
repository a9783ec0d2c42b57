#!/bin/sh
# live555-build.sh FOLDER: builds live555 and live555-server.cpp into FOLDER/server, half a minute of one core.
# Debian 12 has no package of live555. Its sources come from PyPI, inside a Python binding.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
[ -e server ] && [ server -nt "$here/live555-server.cpp" ] && exit 0
pip download -q --no-deps --no-binary liblivemedia --require-hashes -r "$here/live555-requirements.txt" -d .
tar xzf liblivemedia-*.tar.gz --strip-components=1
flags="-O0 -w -DSOCKLEN_T=socklen_t -DNO_OPENSSL=1 -DBSD=1"
for room in BasicUsageEnvironment UsageEnvironment groupsock liveMedia; do flags="$flags -I$room/include"; done
mkdir -p objects
for source in UsageEnvironment/*.cpp BasicUsageEnvironment/*.cpp groupsock/*.c* liveMedia/*.c*; do
  case $source in
    *.c) echo "gcc $flags -c $source -o objects/$(basename "$source").o" ;;
    *.cpp) echo "g++ -std=c++20 $flags -c $source -o objects/$(basename "$source").o" ;;
  esac
done | xargs -P 2 -I LINE sh -c LINE
# shellcheck disable=SC2086
g++ -std=c++20 $flags "$here/live555-server.cpp" objects/*.o -o server
