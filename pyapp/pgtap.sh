#!/bin/sh
# Puts pgTAP's script at $1 where it has the SHA-256 $2: the copy of last time, or from Debian's package.
set -eu
exec > /dev/null 2>&1
checked() { echo "$2  $1" | sha256sum --check --status; }
checked "$1" "$2" && exit

package=postgresql-15-pgtap
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$(dirname "$1")"
cd "$folder"
apt-get download $package || { apt-get update && apt-get download $package; }
dpkg -x ./*.deb .
mv "$(find . -name "$(basename "$1")")" found
checked found "$2"
# Several may do this at once.
mv found "$1.$$" && mv "$1.$$" "$1"
