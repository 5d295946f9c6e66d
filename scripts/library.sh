#!/bin/sh
# Library: compiles every C file of one directory into one archive, with $CC, $AR and
# $CFLAGS, two files at a time and more. It is copied to where the sources are, possibly
# inside another root directory, so it stands on nothing but the compiler and coreutils.
#
#     CC=… AR=… CFLAGS=… sh library.sh SOURCES ARCHIVE
set -eu

here=$PWD
sources=$1
archive=$2
objects=$archive.objects
map="-ffile-prefix-map=$here=. -ffile-prefix-map=../="

mkdir "$objects"
cd "$objects"
# $CFLAGS holds words; its relative -I directories are seen from the objects' directory.
# shellcheck disable=SC2086
ls "../$sources"/*.c | LC_ALL=C sort | xargs -P "$(nproc)" -n 12 $CC $CFLAGS $map -c
rm -f "../$archive"
ls ./*.o | LC_ALL=C sort | xargs $AR rcs "../$archive"
