#!/usr/bin/env bash
# Fuzz: feeds the core what libFuzzer invents, under AddressSanitizer and
# UndefinedBehaviorSanitizer: every test/fuzz/*_fuzz.c for SECONDS each (default 5), or those
# named in SUBJECTS. Where core/fast stands for Mbed TLS's own primitives, both compute and must agree.
# The last line says `N passed, N failed`; an input that fails is kept and named.
#
# LONG=1 takes ten minutes each, with other inputs every time.
#
#     scripts/fuzz.sh [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/progress.sh
. scripts/sources.sh
. scripts/debian.sh

export CC=clang AR=ar
SECONDS_EACH=${1:-$([ -n "${LONG:-}" ] && echo 600 || echo 5)}
SEED=$([ -n "${LONG:-}" ] && echo 0 || echo 1) # 0: another each time
SANITIZE="-g -O2 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all $NATIVE_VECTORS"
LIBRARY="$SANITIZE -fno-sanitize=nonnull-attribute" # Mbed TLS compares names of no length at NULL
REFERENCE="-O2 -DXTLS_STOCK" # the judge is not on trial: no sanitizers
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
LIMITS="-timeout=20 -rss_limit_mb=2048 -max_len=4096 -verbosity=0 -print_final_stats=1"

main() {
  packages
  answer=$(scripts/mbedtls.sh)
  { read -r mbedtls && read -r release; } <<<"$answer"
  findings=$cache/fuzz
  mkdir -p "$findings"
  stage=$(mktemp -d "$cache/fuzz.XXXXXX")
  litter+=("$stage")
  lay_out "$stage" "$mbedtls"
  cp -R test/fuzz test/native "$stage"
  cd "$stage"
  compiler=$($CC --version | sed -n 1p)
  library "$LIBRARY" libmbedtls.a
  library "$REFERENCE" libstock.a
  export CFLAGS="$SANITIZE $WARNINGS $INCLUDES -I../native $DEFINES"
  step "compiling the core for fuzzing" sh library.sh core libcore.a
  step "compiling its primitives for fuzzing" sh library.sh core/fast libfast.a
  step "compiling Mbed TLS's own primitives beside them" reference
  step "making seeds" seeds
  run
}

# The fuzzer's runtime is a package of its own, named after clang's version.
packages() {
  local major
  command -v clang >/dev/null || { ! has_apt || ! is_root || update_lists; }
  major=$(candidate clang | cut -d . -f 1)
  scripts/packages.sh clang ${major:+"libclang-rt-$major-dev"} binutils libc6-dev
}

# library FLAGS ARCHIVE: Mbed TLS, from the cache if nothing of it has changed.
library() {
  local key
  key=$(cd "$OLDPWD" && library_sources | digest fuzz "$1" "$compiler" "$release")
  if [ ! -f "$cache/$key.a" ]; then
    CFLAGS="$1 $INCLUDES $DEFINES" step "compiling Mbed TLS $release for fuzzing ($2)" sh library.sh mbedtls/library "$2"
    cp "$2" "$cache/$key.a.part.$$"
    mv "$cache/$key.a.part.$$" "$cache/$key.a"
  fi
  cp "$cache/$key.a" "$2"
}

# The same calls into both libraries; of the stock one no other name is left to be seen.
reference() (
  cd fuzz
  $CC $CFLAGS -DSIDE=fast -c primitives.c -o fast.o
  $CC $REFERENCE $WARNINGS $INCLUDES $DEFINES -DSIDE=stock -c primitives.c -o stock-part.o
  ld -r -o stock.o stock-part.o ../libstock.a
  objcopy --keep-global-symbol=stock stock.o
)

# link SOURCE PROGRAM FLAGS…
link() (
  source=$1 program=$2
  shift 2
  cd fuzz
  $CC $CFLAGS "$@" "$source" host.c engines.c fast.o stock.o \
    -Wl,--start-group ../libcore.a ../libfast.a ../libmbedtls.a -Wl,--end-group -o "../$program"
)

# What the core itself makes and reads, as beginnings.
seeds() (
  link seeds.c write-seeds
  ./write-seeds seeds
)

run() {
  local name passed=0 failed=0 flags
  for name in $(cd fuzz && ls ./*_fuzz.c | sed 's|^\./\(.*\)_fuzz\.c$|\1|'); do
    [ -z "${SUBJECTS:-}" ] || [[ " $SUBJECTS " == *" $name "* ]] || continue
    flags=$(sed -n 's|^ \* Links with: ||p' "fuzz/${name}_fuzz.c")
    step "compiling $name" link "${name}_fuzz.c" "$name-fuzz" -fsanitize=fuzzer $flags
    if fuzz "$name" >"$name.log" 2>&1; then
      passed=$((passed + 1))
      echo "ok $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$name.log") inputs"
    else
      failed=$((failed + 1))
      echo "not ok $name"
      tail -n 60 "$name.log"
    fi
  done
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ] && [ "$passed" != 0 ]
}

fuzz() {
  mkdir -p "corpus/$1" "seeds/$1"
  "./$1-fuzz" $LIMITS -seed="$SEED" -max_total_time="$SECONDS_EACH" -artifact_prefix="$findings/$1-" "corpus/$1" "seeds/$1"
}

main "$@"
