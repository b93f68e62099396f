"""local/packages.sh: what is missing, what that is called, and who installs it."""

import pytest

from tests.setup.machine import PYTHON, Machine

DEBIAN = (
    "python3 python3-venv python3-dev tzdata ca-certificates bash curl gcc libc6-dev pkg-config "
    "default-libmysqlclient-dev mariadb-server redis-server"
)


@pytest.mark.parametrize(
    ("os_release", "command"),
    [
        ("ID=debian", f"apt-get install --no-install-recommends {DEBIAN}"),
        ("ID=linuxmint\nID_LIKE='ubuntu debian'", f"apt-get install --no-install-recommends {DEBIAN}"),
        (
            "ID=fedora",
            "dnf install python3 python3-devel tzdata ca-certificates bash curl gcc glibc-devel "
            "pkgconf-pkg-config mariadb-connector-c-devel mariadb-server valkey",
        ),
        (
            "ID=arch",
            "pacman -S --needed python tzdata ca-certificates bash curl gcc glibc pkgconf mariadb-libs "
            "mariadb valkey",
        ),
        (
            "ID=alpine",
            "apk add python3 python3-dev tzdata ca-certificates bash curl gcc musl-dev pkgconf "
            "mariadb-connector-c-dev mariadb valkey",
        ),
        (
            'ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"',
            "zypper install python3 python3-devel timezone ca-certificates bash curl gcc glibc-devel "
            "pkg-config libmariadb-devel mariadb valkey",
        ),
    ],
)
def test_each_system_is_told_its_own_package_names(machine: Machine, os_release: str, command: str) -> None:
    machine.is_a(os_release)
    status, output, errors = machine.run("packages.sh")
    assert (status, output) == (1, "")
    assert errors.endswith(f"As root: {command}\n")
    assert errors.count("\n") == 1


def test_macos_is_told_what_homebrew_has(machine: Machine) -> None:
    machine.shim("uname", "echo Darwin")
    machine.complete()
    (machine.bin / "mariadbd").unlink()
    (machine.bin / "redis-server").unlink()
    assert machine.run("packages.sh") == (1, "", "Packages are missing. Run: brew install mariadb redis\n")


def test_an_unknown_system_is_told_what_was_looked_for(machine: Machine) -> None:
    machine.is_a("ID=plan9")
    machine.complete()
    (machine.bin / "gcc").unlink()
    status, _, errors = machine.run("packages.sh")
    assert status == 1
    assert errors.endswith("Please install: compiler c_headers \n")


@pytest.mark.parametrize("os_release", ["ID=debian", "ID=fedora", "ID=plan9"])
def test_what_counts_is_that_everything_is_there(machine: Machine, os_release: str) -> None:
    machine.is_a(os_release)
    machine.complete()
    assert machine.run("packages.sh") == (0, "", "")


def test_valkey_does_for_redis(machine: Machine) -> None:
    machine.complete()
    (machine.bin / "redis-server").rename(machine.bin / "valkey-server")
    assert machine.run("packages.sh") == (0, "", "")


def test_a_server_in_sbin_is_found(machine: Machine) -> None:
    machine.complete()
    (machine.bin / "mariadbd").rename(machine.root / "usr/sbin/mariadbd")
    assert machine.run("packages.sh") == (0, "", "")


def test_shellcheck_is_needed_only_when_asked_for(machine: Machine) -> None:
    machine.is_a("ID=arch")
    machine.complete()
    assert machine.run("packages.sh", "shellcheck")[2].endswith("pacman -S --needed shellcheck\n")


def test_any_chromium_does_for_the_browser_tests(machine: Machine) -> None:
    machine.is_a("ID=arch")
    machine.complete()
    assert machine.run("packages.sh", "chromium")[2].endswith("pacman -S --needed chromium\n")
    machine.shim("google-chrome")
    assert machine.run("packages.sh", "chromium") == (0, "", "")


def test_a_sandbox_is_made_on_debian_only(machine: Machine) -> None:
    machine.is_a("ID=debian")
    machine.complete()
    status, _, errors = machine.run("packages.sh", "mmdebstrap", "nspawn")
    assert status == 1
    assert errors.endswith("apt-get install --no-install-recommends mmdebstrap systemd-container\n")
    machine.shim("mmdebstrap")
    machine.shim("systemd-nspawn")
    assert machine.run("packages.sh", "mmdebstrap", "nspawn") == (0, "", "")
    machine.is_a("ID=fedora")
    (machine.bin / "mmdebstrap").unlink()
    assert machine.run("packages.sh", "mmdebstrap", "nspawn") == (0, "", "")


def test_an_old_python_is_one_line(machine: Machine) -> None:
    machine.is_a("ID=debian")
    machine.complete()
    machine.shim("python3", PYTHON.format(old=1))
    status, _, errors = machine.run("packages.sh")
    assert status == 1
    assert errors.startswith("Python 3.9.2 is too old. Install Python 3.11 or newer")
    assert errors.count("\n") == 1


def test_sudo_that_would_ask_without_a_terminal_is_not_tried(machine: Machine) -> None:
    machine.is_a("ID=debian")
    machine.shim("sudo", "exit 1")
    status, _, errors = machine.run("packages.sh")
    assert status == 1
    assert "sudo asks for a password but has no terminal" in errors
    assert [call for call in machine.calls() if call.startswith("sudo")] == ["sudo -n true"]


def test_only_what_is_missing_is_installed(machine: Machine) -> None:
    machine.is_a("ID=debian")
    machine.complete()
    (machine.bin / "redis-server").unlink()
    machine.shim("sudo", '[ "$1" != -n ] || exit 0; exec "$@"')
    arrives = f"printf '#!/bin/sh\\n' >{machine.bin}/redis-server; chmod 755 {machine.bin}/redis-server"
    machine.shim("apt-get", f'case "$*" in *install*) {arrives} ;; esac')
    machine.shim("update-rc.d")
    status, output, errors = machine.run("packages.sh")
    assert (status, errors) == (0, "")
    assert output == "Installing redis-server (log: var/packages.log) …\n"
    installed = [call for call in machine.calls() if call.startswith(("dpkg", "apt-get", "update-rc.d"))]
    assert installed[0] == "dpkg --configure -a"
    assert installed[1].startswith("apt-get update")
    assert installed[2].startswith("apt-get install")
    assert installed[2].endswith(" redis-server")
    assert installed[3:] == ["update-rc.d redis-server disable"]


def test_a_failed_install_shows_why_and_what_to_do(machine: Machine) -> None:
    machine.is_a("ID=debian")
    machine.complete()
    (machine.bin / "curl").unlink()
    machine.shim("id", "echo 0")
    machine.shim("apt-get", 'echo "E: Unable to locate package curl" >&2; exit 100')
    status, _, errors = machine.run("packages.sh")
    assert status == 1
    assert "E: Unable to locate package curl\n" in errors
    assert errors.endswith("As root: apt-get install --no-install-recommends curl\n")


def test_an_install_that_brings_nothing_is_not_believed(machine: Machine) -> None:
    machine.is_a("ID=debian")
    machine.complete()
    (machine.bin / "curl").unlink()
    machine.shim("id", "echo 0")
    machine.shim("apt-get")
    status, _, errors = machine.run("packages.sh")
    assert (status, errors) == (1, "Installed, and still not found: curl (see var/packages.log)\n")
