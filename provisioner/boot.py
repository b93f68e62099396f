"""The host's boot script: from a bare instance to a running site, as a pure function.

It is the instance's user data, and it is what brings a new release to an instance that runs already: every
step can be run again, and ends the same. A release is a directory of its own with all that it needs (code,
Python environment, settings, static files); the link `current` says which one runs, and is moved last. A
release that does not answer is left for the one before.

The script holds no secret: it fetches the archive, the settings and the secret with the instance's own role.
DESTDIR, VENV and BIND_ADDRESS let it run below another root, with an environment that is there already, on
one address only; AWS_ENDPOINT_URL and AWS_EC2_METADATA_SERVICE_ENDPOINT are the AWS command line's own.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping

LIMIT = 16384
"""Bytes of user data that EC2 takes."""


def user_data(
    *,
    stack: str,
    region: str,
    bucket: str,
    archive: str,
    settings: str,
    secret: str,
    port: int,
    admin_port: int,
    ca_url: str,
    ca_sha256: str,
) -> str:
    """The boot script.

    The site listens on `port`, its admin on `admin_port` of the loopback interface. `archive` is the SHA-256
    under which the bucket holds the site, `settings` a path of Parameter Store, `secret` a name in Secrets
    Manager. The database is verified by the authorities that the archive brings, or by those that `ca_url`
    gives, if it is not empty, whose SHA-256 is `ca_sha256`. Raises ValueError if the script would not fit
    into EC2's user data.
    """
    values: Mapping[str, str | int] = {
        "stack": stack,
        "region": region,
        "bucket": bucket,
        "archive": archive,
        "settings": settings,
        "secret": secret,
        "port": port,
        "admin_port": admin_port,
        "ca_url": ca_url,
        "ca_sha256": ca_sha256,
    }
    constants = "\n".join(f"{name}={shlex.quote(str(value))}" for name, value in values.items())
    script = SCRIPT.replace("@constants@", constants)
    if len(script.encode()) > LIMIT:
        raise ValueError(f"user data of {len(script.encode())} bytes: EC2 takes {LIMIT}")
    return script


SCRIPT = r"""#!/bin/bash
# Makes an instance of Amazon Linux 2023 serve this release of the site. Run again, it ends the same.
set -euo pipefail
umask 022

@constants@

export AWS_DEFAULT_REGION=$region
root=${DESTDIR:-}
home=$root/opt/$stack
release=$home/releases/$archive
variables=$release/site.env
unit=$stack-site.service
metadata=${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}

# What a fresh role or a fresh parameter needs: up to four minutes of patience.
patiently() {
  local tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ "$tries" -lt "${patience:-120}" ] || return 1
    sleep 2
  done
}

packages() {
  dnf install -y -q python3.11 python3.11-devel python3.11-pip gcc pkgconf-pkg-config \
    mariadb-connector-c-devel tar gzip
}

account() {
  id site >/dev/null 2>&1 || useradd --system --no-create-home --shell /sbin/nologin site
}

archive() {
  local packed=$home/site.tar.gz
  mkdir -p "$release"
  patiently aws s3 cp --only-show-errors "s3://$bucket/site/$archive.tar.gz" "$packed"
  echo "$archive  $packed" | sha256sum --check --quiet
  tar -xzf "$packed" -C "$release"
  rm "$packed"
}

# One for each list of requirements: the release before keeps what it runs with.
environment() {
  local venv
  venv=${VENV:-$home/venvs/$(sha256sum <"$release/requirements.txt" | cut -c 1-16)}
  [ -x "$venv/bin/pip" ] || python3.11 -m venv --clear "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --requirement "$release/requirements.txt"
  ln -sfn "$venv" "$release/venv"
}

# Who vouches for the database, and who for the cache: public authorities, where the machine knows any.
certificates() {
  local database=$release/database-ca.pem public=$root/etc/pki/tls/certs/ca-bundle.crt
  if [ -n "$ca_url" ]; then
    curl --fail --silent --show-error --retry 5 "$ca_url" --output "$database"
    echo "$ca_sha256  $database" | sha256sum --check --quiet
  else
    cp "$release/site/config/amazon-rds-roots.pem" "$database"
  fi
  [ -f "$public" ] || public=$database
  cp "$public" "$release/cache-ca.pem"
}

parameters() {
  aws ssm get-parameters-by-path --path "$settings" --query 'Parameters[].[Name,Value]' --output text |
    sed -E "s|^[^\t]*/([A-Z_]+)\t(.*)$|\1='\2'|"
}

