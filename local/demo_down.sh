#!/bin/sh
# Ends the demo and removes var/, whatever is left of either.
set -eu
cd "$(dirname "$0")/.."
if [ ! -d var ]; then exit 0; fi

running() {
    # shellcheck disable=SC2016 # the inner shell expands it
    alive=$(find var -name '*.pid' -type f -exec sh -c 'kill -0 "$(cat "$1")" 2>/dev/null' sh {} ';' -print)
    [ -n "$alive" ]
}

if running; then
    # The environment may be gone while the demo still runs.
    sh local/environment.sh
    .venv/bin/python deploy.py teardown --local --yes || {
        echo 'The demo could not be ended, so var/ is kept: see above, then run make demo-down again.' >&2
        exit 1
    }
fi
rm -rf var
