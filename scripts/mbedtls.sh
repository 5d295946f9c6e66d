#!/usr/bin/env bash
# Mbed TLS: fetches the pinned release and unpacks it into the cache. Prints two lines: the
# directory and the version. The Debian source package is tried first, then upstream's
# release; both are the same file, which SHA-256 proves. A file with another hash stops
# the build. Nothing of it is ever committed here.
set -euo pipefail
cd "$(dirname "$0")"
. ./progress.sh
. ./debian.sh

# No other: the patches were made against it, and THIRD-PARTY.md says how each advisory is met by it.
VERSION=3.6.7
SHA256=a7e8bcbec0e6f761b4af24f25677626b35f762f68eef79c08677a363212d11f6
UPSTREAM=https://github.com/Mbed-TLS/mbedtls/releases/download
name=mbedtls-$VERSION
work=

main() {
  [ -d "$cache/$name" ] || provide
  echo "$cache/$name"
  echo "$VERSION"
}

provide() {
  alone mbedtls
  [ ! -d "$cache/$name" ] || return 0
  work=$(mktemp -d "$cache/mbedtls.part.XXXXXX")
  litter+=("$work")
  local archive="$work/$name.tar.bz2"
  if has_apt && is_root; then update_lists; fi
  fetch "$archive" ||
    die "Mbed TLS $VERSION is not to be had, and no other release will do. Put $name.tar.bz2 of it into $cache and try again."
  check "$archive"
  unpack "$archive"
}

fetch() {
  local begin=$SECONDS
  printf 'xtls: fetching Mbed TLS %s … ' "$VERSION" >&2
  if by_hand "$1" || from_debian "$1" || from_upstream "$1"; then
    echo "$((SECONDS - begin)) s" >&2
  else
    echo failed >&2
    grep --no-messages --no-filename '^E:' "$work/apt.log" >&2 || true
    return 1
  fi
}

by_hand() {
  cp "$cache/$name.tar.bz2" "$1" 2>/dev/null
}

# The machine's own mirror, asked for sources, with lists of our own: the machine's configuration
# stays as it is. A list that is past its date serves as well, since the hash decides.
from_debian() {
  has_apt && [ -n "$(mirror)" ] || return 1
  mkdir -p "$work/lists/partial"
  printf 'Types: deb-src\nURIs: %s\nSuites: sid\nComponents: main\n' "$(mirror)" >"$work/mirror.sources"
  local options=(-q -o "Dir::Etc::sourcelist=$work/mirror.sources" -o Dir::Etc::sourceparts=-
    -o "Dir::State::Lists=$work/lists" -o Acquire::Retries=2 -o Acquire::Check-Valid-Until=false)
  apt-get "${options[@]}" update >"$work/apt.log" 2>&1 || true
  local package
  package=$(apt-cache "${options[@]}" showsrc --only-source mbedtls | sed -n "s/^Version: \($VERSION-.*\)/\1/p" | sed -n 1p)
  [ -n "$package" ] || return 1
  (cd "$work" && apt-get "${options[@]}" source --download-only --only-source "mbedtls=$package") >>"$work/apt.log" 2>&1 ||
    return 1
  mv "$work/mbedtls_$VERSION.orig.tar.bz2" "$1"
}

from_upstream() {
  command -v curl >/dev/null || return 1
  curl --fail --silent --location --connect-timeout 5 --max-time 300 \
    --output "$1" "$UPSTREAM/$name/$name.tar.bz2"
}

check() {
  local found
  found=$(sha256sum "$1" | cut -d ' ' -f 1)
  [ "$found" = "$SHA256" ] || die "$(basename "$1") has SHA-256 $found, not $SHA256: it is not the release; stopped"
}

unpack() {
  command -v bzip2 >/dev/null || ./packages.sh bzip2
  tar --extract --bzip2 --no-same-owner --directory "$work" --file "$1"
  mv "$work/$name" "$cache/$name"
}

main
