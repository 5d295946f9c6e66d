#!/usr/bin/env bash
# Kernels: builds build/kernels.wasm and build/kernels-scalar.wasm, which export the
# primitives of core/fast to the tests that compare them with other implementations.
set -euo pipefail
cd "$(dirname "$0")/.."

VARIANT=kernels scripts/wasm.sh
VARIANT=kernels-scalar scripts/wasm.sh
