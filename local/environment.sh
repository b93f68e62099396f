#!/bin/sh
# Makes .venv and installs the pinned requirements, and does nothing when they are there already.
#
# usage: local/environment.sh                  PYTHON names the interpreter, python3 if not set.
set -eu
cd "$(dirname "$0")/.."
stamp=.venv/requirements.installed

usable() { .venv/bin/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
current() { cat requirements.txt requirements-dev.txt | cmp -s - "$stamp"; }

# Its interpreter may be gone with an upgrade, or the last run may have been interrupted.
usable || "${PYTHON:-python3}" -m venv --clear .venv
if current; then exit 0; fi

echo 'Installing requirements-dev.txt into .venv …'
rm -f "$stamp"
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt || {
    echo 'The requirements could not be installed. pip needs the internet, or a mirror in PIP_INDEX_URL.' >&2
    exit 1
}
cat requirements.txt requirements-dev.txt >"$stamp"
