# Progress: says what is being done and how long it took, and clears up at the end.
# Sourced by the other scripts, never run. All of it goes to standard error, because
# standard output belongs to what a script answers.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/xtls
mkdir -p "$cache"

litter=()    # files and directories to remove when the script ends, however it ends
current_step=
step_log=$(mktemp)
exec {voice}>&2 # where at_end speaks, should a step end the script while its output goes elsewhere

say() {
  echo "xtls: $*" >&2
}

die() {
  say "error: $*"
  exit 1
}

# step MESSAGE COMMAND…: runs the command silently; shows what it wrote only if it fails.
step() {
  current_step=$1
  shift
  local begin=$SECONDS
  printf 'xtls: %s … ' "$current_step" >&2
  "$@" >"$step_log" 2>&1 </dev/null
  echo "$((SECONDS - begin)) s" >&2
  current_step=
}

at_end() {
  if [ -n "$current_step" ]; then
    echo failed >&"$voice"
    tail -n 40 "$step_log" >&"$voice"
  fi
  rm -rf --one-file-system -- "$step_log" "${litter[@]}"
}
trap at_end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# One builder at a time on a machine; the others wait for what it puts into the cache.
alone() {
  exec 9>"$cache/$1.lock"
  flock --nonblock 9 || { say "waiting for another build ($1) to finish"; flock 9; }
  sweep
}

# What a killed build left half-made, and objects that are older than a month.
sweep() {
  find "$cache" "$cache"/*/tmp -maxdepth 1 \( -name '*.part*' -o -name 'native.??????' -o -name 'xtls.??????' \) \
    -mtime +1 -exec rm -rf --one-file-system {} + 2>/dev/null || true
  find "$cache" -maxdepth 1 -type f \( -name '*.wasm' -o -name '*.a' \) -mtime +30 -delete
}

is_root() {
  [ "$(id -u)" = 0 ]
}

# at_least VERSION MINIMUM
at_least() {
  printf '%s\n' "$2" "$1" | sort --version-sort --check=quiet
}
