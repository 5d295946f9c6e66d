# Sources: what the C build is made of, laid out the same way everywhere: core/, mbedtls/,
# library.sh and exports.txt in one directory, all paths relative to it. So neither the
# clone's place nor the machine's shows in the result. Sourced, never run.

INCLUDES="-I../core -I../core/config -isystem ../mbedtls/include -isystem ../mbedtls/library"
DEFINES="-DNDEBUG -DMBEDTLS_CONFIG_FILE=<mbedtls_config.h>"
WARNINGS="-Wall -Wextra -Werror"

# The vector kernels of core/fast, where the native compiler must be told of the instructions.
case $(uname -m) in
  x86_64) NATIVE_VECTORS="-mssse3" ;;
  *) NATIVE_VECTORS="" ;;
esac

# lay_out DIRECTORY MBEDTLS
lay_out() {
  mkdir "$1/mbedtls"
  cp -R core "$1/core"
  cp -R "$2/include" "$2/library" "$1/mbedtls/"
  mend "$1/mbedtls"
  cp scripts/library.sh "$1/"
  sed -n 's/^export \(xtls_[a-z0-9_]*\)(.*/_\1/p' wasm/abi.txt >"$1/exports.txt"
}

# Applies core/patches, each of which says why it is needed, to a copy of Mbed TLS.
mend() {
  local patch
  command -v patch >/dev/null || scripts/packages.sh patch
  for patch in core/patches/*.patch; do
    patch --quiet --strip=1 --directory="$1" <"$patch" || die "$patch does not fit this Mbed TLS"
  done
}

# Digest of the arguments and of the files named on standard input.
digest() {
  { echo "$@"; LC_ALL=C sort | xargs sha256sum; } | sha256sum | cut -d ' ' -f 1
}

# What Mbed TLS's own objects depend on, besides its release: the configuration, the contexts of core/fast and the patches.
library_sources() {
  ls core/config/*.h core/*.h core/fast/*.h core/patches/*.patch scripts/library.sh scripts/sources.sh
}

# What the module depends on, besides Mbed TLS and the toolchain.
module_sources() {
  library_sources
  ls core/*.c core/fast/* wasm/abi.txt scripts/wasm.sh | grep --invert-match host_native
}
