#!/usr/bin/env bash
# Dist: what the npm package ships: JavaScript, declarations and the module.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/progress.sh

rm -rf dist
step "compiling TypeScript" node_modules/.bin/tsc -p tsconfig.build.json
cp wasm/xtls.wasm dist/wasm/
