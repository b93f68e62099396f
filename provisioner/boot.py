"""The host's user data: the steps from a bare instance to a running site, as a pure function.

The script holds no secret: it fetches the archive, the settings and the secret with the instance's own role.
Every step can be run again. DESTDIR, VENV and BIND_ADDRESS let the same script run below another root, with
an environment that is there already, on one address only; AWS_ENDPOINT_URL and
AWS_EC2_METADATA_SERVICE_ENDPOINT are the AWS command line's own.
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
) -> str:
    """The boot script.

    The site listens on `port`, its admin on `admin_port` of the loopback interface. `archive` is the SHA-256
    under which the bucket holds the site, `settings` a path of Parameter Store, `secret` a name in Secrets
    Manager, `ca_url` where the certificates are that the database is verified by. Raises ValueError if it
    would not fit into EC2's user data.
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
    }
    constants = "\n".join(f"{name}={shlex.quote(str(value))}" for name, value in values.items())
    script = SCRIPT.replace("@constants@", constants)
    if len(script.encode()) > LIMIT:
        raise ValueError(f"user data of {len(script.encode())} bytes: EC2 takes {LIMIT}")
    return script


SCRIPT = r"""#!/bin/bash
# Turns an instance of Amazon Linux 2023 into the site. Run again, it ends the same.
set -euo pipefail

@constants@

export AWS_DEFAULT_REGION=$region
root=${DESTDIR:-}
home=$root/opt/$stack
venv=${VENV:-$home/venv}
variables=$home/site.env
unit=$stack-site.service
metadata=${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}

# What a fresh role, a fresh parameter and a fresh service need: up to four minutes of patience.
patiently() {
  local tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ "$tries" -lt 120 ] || return 1
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
  mkdir -p "$home/releases/$archive"
  patiently aws s3 cp --only-show-errors "s3://$bucket/site/$archive.tar.gz" "$home/site.tar.gz"
  echo "$archive  $home/site.tar.gz" | sha256sum --check --quiet
  tar -xzf "$home/site.tar.gz" -C "$home/releases/$archive"
  ln -sfn "releases/$archive" "$home/current"
}

environment() {
  [ -x "$venv/bin/python" ] || python3.11 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --requirement "$home/current/requirements.txt"
}

# One file for both servers: the database's certificates are Amazon's own, the cache's are public ones.
certificates() {
  curl --fail --silent --show-error --retry 5 "$ca_url" --output "$home/ca.pem.new"
  if [ -f "$root/etc/pki/tls/certs/ca-bundle.crt" ]; then
    cat "$root/etc/pki/tls/certs/ca-bundle.crt" >>"$home/ca.pem.new"
  fi
  mv "$home/ca.pem.new" "$home/ca.pem"
}

parameters() {
  aws ssm get-parameters-by-path --path "$settings" --query 'Parameters[].[Name,Value]' --output text |
    sed -E "s|^[^\t]*/([A-Z_]+)\t(.*)$|\1='\2'|"
}

passwords() {
  aws secretsmanager get-secret-value --secret-id "$secret" --query SecretString --output text |
    "$venv/bin/python" -c '
import json, sys
for key, value in json.load(sys.stdin).items():
    print(f"{key}=\x27{value}\x27")'
}

public_address() {
  local token
  token=$(curl --fail --silent --show-error --retry 5 --request PUT "$metadata/latest/api/token" \
    --header 'X-aws-ec2-metadata-token-ttl-seconds: 300')
  curl --fail --silent --show-error --retry 5 "$metadata/latest/meta-data/public-ipv4" \
    --header "X-aws-ec2-metadata-token: $token"
}

collect() {
  local address
  address=$(public_address) || return 1
  {
    parameters && passwords &&
      printf "%s='%s'\n" ALLOWED_HOSTS "$address,127.0.0.1,localhost" BIND "${BIND_ADDRESS:-0.0.0.0}:$port" \
        ADMIN_BIND "127.0.0.1:$admin_port" \
        CA_BUNDLE "$home/ca.pem" STATIC_ROOT "$home/static" RELEASE "$archive"
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
    cd "$home/current"
    runuser -u site -- "$venv/bin/python" manage.py "$@"
  )
}

migrate() {
  manage migrate --noinput --verbosity 0
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

static() {
  mkdir -p "$home/static"
  chown site "$home/static"
  manage collectstatic --noinput --verbosity 0
}

service() {
  mkdir -p "$root/etc/systemd/system"
  cat >"$root/etc/systemd/system/$unit" <<EOF
[Unit]
Description=The site of stack $stack
After=network-online.target
Wants=network-online.target

[Service]
User=site
WorkingDirectory=$home/current
EnvironmentFile=$variables
ExecStart=$venv/bin/gunicorn --chdir site --config site/config/gunicorn.conf.py config.wsgi
Restart=on-failure
RestartSec=2
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
MemoryMax=80%
LimitNOFILE=8192

[Install]
WantedBy=multi-user.target
EOF
  systemctl daemon-reload
  systemctl enable "$unit"
  systemctl restart "$unit"
}

healthy() {
  patiently curl --fail --silent --output /dev/null "http://127.0.0.1:$port/healthz"
}

step=start
trap '[ $? = 0 ] || echo "boot: failed at $step"' EXIT
for step in packages account archive environment certificates variables \
  migrate articles static service healthy; do
  echo "boot: $step"
  "$step"
done
echo "boot: done"
"""
