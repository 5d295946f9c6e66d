#!/usr/bin/env bash
# Packages: installs the Debian packages named on the command line unless they are there.
# Daemons among them do not start: policy-rc.d says no meanwhile. Without root or apt it
# says what to install and fails.
set -euo pipefail
cd "$(dirname "$0")"
. ./progress.sh
. ./debian.sh

POLICY=/usr/sbin/policy-rc.d
MARK="# written by xtls while it installs packages"

main() {
  local missing=()
  for name in "$@"; do
    is_installed "$name" || missing+=("$name")
  done
  [ ${#missing[@]} = 0 ] || install "${missing[@]}"
}

is_installed() {
  dpkg-query --show --showformat '${db:Status-Status}\n' "$1" 2>/dev/null | grep --quiet '^installed$'
}

install() {
  has_apt || die "please install what corresponds to Debian's packages: $*"
  is_root || die "please run: sudo apt-get install --no-install-recommends $*"
  alone packages
  update_lists
  forbid_daemons
  step "installing $*" env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -y -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 install --no-install-recommends "$@"
}

# Somebody else's policy stays; ours, left over from a killed run, is taken over.
forbid_daemons() {
  if [ -e "$POLICY" ] && ! grep --quiet "$MARK" "$POLICY"; then
    return
  fi
  litter+=("$POLICY")
  printf '#!/bin/sh\n%s\nexit 101\n' "$MARK" >"$POLICY"
  chmod +x "$POLICY"
}

main "$@"
