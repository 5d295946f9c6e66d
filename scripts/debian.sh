# Debian: what the machine's own apt configuration says. Sourced, never run. The mirror is
# always the machine's; no host name stands in these files.

has_apt() {
  command -v apt-get >/dev/null
}

# Fetches the package lists, unless that was done here within the last hour: lists that somebody
# else fetched may be old, or lack a source.
update_lists() {
  local stamp=$cache/debian-lists
  [ -z "$(find "$stamp" -mmin -60 2>/dev/null)" ] || return 0
  step "updating the list of Debian packages" apt-get -q -o Acquire::Retries=3 update
  touch "$stamp"
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
