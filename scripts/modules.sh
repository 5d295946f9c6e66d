#!/usr/bin/env bash
# Modules: the npm packages that package-lock.json names, in node_modules; with a folder, such as
# bench or test/interop/libraries, those that only it knows, there.
#
#     scripts/modules.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
where=${1:-.}
. scripts/progress.sh

OLDEST=20.10.0

version=$(node --version 2>/dev/null) || die "Node $OLDEST or newer is needed; there is none on PATH"
at_least "${version#v}" "$OLDEST" || die "Node $OLDEST or newer is needed; this is $version"
step "installing npm packages" npm ci --prefix "$where" --no-audit --no-fund --loglevel=error
touch "$where/node_modules/.package-lock.json"
