#!/bin/sh
# Stands for Amazon Linux's package manager in a Debian root: `dnf install [-y] [-q] NAME…`.
# A name that is not in the table is an error, as a name that Amazon Linux does not have is there.
set -eu

table='
amazon                     debian
python3.11                 python3 python3-venv
python3.11-devel           python3-dev
python3.11-pip             python3-pip
gcc                        gcc libc6-dev
pkgconf-pkg-config         pkg-config
mariadb-connector-c-devel  libmariadb-dev
tar                        tar
gzip                       gzip
'

[ "${1:-}" = install ] || {
    echo "dnf: only install is known here, not ${1:-nothing}" >&2
    exit 1
}
shift
packages=
for name in "$@"; do
    case $name in -*) continue ;; esac
    debian=$(echo "$table" | sed -n "s/^$name  *//p")
    [ -n "$debian" ] || {
        echo "Error: Unable to find a match: $name" >&2
        exit 1
    }
    packages="$packages $debian"
done

# shellcheck disable=SC2086 # a list of words without blanks
if states=$(dpkg-query --show --showformat '${db:Status-Status}\n' $packages 2>/dev/null) &&
    ! echo "$states" | grep -qvx installed; then
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
# What was cut off half-way is finished first.
dpkg --configure -a
apt-get update -qq
# shellcheck disable=SC2086
apt-get install -qq -y --fix-broken --no-install-recommends $packages
apt-get autoclean -qq
# Another release of Debian has another Python, and its own name for it.
command -v python3.11 >/dev/null || ln -s python3 /usr/bin/python3.11
