"""Ready means ready: the boot's steps are told, and what went wrong is shown with what the boot wrote."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.servers import free_port
from provisioner import health
from provisioner.aws import Cloud
from provisioner.errors import Failed, TimedOut
from provisioner.model import Found
from provisioner.resources.host import BOOT_TAG

Eventually = Callable[[Callable[[], bool]], None]
REPORT = '{"status": "ok", "release": "abc"}'
USER_DATA = """\
#!/bin/bash
cat >site.py <<'END'
import http.server, pathlib

class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = pathlib.Path("report").read_bytes()
        self.send_response(200 if b'"ok"' in body else 503)
        self.end_headers()
        self.wfile.write(body)

http.server.HTTPServer(("127.0.0.1", %(port)d), Health).serve_forever()
END
echo '%(report)s' >report
echo 'boot: packages'
until [ -e "$DESTDIR/go" ]; do sleep 0.1; done
echo 'boot: articles'
%(last)s
exec python site.py
"""

ANSWERING = """\
python site.py &
until curl --silent --fail --output /dev/null http://127.0.0.1:%(port)d/; do sleep 0.1; done
"""


@pytest.fixture
def boot(cloud: Cloud, eventually: Eventually) -> Callable[..., Found]:
    """Launch a host whose boot waits at its first step for a file, and ends as `last` says."""

    def boot(last: str = "", report: str = REPORT) -> Found:
        port = free_port()
        script = USER_DATA % {"port": port, "report": report, "last": last % {"port": port}}
        image = {"ImageId": "ami-12345678", "MinCount": 1, "MaxCount": 1}
        (made,) = cloud.ec2.run_instances(**image, UserData=script)["Instances"]
        found = Found(made["InstanceId"], {"url": f"http://127.0.0.1:{port}"})
        eventually(lambda: "boot: packages" in cloud.ec2.get_console_output(InstanceId=found.id)["Output"])
        return found

    return boot


def go(var: Path, host: Found) -> None:
    (var / "local" / f"host-{host.id}" / "root/go").touch()


def elsewhere(host: Found) -> Found:
    """The same host at an address that leads nowhere from here."""
    return Found(host.id, {"url": host.facts["url"].replace("127.0.0.1", "127.0.0.2")})


def test_the_steps_are_told_until_the_site_answers(
    cloud: Cloud, var: Path, boot: Callable[..., Found]
) -> None:
    host = boot()
    told: list[str] = []

    def tell(state: str) -> None:
        told.append(state)
        go(var, host)

    health.until_healthy(host, "abc", cloud, tell, 120)
    assert told[0] == "boot: packages"
    assert set(told) <= {"boot: packages", "boot: articles"}
    assert health.ask_there(host, cloud) == health.ask(host.facts["url"])


def test_a_boot_that_fails_is_shown_with_its_end_and_runs_again_at_the_next_create(
    cloud: Cloud, var: Path, boot: Callable[..., Found]
) -> None:
    host = boot("echo 'no such file'; echo 'boot: failed at articles'; exit 1")
    go(var, host)
    with pytest.raises(Failed) as caught:
        health.until_healthy(host, "abc", cloud, lambda state: None, 120)
    said = str(caught.value)
    assert f"{host.id} is not serving, its boot failed at articles" in said
    assert said.endswith("boot: packages\nboot: articles\nno such file\nboot: failed at articles")
    tags = cloud.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [host.id]}])["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags}[BOOT_TAG] == "failed"


@pytest.mark.parametrize("last", ["done", "failed at healthy"])  # the latter was mended since
def test_a_site_that_only_the_host_reaches_is_told_from_one_that_does_not_run(
    cloud: Cloud, var: Path, boot: Callable[..., Found], monkeypatch: Any, last: str
) -> None:
    monkeypatch.setattr(health, "ASK_SECONDS", 0)
    host = boot(f"{ANSWERING} echo 'boot: {last}'; wait")
    go(var, host)
    with pytest.raises(Failed, match="out of reach from here: the host answers itself"):
        health.until_healthy(elsewhere(host), "abc", cloud, lambda state: None, 120)


def test_when_the_time_is_over_the_step_and_the_end_of_the_log_are_shown(
    cloud: Cloud, boot: Callable[..., Found]
) -> None:
    with pytest.raises(TimedOut) as caught:
        health.until_healthy(boot(), "abc", cloud, lambda state: None, 0)
    said = str(caught.value)
    assert "still booting packages after 0 s; run the command again to go on" in said
    assert said.endswith("the boot wrote last:\nboot: packages")


def test_a_site_that_is_down_reports_so_and_what_is_no_report_is_told(
    cloud: Cloud, var: Path, boot: Callable[..., Found], eventually: Eventually
) -> None:
    host = boot(report='{"status": "down", "release": "abc"}')
    with pytest.raises(health.Silent, match="refused"):
        health.ask(host.facts["url"])
    with pytest.raises(health.Silent, match="connect"):
        health.ask_there(host, cloud)
    go(var, host)
    eventually(lambda: reports(host))
    assert health.ask(host.facts["url"])["status"] == "down"
    assert health.ask_there(host, cloud)["status"] == "down"
    assert not health.healthy(host.facts["url"], "abc")
    (var / "local" / f"host-{host.id}" / "report").write_text("a page of someone else's")
    with pytest.raises(health.Silent, match="it answers 503"):
        health.ask(host.facts["url"])


def reports(host: Found) -> bool:
    try:
        return bool(health.ask(host.facts["url"]))
    except health.Silent:
        return False


def test_a_site_that_is_not_up_after_its_boot_is_booted_again_by_the_next_create(
    cloud: Cloud, var: Path, boot: Callable[..., Found], monkeypatch: Any
) -> None:
    monkeypatch.setattr(health, "ASK_SECONDS", 0)
    host = boot("echo 'boot: done'; exit")
    go(var, host)
    with pytest.raises(Failed, match="not serving, its boot is done all the same; run the command again"):
        health.until_healthy(host, "abc", cloud, lambda state: None, 120)
    tags = cloud.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [host.id]}])["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags}[BOOT_TAG] == "failed"
