"""ElastiCache's rules: what a create has to say, how long a cache is on its way, and what that prevents."""

from __future__ import annotations

from typing import Any

from moto.elasticache import elasticache_backends

from tests.strict_aws.identity import knows_role
from tests.strict_aws.layer import ACCOUNT, REGION, Call, Instead, Refusal, StrictAws, Uses, answers, refuses

API = "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference"
CREATE = f"{API}/API_CreateReplicationGroup.html"
GROUP = f"{API}/API_ReplicationGroup.html"
NO_ROLE = "https://github.com/aws-controllers-k8s/community/issues/367"
TAGS = "https://github.com/hashicorp/terraform-provider-aws/issues/30444"
FAILED = "https://github.com/hashicorp/terraform-provider-aws/issues/27120"


def backend() -> Any:
    """What the emulator knows of ElastiCache."""
    return elasticache_backends[ACCOUNT][REGION]


def in_use(aws: StrictAws) -> Uses:
    """The security groups and subnets that hold a cache's interface, or did a moment ago."""
    groups: set[str] = set()
    subnets: set[str] = set()
    users = [
        (group.security_group_ids, group.cache_subnet_group_name, group.cache_parameter_group_name)
        for group in backend().replication_groups.values()
    ]
    for kind in ("cache", "cache interface"):
        users += [life.description["uses"] for life in aws.lives.going(kind).values()]
    for its_groups, subnet_group, _ in users:
        groups |= set(its_groups or ())
        if subnet_group in backend().cache_subnet_groups:
            subnets |= set(backend().cache_subnet_groups[subnet_group].subnet_ids)
    return groups, subnets


@refuses("elasticache.CreateCacheCluster", source=f"{API}/API_CreateCacheCluster.html")
def valkey_comes_in_groups(call: Call) -> None:
    """A cluster of its own can't be Valkey."""
    if call.arguments.get("Engine") == "valkey":
        message = "This API doesn't support Valkey engine. Please use CreateReplicationGroup API."
        raise Refusal("InvalidParameterValue", message)


@refuses("elasticache.CreateReplicationGroup", source=CREATE)
def everything_has_to_be_said(call: Call) -> None:
    """Encryption in transit, what fits to it, and a name that is short enough."""
    said = call.arguments
    if len(said["ReplicationGroupId"]) > 40:
        raise Refusal("InvalidParameterValue", "The parameter ReplicationGroupId must be 1 to 40 characters.")
    if "TransitEncryptionEnabled" not in said:
        message = "TransitEncryptionEnabled must be specified for Valkey."
        raise Refusal("InvalidParameterCombination", message)
    if "AuthToken" in said and not said["TransitEncryptionEnabled"]:
        message = "The AUTH token is only supported when encryption-in-transit is enabled."
        raise Refusal("InvalidParameterValue", message)
    if said.get("AutomaticFailoverEnabled") and said.get("NumCacheClusters", 1) < 2:
        message = "Automatic failover is not supported for a group with less than two nodes."
        raise Refusal("InvalidParameterCombination", message)


@refuses("elasticache.CreateReplicationGroup", source=CREATE)
def a_name_stays_taken_until_its_owner_is_gone(call: Call) -> None:
    """A group that is being deleted keeps its id, which is lower-cased."""
    id = call.arguments["ReplicationGroupId"].lower()
    if id in call.aws.lives.going("cache"):
        message = f"Replication group {id} already exists"
        raise Refusal("ReplicationGroupAlreadyExists", message)


@refuses("elasticache.CreateCacheSubnetGroup", "elasticache.CreateReplicationGroup", source=NO_ROLE)
def a_new_account_lacks_the_role(call: Call) -> None:
    """The account's first call fails until ElastiCache's service-linked role is there."""
    if not knows_role(call.aws, "elasticache.amazonaws.com"):
        message = "This action cannot be completed due to insufficient permissions. "
        message += "(Recommended action) Please create new role using IAM API CreateServiceLinkedRole."
        raise Refusal("ServiceLinkedRoleNotFoundFault", message)


@answers("elasticache.CreateReplicationGroup", source=GROUP)
def a_cache_takes_minutes(call: Call, answer: dict[str, Any]) -> None:
    """It is creating, then available; or create-failed, with an event that says why."""
    id = answer["ReplicationGroup"]["ReplicationGroupId"]
    reason = call.aws.memory.get("fails", {}).pop("cache", None)
    if reason:
        call.aws.memory.setdefault("cache events", {})[id] = reason
    then = "create-failed" if reason else "available"
    call.aws.lives.pass_through("cache", id, "creating", call.aws.takes("cache", "creating"), then)


@refuses("elasticache.ModifyReplicationGroup", source=f"{API}/API_ModifyReplicationGroup.html")
def only_a_cache_at_rest_is_modified(call: Call) -> None:
    """Not while it is on its way; what it was is shown until the change is done."""
    id = call.arguments["ReplicationGroupId"]
    if call.aws.lives.state("cache", id) not in (None, "available"):
        raise Refusal(
            "InvalidReplicationGroupState", "Replication group must be in available state to modify."
        )
    group = backend().replication_groups.get(id)
    if group is not None:
        call.aws.memory.setdefault("node type before", {})[id] = group.cache_node_type


