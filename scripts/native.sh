#!/usr/bin/env bash
# Native: compiles the same C with the machine's compiler, AddressSanitizer and
# UndefinedBehaviorSanitizer, and runs every test/native/*_test.c, or those named. Each
# test program ends with a line `N passed, N failed`; so does this script.
#
#     scripts/native.sh [NAME_test…]
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/progress.sh
. scripts/sources.sh

export CC=${CC:-cc} AR=ar
SANITIZE="-g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all $NATIVE_VECTORS"
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1

main() {
  scripts/packages.sh gcc libc6-dev
  answer=$(scripts/mbedtls.sh)
  { read -r mbedtls && read -r release; } <<<"$answer"
  sweep
  stage=$(mktemp -d "$cache/native.XXXXXX")
  litter+=("$stage")
  lay_out "$stage" "$mbedtls"
  cp -R test/native "$stage/native"
  cd "$stage"
  library
  export CFLAGS="$SANITIZE $WARNINGS $INCLUDES $DEFINES"
  step "compiling the core natively" sh library.sh core libcore.a
  step "compiling its primitives natively" sh library.sh core/fast libfast.a
  local names=("$@")
  [ $# != 0 ] || names=($(cd native && ls ./*_test.c | sed 's|^\./\(.*\)\.c$|\1|'))
  run "${names[@]}"
}

# Mbed TLS with the sanitizers, from the cache if nothing of it has changed.
library() {
  local key
  key=$(cd "$OLDPWD" && library_sources | digest native "$SANITIZE" "$($CC --version | sed -n 1p)" "$release")
  if [ ! -f "$cache/$key.a" ]; then
    CFLAGS="$SANITIZE $INCLUDES $DEFINES" \
      step "compiling Mbed TLS $release natively, with sanitizers" sh library.sh mbedtls/library libmbedtls.a
    cp libmbedtls.a "$cache/$key.a.part.$$"
    mv "$cache/$key.a.part.$$" "$cache/$key.a"
  fi
  cp "$cache/$key.a" libmbedtls.a
}

run() {
  local name passed=0 failed=0 line
  mkdir -p programs
  for name in "$@"; do
    step "compiling $name" compile "$name"
    echo "$name"
    "programs/$name" >output 2>&1 && status=0 || status=$?
    cat output
    line=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' output | tail -n 1)
    set -- ${line:-0 1}
    passed=$((passed + $1))
    failed=$((failed + $2))
    [ "$status" = 0 ] || [ "$2" != 0 ] || failed=$((failed + 1))
  done
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}

# A test, and what tests share (the files there that are no tests themselves). It may say what it links with.
compile() {
  local shared flags
  flags=$(sed -n 's|^ \* Links with: ||p' "native/$1.c")
  shared=$(cd native && ls ./*.c | grep --invert-match -e '_test\.c$' -e constant_time || true)
  (cd native && $CC $CFLAGS "$1.c" $shared $flags -Wl,--start-group ../libcore.a ../libfast.a ../libmbedtls.a -Wl,--end-group -o "../programs/$1")
}

main "$@"
