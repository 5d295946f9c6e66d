#!/usr/bin/env bash
# Mbed TLS: fetches the pinned release and unpacks it into the cache. Prints two lines: the
# directory and the version. The Debian source package is tried first, then upstream's
# release; both are the same file, which SHA-256 proves. A file with another hash stops
# the build. Nothing of it is ever committed here.
set -euo pipefail
cd "$(dirname "$0")"
. ./progress.sh
. ./debian.sh

# Versions in order of preference; 3.6.6 lacks fixes and is taken only when the first cannot be had.
VERSIONS="3.6.7 3.6.6"
declare -A SHA256=(
  [3.6.7]=a7e8bcbec0e6f761b4af24f25677626b35f762f68eef79c08677a363212d11f6
  [3.6.6]=8fb65fae8dcae5840f793c0a334860a411f884cc537ea290ce1c52bb64ca007a
)
UPSTREAM=https://github.com/Mbed-TLS/mbedtls/releases/download
work=

main() {
  local version
  for version in $VERSIONS; do
    if [ -d "$cache/mbedtls-$version" ]; then
      print "$version"
      return
    fi
  done
  alone mbedtls
  for version in $VERSIONS; do
    if [ -d "$cache/mbedtls-$version" ] || obtain "$version"; then
      print "$version"
      return
    fi
  done
  die "Mbed TLS could not be fetched. Put mbedtls-3.6.7.tar.bz2 of its release into $cache and try again."
}

print() {
  [ "$1" = "${VERSIONS%% *}" ] || say "note: Mbed TLS $1 instead of ${VERSIONS%% *}, which could not be fetched"
  echo "$cache/mbedtls-$1"
  echo "$1"
}

# Fails when the release cannot be had; ends the script when what came is not the release.
obtain() {
  work=$(mktemp -d "$cache/mbedtls.part.XXXXXX")
  litter+=("$work")
  local archive="$work/mbedtls-$1.tar.bz2"
  if has_apt && is_root; then update_lists; fi
  local begin=$SECONDS
  printf 'xtls: fetching Mbed TLS %s … ' "$1" >&2
  if ! by_hand "$1" "$archive" && ! from_debian "$1" "$archive" && ! from_upstream "$1" "$archive"; then
    echo "not to be had" >&2
    grep --no-messages --no-filename '^E:' "$work/apt.log" >&2 || true
    return 1
  fi
  echo "$((SECONDS - begin)) s" >&2
  check "$archive" "${SHA256[$1]}"
  unpack "$archive" "$1"
}

by_hand() {
  cp "$cache/mbedtls-$1.tar.bz2" "$2" 2>/dev/null
}

# The machine's own mirror, asked for sources, with lists of our own: the machine's configuration
# stays as it is. A list that is past its date serves as well, since the hash decides.
from_debian() {
  has_apt && [ -n "$(mirror)" ] || return 1
  mkdir -p "$work/lists/partial"
  printf 'Types: deb-src\nURIs: %s\nSuites: sid trixie\nComponents: main\n' "$(mirror)" >"$work/mirror.sources"
  local options=(-q -o "Dir::Etc::sourcelist=$work/mirror.sources" -o Dir::Etc::sourceparts=-
    -o "Dir::State::Lists=$work/lists" -o Acquire::Retries=2 -o Acquire::Check-Valid-Until=false)
  apt-get "${options[@]}" update >"$work/apt.log" 2>&1 || true
  local package
  package=$(apt-cache "${options[@]}" showsrc --only-source mbedtls | sed -n "s/^Version: \($1-.*\)/\1/p" | sed -n 1p)
  [ -n "$package" ] || return 1
  (cd "$work" && apt-get "${options[@]}" source --download-only --only-source "mbedtls=$package") >>"$work/apt.log" 2>&1 ||
    return 1
  mv "$work/mbedtls_$1.orig.tar.bz2" "$2"
}

from_upstream() {
  command -v curl >/dev/null || return 1
  curl --fail --silent --location --connect-timeout 5 --max-time 300 \
    --output "$2" "$UPSTREAM/mbedtls-$1/mbedtls-$1.tar.bz2"
}

check() {
  local found
  found=$(sha256sum "$1" | cut -d ' ' -f 1)
  [ "$found" = "$2" ] || die "$(basename "$1") has SHA-256 $found, not $2: it is not the release; stopped"
}

unpack() {
  command -v bzip2 >/dev/null || ./packages.sh bzip2
  tar --extract --bzip2 --no-same-owner --directory "$work" --file "$1"
  mv "$work/mbedtls-$2" "$cache/mbedtls-$2"
}

main
