"""New code on a host that runs: the same command ships it, and a release that does not answer is left."""

import json
import shutil
from collections.abc import Iterator

import pytest

from tests.checkout import ROOT, Checkout, checked_out, fetch, made_up_rows

FOOT = "site/covid/templates/covid/base.html"
WSGI = "site/config/wsgi.py"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A stack that runs on this machine, with fifty rows."""
    with checked_out(tmp_path_factory.mktemp("checkout")) as checkout:
        made_up_rows(checkout.path / "articles.csv")
        checkout.deploy(*create(checkout))
        yield checkout


def create(checkout: Checkout) -> tuple[str, ...]:
    return "create", "--yes", "--articles", str(checkout.path / "articles.csv")


def append(checkout: Checkout, name: str, text: str) -> None:
    with (checkout.path / name).open("a") as file:
        file.write(text)


def host(checkout: Checkout) -> str:
    lines = map(json.loads, checkout.deploy("status", "--json").splitlines())
    return next(line["id"] for line in lines if line.get("resource") == "host")


def test_changed_code_is_rolled_out_and_broken_code_is_left_for_what_ran(running: Checkout) -> None:
    url, machine = running.outputs()["url"], host(running)

    def health() -> dict[str, object]:
        status, _, body = fetch(url, "/healthz")
        assert status == 200
        return json.loads(body)

    first = health()
    append(running, FOOT, "<!-- second release -->\n")
    assert "release" in running.deploy("plan", "--articles", create(running)[-1])
    assert "changing release" in running.deploy(*create(running))
    second = health()
    assert second["release"] != first["release"]
    assert second["rows"] == 50
    assert "second release" in fetch(url, "/cached/")[2]
    assert host(running) == machine
    assert "nothing to change" in running.deploy(*create(running))

    append(running, WSGI, "raise SystemExit('no such luck')\n")
    failed = running.run(*create(running))
    assert failed.returncode == 1
    assert "Traceback" not in failed.stderr
    assert "no such luck\nboot: failed at healthy\nboot: the release before runs" in failed.stderr
    assert health()["release"] == second["release"]
    assert "second release" in fetch(url, "/cached/")[2]

    append(running, "requirements.txt", "no-such-package-anywhere==1.0\n")
    failed = running.run(*create(running))
    assert failed.returncode == 1
    assert "boot: failed at environment\nboot: the release before runs" in failed.stderr
    assert health()["release"] == second["release"]

    for name in (WSGI, "requirements.txt"):
        shutil.copy(ROOT / name, running.path / name)
    append(running, FOOT, "<!-- third release -->\n")
    running.deploy(*create(running))
    assert "third release" in fetch(url, "/cached/")[2]
    (root,) = (running.path / "var/local").glob("host-*/root/opt/covid/releases")
    kept = {path.name for path in root.iterdir()}
    assert kept == {health()["release"], second["release"]}
