#!/usr/bin/env bash
# Wasm: builds the module from core/ and Mbed TLS. `VARIANT=stock` makes the one without
# core/fast that the benchmarks compare with, `kernels` a test-only module that exports the
# primitives, `named` what is shipped with the names of its functions. What was built once is
# found again in the cache by a digest of all that went into it. The SHA-256 of what is shipped
# is compared with wasm/xtls.wasm.sha256; `--facts` prints what should stand there instead.
#
#     scripts/wasm.sh [--facts]
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/progress.sh
. scripts/sources.sh

RECORD=wasm/xtls.wasm.sha256
INITIAL_HEAP=$((2 * 1024 * 1024))
STACK=$((64 * 1024))

# SIMD is for code written with it: left to itself the compiler vectorizes ChaCha20 to half its speed.
SIMD="-msimd128 -fno-vectorize -fno-slp-vectorize"
variant=${VARIANT:-tuned}
names=
case $variant in
  tuned) tuning="-O3 $SIMD -mbulk-memory" output=wasm/xtls.wasm ;;
  stock) tuning="-O3 -mbulk-memory -DXTLS_STOCK" output=wasm/xtls-stock.wasm ;;
  kernels) tuning="-O3 $SIMD -mbulk-memory" output=build/kernels.wasm ;;
  named) tuning="-O3 $SIMD -mbulk-memory" names=--profiling-funcs output=build/named.wasm ;;
  *) die "VARIANT is tuned, stock, kernels or named, not $variant" ;;
esac

main() {
  answer=$(scripts/toolchain.sh)
  { read -r root && read -r emcc && read -r identity; } <<<"$answer"
  answer=$(scripts/mbedtls.sh)
  { read -r mbedtls && read -r release; } <<<"$answer"

  key=$(module_key)
  [ -f "$cache/$key.wasm" ] || build "$cache/$key.wasm"
  mkdir -p "${output%/*}"
  install -m 644 "$cache/$key.wasm" "$output.part"
  mv "$output.part" "$output"
  if [ "${1:-}" = --facts ]; then
    facts
  elif [ "$variant" = tuned ]; then
    compare
  fi
}

module_key() {
  all_sources | digest module "$variant" "$tuning" "$identity" "$release"
}

all_sources() {
  module_sources
  ! is_of_kernels || ls test/fast/kernels.c
}

is_of_kernels() {
  [ "$variant" = kernels ]
}

# The work is done in a directory inside the toolchain's root; nothing is mounted.
build() {
  alone wasm
  [ ! -f "$1" ] || return 0
  stage=$(mktemp -d "${root%/}/tmp/xtls.XXXXXX")
  litter+=("$stage")
  lay_out "$stage" "$mbedtls"
  ! is_of_kernels || lay_out_kernels
  [ "$(module_key)" = "$key" ] || die "the sources changed while they were copied; try again"
  local library
  library=$cache/$(library_sources | digest library "$tuning" "$identity" "$release").a
  [ -f "$library" ] || build_library "$library"
  cp "$library" "$stage/libmbedtls.a"
  rm "$stage/core/host_native.c"
  step "compiling and linking the module ($variant)" link
  mv "$stage/xtls.wasm" "$1.part"
  mv "$1.part" "$1"
}

# The test-only module exports every kernel_* function of one more file, and nothing else.
lay_out_kernels() {
  cp test/fast/kernels.c "$stage/core/"
  sed -n 's/^[a-z].*[ *]\(kernel_[a-z0-9_]*\)(.*/_\1/p' test/fast/kernels.c >"$stage/exports.txt"
}

build_library() {
  step "compiling Mbed TLS $release ($variant)" inside "$(compile mbedtls/library libmbedtls.a "$tuning $INCLUDES $DEFINES")"
  cp "$stage/libmbedtls.a" "$1.part"
  mv "$1.part" "$1"
}

link() {
  inside "$(compile core libcore.a "$tuning $WARNINGS $INCLUDES $DEFINES")"
  local fast=
  if [ "$variant" != stock ]; then
    inside "$(compile core/fast libfast.a "$tuning $WARNINGS $INCLUDES $DEFINES")"
    fast=libfast.a
  fi
  inside "$emcc $tuning $names libcore.a $fast libmbedtls.a -o xtls.wasm --no-entry -sSTANDALONE_WASM -sPURE_WASI \
    -sEXPORTED_FUNCTIONS=@exports.txt -sERROR_ON_UNDEFINED_SYMBOLS=0 -sALLOW_MEMORY_GROWTH -sABORTING_MALLOC=0 \
    -sINITIAL_HEAP=$INITIAL_HEAP -sMALLOC=emmalloc -sSTACK_SIZE=$STACK -Wl,--stack-first"
}

# compile SOURCES ARCHIVE FLAGS: the command that does it
compile() {
  echo "CC='$emcc' AR='${emcc%cc}ar' CFLAGS='$3' sh library.sh $1 $2"
}

inside() {
  if [ "$root" = / ]; then
    (cd "$stage" && sh -euc "$1")
  else
    chroot "$root" env -i PATH=/usr/bin:/bin HOME=/tmp LC_ALL=C sh -euc "cd '${stage#"$root"}'; $1"
  fi
}

# The module's hash and all that it depends on, in the form that sha256sum --check reads.
facts() {
  echo "# $identity, Mbed TLS $release"
  echo "# flags $tuning, sources $(module_sources | digest sources)"
  echo "$(sha256sum <"$output" | cut -d ' ' -f 1)  ${output##*/}"
}

compare() {
  local now recorded
  now=$(facts)
  recorded=$(grep --no-messages --before-context=2 "  ${output##*/}$" "$RECORD" || true)
  if [ "$now" = "$recorded" ]; then
    return
  elif [ -z "$recorded" ]; then
    say "note: $RECORD says nothing of $output; \`make record\` writes it"
  elif [ "$(sed -n 1p <<<"$now")" != "$(sed -n 1p <<<"$recorded")" ]; then
    say "note: built with $identity and Mbed TLS $release; the hash in $RECORD is for others and was not compared"
  elif [ "$(sed -n 2p <<<"$now")" != "$(sed -n 2p <<<"$recorded")" ]; then
    say "note: the sources are not those of $RECORD; \`make record\` writes it anew"
  else
    rm "$output"
    die "same sources, same toolchain, another module than $RECORD says: do not trust it. Remove $cache/*.wasm and build again"
  fi
}

main "$@"
