#!/usr/bin/env bash
# Toolchain: finds an emcc of at least 3.1.60, or makes one. Prints three lines: the root
# directory it must be run in (/ or a private Debian root file system), the command, and
# its identity, on which the bytes of the module depend. In this order:
# EMCC=…, emcc on PATH, the distribution's package, a root file system in the cache.
set -euo pipefail
cd "$(dirname "$0")"
. ./progress.sh
. ./debian.sh

MINIMUM=3.1.60
SUITE=trixie
root="$cache/$SUITE"

main() {
  if [ -n "${EMCC:-}" ]; then
    is_new_enough / "$EMCC" || die "EMCC=$EMCC is no emcc of at least $MINIMUM"
    print / "$EMCC"
  elif is_new_enough / emcc; then
    print / emcc
  elif is_new_enough "$root" emcc; then
    print "$root" emcc
  elif is_root && has_apt; then
    make_one
  else
    explain
  fi
}

make_one() {
  update_lists
  if at_least "$(candidate emscripten)" "$MINIMUM"; then
    ./packages.sh emscripten
    print / emcc
  else
    [ -n "$(mirror)" ] || explain
    ./packages.sh debootstrap
    make_root
    print "$root" emcc
  fi
}

# Built under another name and renamed when complete, so that whatever has the name works.
make_root() {
  alone toolchain
  ! is_new_enough "$root" emcc || return 0
  rm -rf --one-file-system "$cache/$SUITE".part.*
  local part="$cache/$SUITE.part.$$"
  litter+=("$part")
  say "emcc: none of at least $MINIMUM here; building a private Debian $SUITE in $root (once)"
  step "fetching a Debian $SUITE base system" in_own_mounts debootstrap --variant=minbase "$SUITE" "$part" "$(mirror)"
  leave_out >"$part/etc/dpkg/dpkg.cfg.d/xtls"
  step "updating its list of packages" enter "$part" apt-get -q -o Acquire::Retries=3 update
  step "installing emscripten into it" enter "$part" \
    apt-get -q -y -o Acquire::Retries=3 install --no-install-recommends emscripten
  rm -rf "$part"/var/cache/apt/archives/*.deb "$part"/var/lib/apt/lists/*
  mv "$part" "$root"
}

# debootstrap mounts /proc; in a mount namespace of its own this ends with it, even if it is killed.
in_own_mounts() {
  if unshare --mount true; then
    unshare --mount "$@"
  else
    "$@"
  fi
}

# More than half of it: documentation, and libraries for kinds of module that are not built here.
leave_out() {
  printf 'path-exclude=%s\n' '/usr/share/doc/*' '/usr/share/man/*' '/usr/share/locale/*' '/usr/share/info/*' \
    '/usr/share/emscripten/cache/sysroot/lib/wasm32-emscripten/*pic/*' \
    '/usr/share/emscripten/cache/sysroot/lib/wasm32-emscripten/*-mt*' \
    '/usr/share/emscripten/cache/sysroot/lib/wasm32-emscripten/*-debug*'
}

enter() {
  local directory=$1
  shift
  if [ "$directory" = / ]; then
    "$@"
  else
    chroot "$directory" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"
  fi
}

is_new_enough() {
  local version
  version=$(enter "$1" "$2" -dumpversion 2>/dev/null) && at_least "$version" "$MINIMUM"
}

print() {
  echo "$1"
  echo "$2"
  enter "$1" "$2" -v 2>&1 | sed -n -e 's/^emcc.*) \([0-9][0-9.]*\).*/emcc \1/p' -e 's/.*\(clang version .*\)/\1/p' | paste -sd ' '
}

explain() {
  die "no emcc of at least $MINIMUM. Either put one on PATH (emsdk, or your distribution's package emscripten)," \
    "or name one with EMCC=/path/to/emcc, or run this as root on Debian, where it is set up by itself."
}

main
