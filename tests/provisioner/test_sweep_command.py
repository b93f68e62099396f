"""`sweep`, and how `teardown` ends: nothing left, or a table with the cost a day and exit status 1."""

import json
from types import SimpleNamespace

import pytest

from cli import leaks, place
from cli.main import main
from provisioner import engine
from provisioner.aws import STACK_TAG
from tests.provisioner import leftovers
from tests.strict_aws.faults import deny
from tests.strict_aws.layer import ACCOUNT, REGION

NOTHING = f"nothing of stack 'covid' is left in account {ACCOUNT}, region {REGION}"


@pytest.fixture
def run(aws, monkeypatch, capsys):
    """Run a command against the emulated AWS; what it says comes back with its exit status."""
    aws.strict.default_seconds = 0  # no virtual time passes here
    monkeypatch.setattr(place, "boto3", SimpleNamespace(Session=lambda **_: aws.session))

    def run(*words):
        status = main(list(words))
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def test_nothing_left(run):
    status, out, err = run("sweep")
    assert (status, err) == (0, "")
    assert out.splitlines()[-1] == NOTHING


def test_a_table_with_the_cost_a_day_and_how_to_remove_it(site, run):
    _, cloud = site()
    volume = leftovers.volume(cloud, "covid-host", [])
    snapshot = leftovers.cache_snapshot(cloud, "covid-cache", [])
    status, out, _ = run("sweep")
    assert status == 1
    _, heading, *rows, total = out.splitlines()
    assert heading.split("  ")[0] == "left"
    command = f"aws ec2 delete-volume --volume-id {volume} --region {REGION}"
    assert rows[0].split() == ["volume", volume, "name", "$0.26", *command.split()]
    assert rows[1].split()[:5] == ["cache", "snapshot", snapshot, "name", "?"]
    assert total == "2 left, about $0.26 a day, besides 1 whose price is not known here"


def test_json_has_one_object_for_each_and_a_total(site, run):
    _, cloud = site()
    volume = leftovers.volume(cloud, "theirs", [{"Key": STACK_TAG, "Value": "covid"}])
    status, out, _ = run("sweep", "--json")
    assert status == 1
    _, left, total = map(json.loads, out.splitlines())
    assert left == {
        "event": "left",
        "kind": "volume",
        "id": volume,
        "found_by": "tag",
        "dollars_a_day": pytest.approx(8 / 730 * 24),
        "remove": f"aws ec2 delete-volume --volume-id {volume} --region {REGION}",
        "detail": "",
        "leaving": False,
    }
    assert total == {"event": "swept", "left": 1, "dollars_a_day": 0.263, "clean": False}


def test_what_could_not_be_looked_at_is_said_and_is_not_nothing(aws, run):
    aws.strict.faults.append(deny("DescribeVolumes", "UnauthorizedOperation", "You are not authorized."))
    status, out, err = run("sweep")
    assert (status, err) == (1, "")
    assert "could not look at any volume: UnauthorizedOperation: You are not authorized." in out
    assert "nothing of stack" not in out
    status, out, _ = run("sweep", "--json")
    assert status == 1
    assert {"event": "unseen", "kind": "volume"}.items() <= json.loads(out.splitlines()[-2]).items()


def test_teardown_ends_with_it(site, run):
    stack, cloud = site(nat=True)
    engine.up(stack, cloud)
    status, out, _ = run("teardown", "--yes")
    assert status == 0
    assert NOTHING in out.splitlines()


def test_teardown_of_what_is_not_there_sweeps_too(site, run):
    _, cloud = site()
    volume = leftovers.volume(cloud, "covid-host", [])
    status, out, _ = run("teardown", "--yes")
    assert status == 1
    assert "is not there: nothing to take away" in out
    assert volume in out


def test_teardown_finds_what_the_stack_does_not_know(site, run):
    stack, cloud = site()
    engine.up(stack, cloud)
    cloud.rds.create_db_snapshot(DBInstanceIdentifier="covid-database", DBSnapshotIdentifier="to-be-sure")
    status, out, _ = run("teardown", "--yes")
    assert status == 1
    (row,) = (line for line in out.splitlines() if line.startswith("database snapshot"))
    assert "to-be-sure" in row
    assert "$0.06" in row


def test_a_teardown_that_fails_says_what_its_remains_cost(aws, site, run):
    stack, cloud = site()
    engine.up(stack, cloud)
    aws.strict.faults.append(deny("DeleteDBInstance", "AccessDenied"))
    status, out, err = run("teardown", "--yes")
    assert status == 1
    assert "DeleteDBInstance: AccessDenied" in err
    (row,) = (line for line in out.splitlines() if line.startswith("database "))
    assert "$1.71" in row
    assert "covid-cache" not in out.partition("to remove it")[2]


def test_what_is_waited_for_is_said(aws, site, capsys):
    stack, cloud = site()
    leftovers.database(cloud, "covid-database", [])
    aws.clock.pause(3600)
    aws.strict.seconds["database", "deleting"] = 60
    cloud.rds.delete_db_instance(DBInstanceIdentifier="covid-database", SkipFinalSnapshot=True)
    assert leaks.look(False, cloud, stack) == 0
    assert capsys.readouterr().out.splitlines() == [
        "waiting for database covid-database to be gone",
        NOTHING,
    ]
