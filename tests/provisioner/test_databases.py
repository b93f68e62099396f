"""What RDS makes of a database, and what the library makes of that."""

import pytest

from provisioner import engine
from provisioner.errors import Failed, Incomplete, Interrupted, Protected
from provisioner.events import Action
from tests.strict_aws.census import census

ID = "covid-database"


@pytest.fixture
def told():
    return []


def states(told, resource):
    return [event.detail for event in told if event.resource == resource and event.what == "state"]


def test_a_create_waits_through_its_states_and_shows_them(aws, site, told):
    stack, cloud = site()
    engine.up(stack, cloud, told.append)
    assert states(told, "database") == ["creating", "backing-up"]


def test_the_roles_that_a_new_account_lacks_are_made_once_and_stay(aws, site):
    stack, cloud = site()
    aws.strict.memory["roles that are missing"] = {"rds.amazonaws.com", "elasticache.amazonaws.com"}
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


def test_a_change_that_is_pending_is_not_asked_for_again(aws, site):
    """The old values show until it is done, and the status lags behind."""
    stack, cloud = site()
    engine.up(stack, cloud)
    aws.strict.seconds["database", "modifying"] = 3600
    larger, cloud = site(database_storage=40)
    cloud.rds.modify_db_instance(DBInstanceIdentifier=ID, AllocatedStorage=40, ApplyImmediately=True)
    aws.calls.clear()
    engine.up(larger, cloud)
    assert "ModifyDBInstance" not in aws.calls
    aws.clock.pause(3700)
    assert cloud.rds.describe_db_instances()["DBInstances"][0]["AllocatedStorage"] == 40


def retention(cloud):
    cloud.rds.modify_db_instance(DBInstanceIdentifier=ID, BackupRetentionPeriod=7, ApplyImmediately=True)


def size(cloud):
    cloud.rds.modify_db_instance(
        DBInstanceIdentifier=ID, DBInstanceClass="db.t3.large", ApplyImmediately=True
    )


def no_authentication(cloud):
    cloud.rds.modify_db_instance(
        DBInstanceIdentifier=ID, EnableIAMDatabaseAuthentication=False, ApplyImmediately=True
    )


def node_type(cloud):
    cloud.elasticache.modify_replication_group(
        ReplicationGroupId="covid-cache", CacheNodeType="cache.t3.medium", ApplyImmediately=True
    )


def snapshots(cloud):
    cloud.elasticache.modify_replication_group(
        ReplicationGroupId="covid-cache", SnapshotRetentionLimit=5, ApplyImmediately=True
    )


def default_group(cloud):
    groups = cloud.ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])
    cloud.elasticache.modify_replication_group(
        ReplicationGroupId="covid-cache",
        SecurityGroupIds=[groups["SecurityGroups"][0]["GroupId"]],
        ApplyImmediately=True,
    )


@pytest.mark.parametrize(
    ("harm", "resource"),
    [
        (retention, "database"),
        (size, "database"),
        (no_authentication, "database"),
        (node_type, "cache"),
        (snapshots, "cache"),
        (default_group, "cache"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_what_was_changed_by_hand_is_changed_back_in_place(aws, site, harm, resource):
    stack, cloud = site()
    engine.up(stack, cloud)
    harm(cloud)
    aws.clock.pause(60)
    assert [s.resource.name for s in engine.plan(stack, cloud) if s.action is Action.CHANGE] == [resource]
    actions = engine.up(stack, cloud)
    assert {name for name, action in actions.items() if action is not Action.KEEP} == {resource}
    aws.clock.pause(60)
    assert {step.action for step in engine.plan(stack, cloud)} == {Action.KEEP}


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ({"database_storage": 20}, "RDS never shrinks a disk"),
        (
            {"database_storage": 50, "mysql_version": "8.0"},
            "its MySQL is 8.4.7 and can't become 8.0; RDS upgrades",
        ),
        ({"database_storage": 50, "cache_engine": "redis"}, "its engine is valkey.* and can't become redis"),
    ],
)
def test_what_can_not_be_changed_in_place_says_why(site, choices, says):
    stack, cloud = site(database_storage=50)
    engine.up(stack, cloud)
    other, cloud = site(**choices)
    with pytest.raises(Incomplete, match=says):
        engine.up(other, cloud)


def test_a_newer_minor_version_that_rds_moved_to_is_no_drift(aws, site):
    stack, cloud = site()
    engine.up(stack, cloud)
    cloud.rds.modify_db_instance(DBInstanceIdentifier=ID, EngineVersion="8.4.6", ApplyImmediately=True)
    aws.clock.pause(60)
    assert {step.action for step in engine.plan(stack, cloud)} == {Action.KEEP}


def test_a_version_that_vanished_is_told_before_it_is_ordered(aws, site):
    stack, cloud = site(mysql_version="5.7")
    with pytest.raises(
        Incomplete, match=r"MySQL 5\.7 as db\.t3\.medium can't be ordered in us-east-1: choose"
    ):
        engine.up(stack, cloud)
    assert "CreateDBInstance" not in aws.calls


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


def test_a_name_that_is_still_taken_is_waited_for(aws, site):
    """A create right after a teardown that was cut off."""
    stack, cloud = site()
    engine.up(stack, cloud)
    aws.strict.seconds["database", "deleting"] = aws.strict.seconds["cache", "deleting"] = 200
    cloud.rds.delete_db_instance(DBInstanceIdentifier=ID, SkipFinalSnapshot=True)
    cloud.elasticache.delete_replication_group(ReplicationGroupId="covid-cache")
    actions = engine.up(stack, cloud)
    assert actions["database"] is actions["cache"] is Action.REPLACE
    assert census()["database"] == census()["cache"] == 1
