#!/usr/bin/env bash
# Constant time: runs test/native/constant_time.c under valgrind, which reports branches and
# addresses that depend on a secret; first of all it must see those that are planted. The last
# line says `N passed, N failed`. What it cannot see: how long single instructions take, and
# what a wasm engine makes of the module.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/progress.sh
. scripts/sources.sh

export CC=${CC:-cc} AR=ar
OPTIMIZE="-g -O2 -DXTLS_CONSTANT_TIME $NATIVE_VECTORS"

main() {
  scripts/packages.sh gcc libc6-dev valgrind
  answer=$(scripts/mbedtls.sh)
  { read -r mbedtls && read -r release; } <<<"$answer"
  stage=$(mktemp -d "$cache/constant.XXXXXX")
  litter+=("$stage")
  lay_out "$stage" "$mbedtls"
  mkdir "$stage/native"
  cp test/native/constant_time.c "$stage/native/"
  cd "$stage"
  export CFLAGS="$OPTIMIZE $INCLUDES $DEFINES"
  step "compiling Mbed TLS $release for valgrind" sh library.sh mbedtls/library libmbedtls.a
  step "compiling the core for valgrind" sh library.sh core libcore.a
  step "compiling its primitives for valgrind" sh library.sh core/fast libfast.a
  (cd native && $CC $CFLAGS $WARNINGS constant_time.c -Wl,--start-group ../libcore.a ../libfast.a ../libmbedtls.a \
    -Wl,--end-group -o ../constant_time)
  passed=0 failed=0
  claim "sees a branch on a secret" leaks branch
  claim "sees an address that depends on a secret" leaks index
  claim "sees neither in the primitives" is_constant
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}

claim() {
  local sentence=$1
  shift
  if "$@"; then
    echo "ok $sentence"
    passed=$((passed + 1))
  else
    echo "not ok $sentence"
    cat report
    failed=$((failed + 1))
  fi
}

watched() {
  valgrind --quiet --error-exitcode=7 ./constant_time "$@" >report 2>&1
}

leaks() {
  local status=0
  watched "$1" || status=$?
  [ "$status" = 7 ]
}

is_constant() {
  watched && ! grep --quiet '^not ok' report
}

main "$@"
