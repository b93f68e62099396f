#!/bin/sh
# Makes sure of the programs and headers that pip cannot bring: on Debian and Ubuntu it installs the missing
# packages, elsewhere it names them and stops with status 1.
#
# usage: local/packages.sh [shellcheck] [chromium] [mmdebstrap] [nspawn]
#        PYTHON names the interpreter, python3 if not set.
#        SYSTEM_ROOT stands before the system's own paths, so that a test can bring another system.
set -eu
cd "$(dirname "$0")/.."
system_root=${SYSTEM_ROOT:-}
log=var/packages.log
# Servers live in sbin, which is off a Debian user's PATH.
PATH=$PATH:$system_root/usr/local/sbin:$system_root/usr/sbin:$system_root/sbin

# Which package brings what. On macOS the system itself has the compiler; Homebrew would not run without it.
table='
need            debian                      fedora                     arch             alpine                   suse              macos
python          python3                     python3                    python           python3                  python3           python3
venv            python3-venv                python3                    python           python3                  python3           python3
python_headers  python3-dev                 python3-devel              python           python3-dev              python3-devel     python3
time_zones      tzdata                      tzdata                     tzdata           tzdata                   timezone          python3
certificates    ca-certificates             ca-certificates            ca-certificates  ca-certificates          ca-certificates   ca-certificates
bash            bash                        bash                       bash             bash                     bash              bash
curl            curl                        curl                       curl             curl                     curl              curl
compiler        gcc                         gcc                        gcc              gcc                      gcc               gcc
c_headers       libc6-dev                   glibc-devel                glibc            musl-dev                 glibc-devel       gcc
pkg_config      pkg-config                  pkgconf-pkg-config         pkgconf          pkgconf                  pkg-config        pkgconf
mysql_headers   default-libmysqlclient-dev  mariadb-connector-c-devel  mariadb-libs     mariadb-connector-c-dev  libmariadb-devel  mariadb
mysql_server    mariadb-server              mariadb-server             mariadb          mariadb                  mariadb           mariadb
redis_server    redis-server                valkey                     valkey           valkey                   valkey            redis
shellcheck      shellcheck                  ShellCheck                 shellcheck       shellcheck               ShellCheck        shellcheck
chromium        chromium                    chromium                   chromium         chromium                 chromium          chromium
mmdebstrap      mmdebstrap                  -                          -                -                        -                 -
nspawn          systemd-container           -                          -                -                        -                 -
'

have() { command -v "$1" >/dev/null 2>&1; }
have_python() { [ -n "$python" ]; }
have_venv() { "$python" -c 'import ensurepip, venv'; }
have_python_headers() {
    headers=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
    [ -f "$headers/Python.h" ]
}
have_time_zones() { [ -f "$system_root/usr/share/zoneinfo/UTC" ]; }
have_certificates() {
    for bundle in ssl/certs/ca-certificates.crt pki/tls/certs/ca-bundle.crt ssl/ca-bundle.pem ssl/cert.pem; do
        if [ -s "$system_root/etc/$bundle" ]; then return 0; fi
    done
    return 1
}
have_bash() { have bash; }
have_curl() { have curl; }
have_compiler() { have gcc; }
have_c_headers() { echo '#include <stdlib.h>' | gcc -E -; }
have_pkg_config() { have pkg-config; }
have_mysql_headers() {
    for name in mysqlclient mariadb libmariadb; do
        if pkg-config --exists "$name"; then return 0; fi
    done
    return 1
}
have_mysql_server() { have mariadbd && have mariadb-install-db; }
have_redis_server() { have redis-server || have valkey-server; }
have_shellcheck() { have shellcheck; }
have_chromium() { have chromium || have chromium-browser || have google-chrome; }
# What needs these two needs Debian's packages as well: elsewhere its tests say so.
have_mmdebstrap() { [ "$(system)" != debian ] || have mmdebstrap; }
have_nspawn() { [ "$(system)" != debian ] || have systemd-nspawn; }

needs='python venv python_headers time_zones certificates bash curl compiler c_headers pkg_config
mysql_headers mysql_server redis_server'

stop() {
    echo "$*" >&2
    exit 1
}

missing() {
    for need in $needs "$@"; do
        "have_$need" >/dev/null 2>&1 || printf '%s ' "$need"
    done
}

# Sets `python` and `lacking`.
look() {
    # The interpreter itself: a version manager's shim takes a fifth of a second for each call.
    python=$("${PYTHON:-python3}" -c 'import sys; print(sys.executable)' 2>/dev/null) || python=
    if have_python && ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        stop "$("$python" --version) is too old. Install Python 3.11 or newer and name it: make PYTHON=python3.11 …"
    fi
    lacking=$(missing "$@")
}

# The first name that the table knows: of the system itself, then of those that it says it is like.
system() {
    if [ "$(uname -s)" = Darwin ]; then
        echo macos
        return
    fi
    # shellcheck source=/dev/null
    for name in $(. "$system_root/etc/os-release" 2>/dev/null && echo "${ID:-} ${ID_LIKE:-}"); do
        case $name in
        debian | ubuntu) echo debian ;;
        fedora | rhel) echo fedora ;;
        arch) echo arch ;;
        alpine) echo alpine ;;
        suse | opensuse*) echo suse ;;
        *) continue ;;
        esac
        return
    done
    echo unknown
}

# packages SYSTEM NEED...: that system's names, each once.
packages() {
    system=$1
    shift
    echo "$table" | awk -v name="$system" -v needs=" $* " '
        $1 == "need" { for (i = 2; i <= NF; i++) if ($i == name) column = i }
        index(needs, " " $1 " ") && !seen[$column]++ { printf "%s%s", space, $column; space = " " }'
}

# The command with which an administrator of this system installs these packages.
by_hand() {
    system=$1
    shift
    case $system in
    debian) echo "apt-get install --no-install-recommends $*" ;;
    fedora) echo "dnf install $*" ;;
    arch) echo "pacman -S --needed $*" ;;
    alpine) echo "apk add $*" ;;
    suse) echo "zypper install $*" ;;
    esac
}

install_debian() {
    command=$(by_hand debian "$@")
    if [ "$(id -u)" -eq 0 ]; then
        as_root=
    elif ! have sudo; then
        stop "Packages are missing, and there is neither root nor sudo to install them. As root: $command"
    elif sudo -n true 2>/dev/null || [ -t 0 ]; then
        as_root=sudo
    else
        stop "Packages are missing, and sudo asks for a password but has no terminal. As root: $command"
    fi
    mkdir -p "${log%/*}"
    echo "Installing $* (log: $log) …"
    $as_root sh local/apt_install.sh "$@" >"$log" 2>&1 || {
        tail -n 15 "$log" >&2
        stop "The packages could not be installed. As root: $command"
    }
}

look "$@"
if [ -z "$lacking" ]; then exit 0; fi

system=$(system)
# shellcheck disable=SC2046,SC2086 # lists of words without blanks
case $system in
unknown) stop "Not found, and this system's packages are unknown here. Please install: $lacking" ;;
debian) install_debian $(packages debian $lacking) ;;
macos) stop "Packages are missing. Run: brew install $(packages macos $lacking)" ;;
*) stop "Packages are missing. As root: $(by_hand "$system" $(packages "$system" $lacking))" ;;
esac

look "$@"
if [ -n "$lacking" ]; then stop "Installed, and still not found: $lacking(see $log)"; fi
