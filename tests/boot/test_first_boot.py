"""A clean machine boots into a site that answers, as its own user, with hardly any rights."""

import re

import pytest

from tests.boot.conftest import ROWS
from tests.boot.host import Boot, Host

pytestmark = pytest.mark.usefixtures("first_boot")

ENTER = ("nsenter", "--mount", "--target")


def status(host: Host, process: str) -> dict[str, str]:
    lines = host.machine.run("cat", f"/proc/{process}/status").stdout.splitlines()
    return dict(re.split(r":\s*", line, maxsplit=1) for line in lines)


def test_ends_with_a_site_that_answers(host: Host, first_boot: Boot) -> None:
    assert first_boot.log.endswith("boot: done\n"), first_boot.log[-2000:]
    assert first_boot.status == 0
    assert "boot: failed" not in first_boot.log
    health = host.health()
    assert (health["status"], health["rows"]) == ("ok", ROWS)
    for path in ("/uncached/", "/cached/", "/cached/"):
        assert "delta" in host.fetch(path), path
    assert len(host.loads()) == 1


def test_runs_as_its_own_user_without_rights(host: Host) -> None:
    found = host.processes()
    assert len(found) >= 2
    number = host.machine.run("id", "-u", "site").stdout.strip()
    for process in found:
        facts = status(host, process)
        assert set(facts["Uid"].split()) == {number} != {"0"}
        for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(facts[kind], 16) == 0, kind
        assert facts["NoNewPrivs"] == "1"
        assert facts["Seccomp"] == "2"
        limits = host.machine.run("cat", f"/proc/{process}/limits").stdout
        assert re.search(r"^Max open files +8192 +8192 ", limits, re.MULTILINE)


def test_its_user_can_not_log_in(host: Host) -> None:
    _, _, _, _, _, home, shell = host.machine.run("getent", "passwd", "site").stdout.strip().split(":")
    assert shell == "/sbin/nologin"
    assert host.machine.run("test", "-e", home, check=False).returncode != 0
    assert host.machine.run("getent", "shadow", "site").stdout.split(":")[1].startswith(("!", "*"))
    assert host.machine.run("su", "site", "-c", "true", check=False).returncode != 0
    assert host.machine.run("id", "-Gn", "site").stdout.strip() == "site"


def test_writes_nowhere_but_into_its_own_temporary_directory(host: Host) -> None:
    worker = host.processes()[-1]
    for place in ("/etc", "/usr", "/var", "/opt", host.unit_says("WorkingDirectory")):
        # Even root, in the site's view of the files.
        done = host.machine.run(*ENTER, worker, "touch", f"{place}/written", check=False)
        assert "Read-only file system" in done.stderr, place
    host.machine.run(*ENTER, worker, "touch", "/tmp/written")
    assert host.machine.run("test", "-e", "/tmp/written", check=False).returncode != 0
    for place in ("/root", "/home"):
        assert host.machine.run(*ENTER, worker, "ls", "-A", place).stdout == ""


def test_its_own_user_could_not_change_it_either(host: Host) -> None:
    home = f"/opt/{host.around.config.name}"
    done = host.as_site("find", "-L", home, "-writable", "-not", "-path", "*/static*")
    assert done.stdout == ""


def test_its_memory_and_tasks_are_limited(host: Host) -> None:
    total = int(host.machine.run("sed", "-n", "s/^MemTotal: *//p", "/proc/meminfo").stdout.split()[0]) * 1024
    assert 0.5 * total < int(host.unit_says("MemoryMax")) < 0.9 * total
    assert int(host.unit_says("TasksMax")) < 1000


def test_systemd_finds_nothing_wrong_with_the_unit(host: Host) -> None:
    verified = host.machine.run("systemd-analyze", "verify", host.unit)
    assert (verified.stdout, verified.stderr) == ("", "")
    # 10 is a service without any protection, 0 one that can do nothing.
    host.machine.run("systemd-analyze", "security", "--threshold=50", host.unit)


def test_secrets_are_in_one_file_that_only_root_reads(host: Host, user_data: str, first_boot: Boot) -> None:
    file = host.unit_says("EnvironmentFiles").split()[0]
    stat = host.machine.run("stat", "--dereference", "--format", "%a %U:%G", file).stdout.strip()
    assert stat == "600 root:root"
    assert "Permission denied" in host.as_site("cat", file).stderr
    secrets = host.around.secrets()
    assert len(secrets) >= 4
    journal = host.machine.run("journalctl", "--no-pager", "--output=cat").stdout
    unit = host.machine.run("systemctl", "cat", host.unit).stdout
    commands = "".join(host.machine.run("cat", f"/proc/{each}/cmdline").stdout for each in host.processes())
    for name, secret in secrets.items():
        for where, text in {
            "the user data": user_data,
            "the boot's log": first_boot.log,
            "the journal": journal,
            "the unit": unit,
            "a command line": commands,
        }.items():
            assert secret not in text, f"{name} is in {where}"
    left_out = ("--exclude-dir=venvs", "--exclude-dir=archives")
    places = (f"/opt/{host.around.config.name}", "/etc", "/var", "/srv", "/root", "/tmp")
    holders = host.machine.run("grep", "-rlF", *left_out, secrets["DATABASE_PASSWORD"], *places)
    assert [holder.rpartition("/")[2] for holder in holders.stdout.split()] == ["site.env"]


def test_speaks_to_both_servers_over_tls(host: Host) -> None:
    code = """
from django.core.cache import cache
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
    print(cursor.fetchone()[1])
redis = cache.client.get_client().connection_pool.get_connection()
print(redis._sock.version())
"""
    cipher, version = host.manage(code).splitlines()
    assert cipher.startswith("TLS_")
    assert version.startswith("TLSv1.")
