#!/bin/bash
# alone.sh FOLDER: proves that every source file compiles by itself, and so every header: it is the first that its own source includes, or is compiled
# as one. clang checks the syntax, after the standard library and nlohmann/json, which are parsed once: an #include of theirs that is missing is not
# noticed here. GCC, which takes three times as long, has the last word. What has not changed since the last time, by FOLDER, is not compiled again.
set -euo pipefail
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

sources() { find cmd builder runtime -name "*$1" | sort; }

# Those without a source that includes them first.
headers() {
  local header source
  for header in $(sources .h); do
    source=${header%.h}.cc
    [ -e "$source" ] && [ "$(sed -n 's/^#include //p;T;q' "$source")" = "\"$header\"" ] || echo "$header"
  done
}

# The standard library's headers, and the system's, that more than one file includes.
cat $(sources .cc) $(sources .h) | sed -n 's/^#include <\([a-z_/.0-9]*\)>.*/\1/p' | sort | uniq -c | awk '$1 > 1 && $2 !~ /archive/ { print "#include <" $2 ">" }' >"$folder/parsed.new"
echo '#include <nlohmann/json.hpp>' >>"$folder/parsed.new"
cmp -s "$folder/parsed.new" "$folder/parsed.h" || mv "$folder/parsed.new" "$folder/parsed.h"

{
  cat <<END
builddir = $folder
flags = -std=c++20 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DMINI_VERSION='"0"' -DOPENSSL_API_COMPAT=0x10100000L -DMINI_LAUNCHER_BYTES='"-"' -DMINI_TRANSPORT_BYTES='"-"' -I.
rule parse
  command = clang++ \$flags -fpch-instantiate-templates -x c++-header \$in -o \$out
rule check
  command = as='-x c++ -fsyntax-only -MD -MF \$out.d -MT \$out'; { clang++ \$flags -include-pch $folder/parsed.pch \$\$as \$in 2>/dev/null || g++ \$flags \$\$as \$in; } && touch \$out
  depfile = \$out.d
  deps = gcc
build $folder/parsed.pch: parse $folder/parsed.h
END
  for file in $(sources .cc) $(headers); do echo "build $folder/${file//\//_}.ok: check $file | $folder/parsed.pch"; done
} >"$folder/build.ninja"
exec ninja -f "$folder/build.ninja" -k 0 -j "${ALONE_JOBS:-1}"
