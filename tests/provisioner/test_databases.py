"""What RDS makes of a database, and what the library makes of that."""

import pytest

from provisioner import engine
from provisioner.errors import Failed, Incomplete, Interrupted, Protected
from provisioner.events import Action
from tests.provisioner.changes import change_by_hand
from tests.strict_aws.census import census
from tests.strict_aws.layer import Refusal

ID = "covid-database"


@pytest.fixture
def told():
    return []


def states(told, resource):
    return [event.detail for event in told if event.resource == resource and event.what == "state"]


def test_a_create_waits_through_its_states_and_shows_them(aws, site, told):
    stack, cloud = site()
    aws.strict.seconds |= {("database", "creating"): 300, ("database", "backing-up"): 60}
    engine.up(stack, cloud, told.append)
    assert states(told, "database") == ["creating", "backing-up"]


def test_the_roles_that_a_new_account_lacks_are_made_once_and_stay(aws, site):
    stack, cloud = site()
    aws.strict.memory["roles that are missing"] = {"rds.amazonaws.com", "elasticache.amazonaws.com"}
    aws.strict.seconds["service role", "unknown"] = 20  # the services hear of them later
    engine.up(stack, cloud)
    assert aws.calls.count("CreateServiceLinkedRole") == 2
    engine.down(stack, cloud)
    assert "DeleteServiceLinkedRole" not in aws.calls
    engine.up(stack, cloud)
    assert aws.calls.count("CreateServiceLinkedRole") == 2


@pytest.mark.parametrize(
    ("kind", "resource", "reason"),
    [
        ("database", "database", "There is not enough capacity in zone us-east-1a"),
        ("cache", "cache", "Insufficient capacity for cache.t3.small"),
    ],
)
def test_what_failed_is_told_with_awss_reason_removed_and_made_again(aws, site, told, kind, resource, reason):
    stack, cloud = site()
    aws.strict.memory["fails"] = {kind: reason}
    engine.up(stack, cloud, told.append)
    assert any(f"failed, making it again: {reason}" in state for state in states(told, resource))
    assert {step.action for step in engine.plan(stack, cloud)} == {Action.KEEP}


def test_what_the_last_run_left_failed_is_made_again_by_the_next(aws, site, told):
    stack, cloud = site()
    aws.strict.faults.append(lambda call: aws.strict.memory.update(fails={"database": "No capacity"}))
    with pytest.raises(Incomplete, match="covid-database is failed: No capacity") as caught:
        engine.up(stack, cloud)
    assert isinstance(caught.value.errors["database"], Failed)
    aws.strict.faults.pop()
    aws.strict.memory["fails"] = {}
    assert engine.up(stack, cloud, told.append)["database"] is Action.REPLACE
    assert "failed, making it again: No capacity" in states(told, "database")


@pytest.mark.parametrize(("resource", "kind"), [("database", "database"), ("cache", "cache")])
def test_a_teardown_right_after_a_create_or_a_change_waits_for_it(aws, site, told, resource, kind):
    """AWS refuses to delete what is on its way."""
    stack, cloud = site()
    aws.strict.seconds[kind, "creating"] = 300

    def stop_meanwhile(event):
        if event.resource == resource and event.detail == "creating":
            cloud.stop.set()

    with pytest.raises(Interrupted):
        engine.up(stack, cloud, stop_meanwhile)
    cloud.stop.clear()
    engine.down(stack, cloud, told.append)
    assert states(told, resource)[0] == "creating"
    assert not census()


@pytest.mark.parametrize(
    ("of_database", "of_cache"), [("modifying", "snapshotting"), ("backing-up", "modifying")]
)
def test_what_is_busy_is_waited_for_before_it_goes(aws, site, told, of_database, of_cache):
    """boto3's waiters fail on these states."""
    stack, cloud = site()
    engine.up(stack, cloud)
    busy = {"database": of_database, "cache": of_cache}
    for resource, state in busy.items():
        aws.strict.lives.pass_through(resource, f"covid-{resource}", state, 1500, "available")
    engine.down(stack, cloud, told.append)
    for resource, state in busy.items():
        assert states(told, resource)[:2] == [state, "deleting"]
    assert not census()