passwords() {
  aws secretsmanager get-secret-value --secret-id "$secret" --query SecretString --output text |
    "$release/venv/bin/python" -c '
import json, sys
for key, value in json.load(sys.stdin).items():
    print(f"{key}=\x27{value}\x27")'
}

collect() {
  {
    parameters && passwords &&
      printf "%s='%s'\n" ALLOWED_HOSTS 127.0.0.1,localhost INSTANCE_METADATA "$metadata" \
        BIND "${BIND_ADDRESS:-0.0.0.0}:$port" ADMIN_BIND "127.0.0.1:$admin_port" \
        DATABASE_CA "$release/database-ca.pem" CACHE_CA "$release/cache-ca.pem" \
        STATIC_ROOT "$release/static" RELEASE "$archive"
  } >"$variables.new" && grep --quiet '^DATABASE_HOST=' "$variables.new"
}

variables() {
  (umask 077 && patiently collect)
  mv "$variables.new" "$variables"
}

manage() {
  (
    set -a
    # shellcheck disable=SC1090
    . "$variables"
    cd "$release"
    runuser -u site -- "$release/venv/bin/python" manage.py "$@"
  )
}

migrate() {
  manage ensure_tables
  manage ensure_admin
}

articles() {
  local source
  source=$(sed -n "s/^ARTICLES='\(.*\)'$/\1/p" "$variables")
  case $source in
    s3://*)
      local file=$home/${source##*/}
      [ -f "$file" ] || patiently aws s3 cp --only-show-errors "$source" "$file"
      manage load_articles --once "$file"
      ;;
    *) manage load_articles --once ${source:+"$source"} ;;
  esac
}

# Anew, unless it is served already: what was cut off may lack parts that a second run takes for made.
static() {
  [ "$before" = "releases/$archive" ] || rm -rf "$release/static"
  mkdir -p "$release/static"
  chown site "$release/static"
  manage collectstatic --noinput --verbosity 0
}

service() {
  mkdir -p "$root/etc/systemd/system"
  cat >"$root/etc/systemd/system/$unit" <<EOF
[Unit]
Description=The site of stack $stack
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
User=site
WorkingDirectory=$home/current
EnvironmentFile=$home/current/site.env
ExecStart=$home/current/venv/bin/gunicorn --chdir site --config site/config/gunicorn.conf.py config.wsgi
Restart=always
RestartSec=2
TimeoutStopSec=60
KillMode=mixed
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
PrivateTmp=yes
PrivateDevices=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
MemoryMax=80%
LimitNOFILE=8192
TasksMax=256

[Install]
WantedBy=multi-user.target
EOF
  ln -sfn "releases/$archive" "$home/current"
  systemctl daemon-reload
  systemctl enable "$unit"
  systemctl restart "$unit"
}

# Does the site answer, as this release?
answers() {
  local health
  health=$(curl --fail --silent --max-time 10 "http://127.0.0.1:$port/healthz") && [[ $health == *"$1"* ]]
}

healthy() {
  patience=30 patiently answers "$archive"
}

# What nothing runs any more: releases but this one and the one before, and their environments.
prune() {
  local each
  for each in "$home"/releases/*; do
    case releases/${each##*/} in
      "releases/$archive" | "$before") ;;
      *) rm -rf "$each" ;;
    esac
  done
  for each in "$home"/venvs/*; do
    readlink "$home"/releases/*/venv | grep --quiet --line-regexp --fixed-strings "$each" || rm -rf "$each"
  done
}

# The release before, which may still run, or has to start again.
go_back() {
  if [ "$before" != "$(readlink "$home/current")" ]; then
    ln -sfn "$before" "$home/current"
    systemctl restart "$unit"
  fi
  patience=30 patiently answers "${before#releases/}"
}

finish() {
  [ $? != 0 ] || return 0
  if [ "$step" = healthy ]; then
    journalctl --unit "$unit" --lines 20 --no-pager --output cat || true
  fi
  echo "boot: failed at $step"
  if [ -n "$before" ] && go_back; then
    echo "boot: the release before runs"
  fi
}

step=start
before=
trap finish EXIT
mkdir -p "$home"
exec 9>"$home/boot.lock"
flock 9
before=$(readlink "$home/current" || true)
for step in packages account archive environment certificates variables \
  migrate articles static service healthy prune; do
  echo "boot: $step"
  "$step"
done
echo "boot: done"
"""
