#!/bin/sh
# Installs Debian packages as root and lets none of them start a system-wide service, neither now nor at boot.
#
# usage: local/apt_install.sh PACKAGE...       SYSTEM_ROOT stands before the system's own paths, for tests.
set -eu
sbin=${SYSTEM_ROOT:-}/usr/sbin
policy=$sbin/policy-rc.d
kept=$policy.kept
mark='# temporary: packages are being installed for a demo'

ours() { [ -f "$policy" ] && grep -qxF "$mark" "$policy"; }
there() { [ -e "$1" ] || [ -L "$1" ]; }

# Also repairs what a run that was killed left behind: only our own file is ever removed.
put_back() {
    if ours; then rm -f "$policy"; fi
    if there "$kept" && ! there "$policy"; then mv "$kept" "$policy"; fi
}

# The lock is on the directory itself: nothing to clean up, and no two runs take each other's file for the system's.
exec 9<"$sbin"
flock 9
put_back
trap put_back EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

if there "$policy"; then mv "$policy" "$kept"; fi
# invoke-rc.d and deb-systemd-invoke ask this program before each start; 101 forbids.
printf '%s\n' '#!/bin/sh' "$mark" 'exit 101' >"$policy.new"
chmod 755 "$policy.new"
mv "$policy.new" "$policy"

# needrestart, a part of Ubuntu, would restart whatever uses a library that was upgraded on the way.
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
# What an interrupted installation left half done would stop this one; --fix-broken mends what this cannot.
dpkg --configure -a 9<&- || echo 'dpkg --configure -a failed; going on'
# A list that cannot be fetched (somebody's own repository) is no reason to stop: the install decides.
apt-get update -q 9<&- || echo 'apt-get update failed; going on with the lists that are here'
apt-get install -q -y --fix-broken --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" 9<&-

for package in "$@"; do
    case $package in
    mariadb-server) update-rc.d mariadb disable ;;
    redis-server) update-rc.d redis-server disable ;;
    esac
done