BUSY_DATABASE = Refusal("InvalidDBInstanceState", "Database instance is not in available state.")
BUSY_CACHE = Refusal("InvalidReplicationGroupState", "Replication group must be in available state.")
STILL_PROTECTED = Refusal(
    "InvalidParameterCombination",
    "Cannot delete protected DB Instance, please disable deletion protection and try again.",
)


def refuse_until(aws, *refusals):
    """Refuse these operations for two minutes more."""
    until = aws.clock.now + 120

    def refuse(call):
        for operation, refusal in refusals:
            if call.operation == operation and aws.clock.now < until:
                raise refusal

    aws.strict.faults.append(refuse)


@pytest.mark.parametrize("refusal", [BUSY_DATABASE, STILL_PROTECTED])
def test_a_status_that_lags_behind_is_outwaited(aws, site, refusal):
    """It says available, but the call is refused."""
    stack, cloud = site()
    engine.up(stack, cloud)
    change_by_hand(cloud, "database", {"DBInstanceClass": "db.t3.large"})
    change_by_hand(cloud, "cache", {"CacheNodeType": "cache.t3.medium"})
    aws.clock.pause(60)
    refuse_until(aws, ("ModifyDBInstance", BUSY_DATABASE), ("ModifyReplicationGroup", BUSY_CACHE))
    engine.up(stack, cloud)
    aws.clock.pause(60)
    assert {step.action for step in engine.plan(stack, cloud)} == {Action.KEEP}
    refuse_until(aws, ("DeleteDBInstance", refusal), ("DeleteReplicationGroup", BUSY_CACHE))
    engine.down(stack, cloud)
    assert not census()


def test_a_version_that_vanished_is_told_before_it_is_ordered(aws, site, monkeypatch):
    stack, cloud = site()
    monkeypatch.setattr("local.gaps.rds.VERSIONS", ("8.0.44",))
    with pytest.raises(
        Incomplete, match=r"MySQL 8\.4 as db\.t3\.medium can't be ordered in us-east-1: choose"
    ):
        engine.up(stack, cloud)
    assert "CreateDBInstance" not in aws.calls


def test_no_extended_support_is_bought(site):
    """It is RDS's own default, and dear."""
    stack, cloud = site(mysql_version="8.0")
    engine.up(stack, cloud)
    (database,) = cloud.rds.describe_db_instances()["DBInstances"]
    assert database["EngineVersion"] == "8.0.44"
    assert database["EngineLifecycleSupport"] == "open-source-rds-extended-support-disabled"


def test_a_database_leaves_no_backups(site):
    stack, cloud = site()
    engine.up(stack, cloud)
    assert cloud.rds.describe_db_snapshots()["DBSnapshots"]
    engine.down(stack, cloud)
    assert cloud.rds.describe_db_snapshots()["DBSnapshots"] == []
    assert cloud.rds.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"] == []


def test_a_database_that_somebody_protected_stays_unless_forced(aws, site):
    stack, cloud = site()
    engine.up(stack, cloud)
    cloud.rds.modify_db_instance(DBInstanceIdentifier=ID, DeletionProtection=True, ApplyImmediately=True)
    with pytest.raises(Incomplete, match=r"is protected from deletion: .* --force") as caught:
        engine.down(stack, cloud)
    assert isinstance(caught.value.errors["database"], Protected)
    assert census()["database"] == 1
    assert not {"cache", "instance", "bucket"} & census().keys()
    forced, cloud = site(force=True)
    engine.down(forced, cloud)
    assert not census()


def test_it_is_gone_before_its_subnet_group_and_its_network(aws, site):
    """Subnet groups, interfaces and groups are in use until the database and the cache are really gone."""
    stack, cloud = site()
    engine.up(stack, cloud)
    aws.strict.seconds |= {("database", "deleting"): 300, ("cache", "deleting"): 500}
    aws.strict.seconds["interface", "lingering"] = 120
    engine.down(stack, cloud)
    assert not census()


@pytest.mark.parametrize("resource", ["database", "cache"])
def test_a_name_that_is_still_taken_is_waited_for(aws, site, resource):
    """A create right after a teardown that was cut off."""
    stack, cloud = site()
    engine.up(stack, cloud)
    found = engine.status(stack, cloud)[resource]
    aws.strict.seconds[resource, "deleting"] = 200
    stack.resources[resource].delete(cloud, found)
    assert engine.up(stack, cloud)[resource] is Action.REPLACE
    assert census()["database"] == census()["cache"] == 1