@answers("elasticache.ModifyReplicationGroup", source=GROUP)
def a_change_begins_after_a_moment_and_takes_a_while(call: Call, answer: dict[str, Any]) -> None:
    """It is still called available at first, then modifying."""
    stages = [("available", 0.1), ("modifying", call.aws.takes("cache", "modifying"))]
    call.aws.lives.stages("cache", call.arguments["ReplicationGroupId"], stages, "available")


@answers("elasticache.DescribeCacheClusters", source=f"{API}/API_CacheCluster.html")
def a_node_shows_its_old_size_until_it_has_the_new_one(call: Call, answer: dict[str, Any]) -> None:
    """The new one is pending meanwhile."""
    for node in answer["CacheClusters"]:
        id = node.get("ReplicationGroupId", "")  # a cluster of its own has none
        before = call.aws.memory.get("node type before", {}).get(id)
        if before and before != node["CacheNodeType"] and call.aws.lives.on_its_way("cache", id):
            node["PendingModifiedValues"] = {"CacheNodeType": node["CacheNodeType"]}
            node["CacheNodeType"] = before


@refuses("elasticache.DescribeReplicationGroups", source=GROUP)
def a_cache_shows_until_it_is_gone(call: Call) -> None:
    """One that is being deleted is still described."""
    life = call.aws.lives.going("cache").get(call.arguments.get("ReplicationGroupId", ""))
    if life is not None:
        raise Instead({"ReplicationGroups": [life.description]})


@answers("elasticache.DescribeReplicationGroups", source=GROUP)
def states_of_caches(call: Call, answer: dict[str, Any]) -> None:
    """The state of each; no endpoint before it is available."""
    for group in answer["ReplicationGroups"]:
        state = call.aws.lives.state("cache", group["ReplicationGroupId"])
        if state is not None:
            group["Status"] = state
        if state in ("creating", "create-failed"):
            group.pop("NodeGroups", None)


@refuses("elasticache.ListTagsForResource", "elasticache.AddTagsToResource", source=TAGS)
def only_what_is_available_has_tags(call: Call) -> None:
    """Those of a group that is on its way, or failed, are neither shown nor changed."""
    kind, id = call.arguments["ResourceName"].split(":")[-2:]
    state = call.aws.lives.state("cache", id) if kind == "replicationgroup" else None
    if state not in (None, "available"):
        message = "Cluster not in available state to perform tagging operations."
        raise Refusal("InvalidReplicationGroupState", message)


@refuses("elasticache.DescribeEvents", source=f"{API}/API_DescribeEvents.html")
def the_reason_is_an_event(call: Call) -> None:
    """Why a create failed stands in the events only."""
    id = call.arguments["SourceIdentifier"]
    reason = call.aws.memory.get("cache events", {}).get(id)
    if reason:
        raise Instead({"Events": [{"SourceIdentifier": id, "Message": reason}]})


@refuses("elasticache.DeleteReplicationGroup", source=FAILED)
def a_cache_is_deleted_at_rest(call: Call) -> None:
    """Not while it is on its way."""
    id = call.arguments["ReplicationGroupId"]
    if call.aws.lives.state("cache", id) not in (None, "available", "create-failed"):
        message = f"Replication group {id} is not in a valid state to be deleted."
        raise Refusal("InvalidReplicationGroupState", message)
    group = backend().replication_groups.get(id)
    if group is not None:
        uses = (group.security_group_ids, group.cache_subnet_group_name, group.cache_parameter_group_name)
        call.aws.memory.setdefault("cache uses", {})[id] = uses


@answers("elasticache.DeleteReplicationGroup", source=GROUP)
def a_cache_leaves_slowly(call: Call, answer: dict[str, Any]) -> None:
    """It is deleting for minutes, and its interface outlives it."""
    id, seconds = call.arguments["ReplicationGroupId"], call.aws.takes("cache", "deleting")
    shown = {**answer["ReplicationGroup"], "Status": "deleting", "uses": call.aws.memory["cache uses"][id]}
    call.aws.lives.pass_through("cache", id, "deleting", seconds, None).description = shown
    lingers = seconds + call.aws.takes("interface", "lingering")
    call.aws.lives.pass_through("cache interface", id, "lingering", lingers, None).description = shown


@refuses("elasticache.DeleteCacheSubnetGroup", source=f"{API}/API_DeleteCacheSubnetGroup.html")
def a_subnet_group_stays_under_its_cache(call: Call) -> None:
    """In whatever state that is."""
    name = call.arguments["CacheSubnetGroupName"]
    if name in {life.description["uses"][1] for life in call.aws.lives.going("cache").values()}:
        message = f"Cache subnet group {name} is currently in use by a cache cluster."
        raise Refusal("CacheSubnetGroupInUse", message)


@refuses("elasticache.DeleteCacheParameterGroup", source=f"{API}/API_DeleteCacheParameterGroup.html")
def parameters_stay_under_their_cache(call: Call) -> None:
    """In whatever state that is."""
    name = call.arguments["CacheParameterGroupName"]
    if name in {life.description["uses"][2] for life in call.aws.lives.going("cache").values()}:
        message = f"One or more cache clusters are still members of parameter group {name}."
        raise Refusal("InvalidCacheParameterGroupState", message)
