# Debian: what the machine's own apt configuration says. Sourced, never run. The mirror is
# always the machine's; no host name stands in these files.

has_apt() {
  command -v apt-get >/dev/null
}

# Fetches the package lists unless there is one of each source, and none older than a day.
update_lists() {
  has_fresh_lists || step "updating the list of Debian packages" apt-get -q -o Acquire::Retries=3 update
}

has_fresh_lists() {
  local list
  while read -r list; do
    [ -n "$(find "$list"* -ctime -1 2>/dev/null | head -n 1)" ] || return 1
  done < <(apt-get indextargets --format '$(FILENAME)' 'Created-By: Packages')
}

# The version that apt-get would install, without epoch and Debian revision; empty if none.
candidate() {
  apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: \([0-9]*:\)\?\([0-9.]*\).*/\2/p'
}

# The base address of the machine's Debian mirror, the security archive not counted.
mirror() {
  if [ -n "${DEBIAN_MIRROR:-}" ]; then
    echo "$DEBIAN_MIRROR"
  elif has_apt; then
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | sed -n 1p
  fi
}
