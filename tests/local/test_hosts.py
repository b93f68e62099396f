"""An instance of the region is a machine: its user data runs, with real tools, and all of it ends with it."""

import json
import os
import signal
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.servers import free_port
from tests.local.processes import programs

Eventually = Callable[[Callable[[], bool]], None]

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
UNIT = """\
[Unit]
Description=A site

[Service]
User=site
WorkingDirectory=%(home)s
EnvironmentFile=%(home)s/site.env
Environment=GREETING=hello
ExecStart=python3 -m http.server --bind ${BIND} %(port)d
Restart=on-failure
NoNewPrivileges=yes
"""
# The steps of a real boot, one of each kind; /opt is the machine's own.
USER_DATA = """\
#!/bin/bash
set -euo pipefail
home=$DESTDIR/opt/site
mkdir -p "$home" "$DESTDIR/etc/systemd/system"
dnf install -y -q python3.11
useradd --system site
metadata=$AWS_EC2_METADATA_SERVICE_ENDPOINT/latest
curl -s -o /dev/null -w 'without a token: %%{http_code}\\n' "$metadata/meta-data/instance-id"
token=$(curl -fsS -X PUT "$metadata/api/token" -H 'X-aws-ec2-metadata-token-ttl-seconds: 60')
for fact in instance-id public-ipv4 placement/region iam/security-credentials/; do
  echo "$fact: $(curl -fsS "$metadata/meta-data/$fact" -H "X-aws-ec2-metadata-token: $token")"
done
aws s3 cp --only-show-errors s3://archive/site.tar.gz "$home/index.html"
aws ssm get-parameters-by-path --path /demo --query 'Parameters[].Value' --output text >"$home/settings"
aws secretsmanager get-secret-value --secret-id demo --query SecretString --output text >"$home/secret"
(umask 077 && echo "BIND='127.0.0.1'" >"$home/site.env")
chown site "$home"
runuser -u site -- sh -c 'echo "as site: $0"' works
cat >"$DESTDIR/etc/systemd/system/site.service" <<EOF
%(unit)sEOF
systemctl daemon-reload
systemctl is-active site.service || echo "not yet"
systemctl enable --now site.service
until curl -fsS -o /dev/null http://127.0.0.1:%(port)d/; do sleep 0.1; done
systemctl is-active site.service
echo 'boot: done'
"""


@pytest.fixture(scope="module")
def ec2(client: Callable[[str], Any]) -> Any:
    return client("ec2")


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def instance(client: Callable[[str], Any], ec2: Any, port: int, eventually: Eventually) -> str:
    iam, s3 = client("iam"), client("s3")
    iam.create_role(RoleName="host", AssumeRolePolicyDocument=TRUST)
    iam.create_instance_profile(InstanceProfileName="host")
    iam.add_role_to_instance_profile(InstanceProfileName="host", RoleName="host")
    s3.create_bucket(Bucket="archive")
    s3.put_object(Bucket="archive", Key="site.tar.gz", Body=b"the archive")
    client("ssm").put_parameter(Name="/demo/A", Value="a setting", Type="String")
    client("secretsmanager").create_secret(Name="demo", SecretString="a secret")
    unit = UNIT % {"home": "$home", "port": port}
    (made,) = ec2.run_instances(
        ImageId="ami-12345678",
        InstanceType="t3.small",
        MinCount=1,
        MaxCount=1,
        IamInstanceProfile={"Name": "host"},
        UserData=USER_DATA % {"port": port, "unit": unit.replace("${", "\\${")},
    )["Instances"]
    assert made["State"]["Name"] == "pending"
    eventually(lambda: "boot: done" in console(ec2, made["InstanceId"]))
    return made["InstanceId"]


def describe(ec2: Any, instance: str) -> dict[str, Any]:
    return ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]


def console(ec2: Any, instance: str) -> str:
    return ec2.get_console_output(InstanceId=instance)["Output"]


def fetch(port: int, path: str = "") -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=5) as reply:
        return reply.read()


def test_boots_with_the_aws_command_line_and_serves(ec2: Any, instance: str, port: int) -> None:
    assert fetch(port) == b"the archive"
    assert fetch(port, "settings") == b"a setting\n"
    assert fetch(port, "secret") == b"a secret\n"
    found = describe(ec2, instance)
    assert found["State"]["Name"] == "running"
    assert found["PublicIpAddress"] == "127.0.0.1"


def test_tells_its_boot(ec2: Any, instance: str) -> None:
    lines = console(ec2, instance).splitlines()
    assert "without a token: 401" in lines
    assert f"instance-id: {instance}" in lines
    assert "public-ipv4: 127.0.0.1" in lines
    assert "placement/region: us-east-1" in lines
    assert "iam/security-credentials/: host" in lines
    assert "as site: works" in lines
    assert lines.index("inactive") < lines.index("not yet") < lines.index("active")


def test_runs_below_its_own_root(instance: str, var: Path) -> None:
    home = var / "local" / f"host-{instance}" / "root/opt/site"
    assert (home / "site.env").stat().st_mode & 0o777 == 0o600


def test_restarts_its_service(var: Path, instance: str, port: int, eventually: Eventually) -> None:
    process = programs(var)["http.server"]
    os.kill(process, signal.SIGKILL)
    eventually(lambda: programs(var).get("http.server", process) != process)
    eventually(lambda: reachable(port))


def test_a_repeated_launch_boots_once(ec2: Any, instance: str) -> None:
    token = describe(ec2, instance)["ClientToken"]
    again = ec2.run_instances(
        ImageId="ami-12345678", InstanceType="t3.small", MinCount=1, MaxCount=1, ClientToken=token
    )
    assert [each["InstanceId"] for each in again["Instances"]] == [instance]


def test_a_failed_boot_keeps_its_console(ec2: Any, eventually: Eventually) -> None:
    (made,) = ec2.run_instances(
        ImageId="ami-12345678", MinCount=1, MaxCount=1, UserData="#!/bin/bash\necho broken; exit 3\n"
    )["Instances"]
    eventually(lambda: console(ec2, made["InstanceId"]) == "broken\n")
    ec2.terminate_instances(InstanceIds=[made["InstanceId"]])
    eventually(lambda: describe(ec2, made["InstanceId"])["State"]["Name"] == "terminated")


def test_terminating_ends_every_process_and_file(
    ec2: Any, instance: str, port: int, var: Path, eventually: Eventually
) -> None:
    (change,) = ec2.terminate_instances(InstanceIds=[instance])["TerminatingInstances"]
    assert change["CurrentState"]["Name"] == "shutting-down"
    eventually(lambda: describe(ec2, instance)["State"]["Name"] == "terminated")
    assert "http.server" not in programs(var)
    assert not reachable(port)
    assert list((var / "local").rglob(f"*{instance}*")) == []


def reachable(port: int) -> bool:
    try:
        fetch(port)
    except OSError:
        return False
    return True
