"""What ElastiCache makes of a cache, and what the library makes of that."""

import pytest

from provisioner import engine
from provisioner.errors import Incomplete, NotOurs
from provisioner.events import Action
from tests.strict_aws.census import census
from tests.strict_aws.layer import Refusal

ID = "covid-cache"


@pytest.fixture
def standing(site):
    stack, cloud = site()
    engine.up(stack, cloud)
    return stack, cloud


def test_tags_that_do_not_show_mean_that_it_is_busy(aws, standing):
    """AWS shows the tags of nothing but what is available; the status may lag behind."""
    stack, cloud = standing
    until = aws.clock.now + 120

    def refuse(call):
        of_the_cache = call.arguments.get("ResourceName", "").endswith(f":{ID}")
        if call.operation == "ListTagsForResource" and of_the_cache and aws.clock.now < until:
            raise Refusal("InvalidReplicationGroupState", "Cluster not in available state to tag.")

    aws.strict.faults.append(refuse)
    assert engine.up(stack, cloud)["cache"] is Action.WAIT
    assert aws.clock.now > until
    assert {step.action for step in engine.plan(stack, cloud)} == {Action.KEEP}


def test_a_strangers_cache_that_failed_is_left_alone(aws, site):
    """Its tags don't show: its description says whose it is."""
    stack, cloud = site()
    aws.strict.memory["fails"] = {"cache": "Insufficient capacity"}
    cloud.elasticache.create_replication_group(
        ReplicationGroupId=ID,
        ReplicationGroupDescription="theirs",
        Engine="valkey",
        CacheNodeType="cache.t3.small",
        TransitEncryptionEnabled=True,
    )
    aws.clock.pause(60)
    for run in (engine.up, engine.down):
        with pytest.raises(Incomplete) as caught:
            run(stack, cloud)
        assert isinstance(caught.value.errors["cache"], NotOurs)
    assert census()["cache"] == 1


@pytest.mark.parametrize("resource", ["database", "cache"])
def test_what_somebody_else_is_deleting_counts_as_deleted(aws, standing, resource):
    """It began between our look and our call, which is refused until it is gone."""
    stack, cloud = standing
    found = engine.status(stack, cloud)[resource]
    aws.strict.seconds[resource, "deleting"] = 300
    for _ in range(2):
        stack.resources[resource].delete(cloud, found)
    assert not {resource} & census().keys()
    engine.down(stack, cloud)
    assert not census()
