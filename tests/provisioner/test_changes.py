"""What was changed of a database or a cache: back in place where AWS can, said where it can't."""

import pytest

from provisioner import engine
from provisioner.errors import Incomplete
from provisioner.events import Action
from tests.provisioner.changes import change_by_hand


def test_what_was_changed_by_hand_is_changed_back_in_place(aws, site):
    stack, cloud = site()
    engine.up(stack, cloud)
    groups = cloud.ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])
    default = [groups["SecurityGroups"][0]["GroupId"]]
    by_hand = {
        "database": {
            "BackupRetentionPeriod": 7,
            "DBInstanceClass": "db.t3.large",
            "EnableIAMDatabaseAuthentication": False,
            "AutoMinorVersionUpgrade": False,
            "VpcSecurityGroupIds": default,
        },
        "cache": {
            "CacheNodeType": "cache.t3.medium",
            "SnapshotRetentionLimit": 5,
            "AutoMinorVersionUpgrade": False,
            "SecurityGroupIds": default,
        },
    }
    for resource, attributes in by_hand.items():
        change_by_hand(cloud, resource, attributes)
    aws.clock.pause(60)
    changes = {step.resource.name: step.changes for step in engine.plan(stack, cloud) if step.changes}
    assert {name: len(each) for name, each in changes.items()} == {"database": 5, "cache": 4}
    actions = engine.up(stack, cloud)
    assert {name for name, action in actions.items() if action is not Action.KEEP} == by_hand.keys()
    aws.clock.pause(60)
    assert {step.action for step in engine.plan(stack, cloud)} == {Action.KEEP}


def test_a_change_that_is_pending_is_not_asked_for_again(aws, site):
    """The old values show until it is done, and the status lags behind."""
    stack, cloud = site()
    engine.up(stack, cloud)
    aws.strict.seconds |= {("database", "modifying"): 3600, ("cache", "modifying"): 3600}
    other, cloud = site(
        database_storage=40, database_class="db.t3.large", backup_days=2, cache_class="cache.t3.medium"
    )
    larger = {"AllocatedStorage": 40, "DBInstanceClass": "db.t3.large", "BackupRetentionPeriod": 2}
    change_by_hand(cloud, "database", larger)
    change_by_hand(cloud, "cache", {"CacheNodeType": "cache.t3.medium"})
    begun = aws.clock.now
    aws.calls.clear()
    engine.up(other, cloud)
    assert aws.clock.now == begun
    assert aws.mutating() == []
    aws.clock.pause(3700)
    assert {step.action for step in engine.plan(other, cloud)} == {Action.KEEP}


def test_what_can_not_be_changed_in_place_says_why(site):
    stack, cloud = site(database_storage=50)
    engine.up(stack, cloud)
    for choices, says in (
        ({"database_storage": 20}, "RDS never shrinks a disk"),
        ({"mysql_version": "8.0"}, "its MySQL is 8.4.7 and can't become 8.0; RDS upgrades"),
        ({"cache_engine": "redis"}, "its engine is valkey and can't become redis; tear"),
    ):
        other, cloud = site(**{"database_storage": 50, **choices})
        assert any(says in step.blocked for step in engine.plan(other, cloud)), says
        with pytest.raises(Incomplete, match="can't become"):
            engine.up(other, cloud)


def test_a_newer_minor_version_that_rds_moved_to_is_no_drift(aws, site):
    stack, cloud = site()
    engine.up(stack, cloud)
    change_by_hand(cloud, "database", {"EngineVersion": "8.4.6"})
    aws.clock.pause(60)
    assert {step.action for step in engine.plan(stack, cloud)} == {Action.KEEP}
