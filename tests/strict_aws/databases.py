"""RDS's rules: what can be ordered, how long a database is on its way, and what may be done meanwhile."""

from __future__ import annotations

from typing import Any

from moto.ec2 import ec2_backends
from moto.rds import rds_backends

from local.gaps.rds import SIZES, VERSIONS
from tests.strict_aws.identity import knows_role
from tests.strict_aws.layer import ACCOUNT, REGION, Call, Instead, Refusal, StrictAws, Uses, answers, refuses

API = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference"
GUIDE = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide"
STATES = f"{GUIDE}/accessing-monitoring.html"
GONE_VERSIONS = f"{GUIDE}/MySQL.Concepts.VersionMgmt.html"
NO_ROLE = "https://github.com/terraform-aws-modules/terraform-aws-rds/issues/364"

MODIFIABLE = ("DBInstanceClass", "AllocatedStorage", "BackupRetentionPeriod")
"""What shows its old value until the change is done, and the new one as pending."""


def backend() -> Any:
    """What the emulator knows of RDS."""
    return rds_backends[ACCOUNT][REGION]


def in_use(aws: StrictAws) -> Uses:
    """The security groups and subnets that hold a database's interface, or did a moment ago."""
    groups: set[str] = set()
    subnets: set[str] = set()
    for database in backend().databases.values():
        groups |= set(database.vpc_security_group_ids)
        subnets |= {subnet.id for subnet in backend().subnet_groups[database.db_subnet_group.name]._subnets}
    for life in (*aws.lives.going("database").values(), *aws.lives.going("database interface").values()):
        groups |= {each["VpcSecurityGroupId"] for each in life.description["VpcSecurityGroups"]}
        subnets |= {each["SubnetIdentifier"] for each in life.description["DBSubnetGroup"]["Subnets"]}
    return groups, subnets


@refuses("rds.CreateDBInstance", source=GONE_VERSIONS)
def only_what_is_offered_can_be_ordered(call: Call) -> None:
    """Versions vanish, and some classes are not offered."""
    version, size = call.arguments["EngineVersion"], call.arguments["DBInstanceClass"]
    if version not in VERSIONS:
        raise Refusal("InvalidParameterCombination", f"Cannot find version {version} for mysql")
    family, _, rest = size.rpartition(".")
    if rest not in SIZES.get(family, ()):
        raise Refusal(
            "InvalidParameterCombination", f"RDS does not support creating a DB instance with {size}"
        )


@refuses("rds.CreateDBInstance", source=f"{API}/API_CreateDBInstance.html")
def a_name_stays_taken_until_its_owner_is_gone(call: Call) -> None:
    """A database that is being deleted keeps its identifier."""
    if call.arguments["DBInstanceIdentifier"] in call.aws.lives.going("database"):
        raise Refusal("DBInstanceAlreadyExists", "DB instance already exists")


@refuses("rds.CreateDBSubnetGroup", "rds.CreateDBInstance", source=NO_ROLE)
def a_new_account_lacks_the_role(call: Call) -> None:
    """The account's first call fails until RDS's service-linked role is there."""
    if not knows_role(call.aws, "rds.amazonaws.com"):
        message = "Missing necessary credentials. Please check UsingWithRDS.IAM.ServiceLinkedRoles.html"
        raise Refusal("InvalidParameterValue", message)


@refuses(
    "rds.CreateDBSubnetGroup",
    "rds.ModifyDBSubnetGroup",
    source=f"{GUIDE}/USER_VPC.WorkingWithRDSInstanceinaVPC.html",
)
def a_subnet_group_covers_two_zones(call: Call) -> None:
    """Even for a database in one zone."""
    wanted = set(call.arguments["SubnetIds"])
    subnets = ec2_backends[ACCOUNT][REGION].describe_subnets()
    zones = {subnet.availability_zone for subnet in subnets if subnet.id in wanted}
    if len(zones) < 2:
        message = "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement."
        raise Refusal("DBSubnetGroupDoesNotCoverEnoughAZs", message)


@answers("rds.CreateDBInstance", source=STATES)
def a_database_takes_minutes(call: Call, answer: dict[str, Any]) -> None:
    """It is creating, then backing up, then available; or failed, with an event that says why."""
    id = answer["DBInstance"]["DBInstanceIdentifier"]
    reason = call.aws.memory.get("fails", {}).pop("database", None)
    if reason:
        call.aws.memory.setdefault("database events", {})[id] = reason
    stages = [(state, call.aws.takes("database", state)) for state in ("creating", "backing-up")]
    call.aws.lives.stages("database", id, stages, "failed" if reason else "available")


@refuses("rds.ModifyDBInstance", source=f"{API}/API_ModifyDBInstance.html")
def only_a_database_at_rest_is_modified(call: Call) -> None:
    """Not while it is on its way; what it was is shown until the change is done."""
    id = call.arguments["DBInstanceIdentifier"]
    state = call.aws.lives.state("database", id)
    if state not in (None, "available"):
        raise Refusal("InvalidDBInstanceState", f"Database instance {id} is not in available state.")
    database = backend().databases.get(id)
    if database is not None:
        before = (database.db_instance_class, database.allocated_storage, database.backup_retention_period)
        call.aws.memory.setdefault("database before", {})[id] = dict(zip(MODIFIABLE, before, strict=True))


@answers("rds.ModifyDBInstance", source=STATES)
def a_change_begins_after_a_moment_and_takes_a_while(call: Call, answer: dict[str, Any]) -> None:
    """It is still called available at first, then modifying."""
    stages = [("available", 0.1), ("modifying", call.aws.takes("database", "modifying"))]
    call.aws.lives.stages("database", call.arguments["DBInstanceIdentifier"], stages, "available")


@refuses("rds.DescribeDBInstances", source=STATES)
def a_database_shows_until_it_is_gone(call: Call) -> None:
    """One that is being deleted is still described."""
    life = call.aws.lives.going("database").get(call.arguments.get("DBInstanceIdentifier", ""))
    if life is not None:
        raise Instead({"DBInstances": [life.description]})


@answers("rds.DescribeDBInstances", source=STATES)
def states_of_databases(call: Call, answer: dict[str, Any]) -> None:
    """The state of each; no endpoint before it is available, no new value before it is in force."""
    for database in answer["DBInstances"]:
        id = database["DBInstanceIdentifier"]
        state = call.aws.lives.state("database", id)
        if state is not None and state != "failed" and database["DBInstanceStatus"] != "available":
            continue
        database["DBInstanceStatus"] = state or database["DBInstanceStatus"]
        if state in ("creating", "failed"):
            database.pop("Endpoint", None)
        before = call.aws.memory.get("database before", {}).get(id, {})
        if before and call.aws.lives.on_its_way("database", id):
            pending = {key: database[key] for key in MODIFIABLE if database[key] != before[key]}
            database.update(before)
            database["PendingModifiedValues"] = pending
    if "DBInstanceIdentifier" not in call.arguments:
        answer["DBInstances"] += [life.description for life in call.aws.lives.going("database").values()]


@refuses("rds.DescribeEvents", source=f"{API}/API_DescribeEvents.html")
def the_reason_is_an_event(call: Call) -> None:
    """Why a create failed stands in the events only."""
    id = call.arguments["SourceIdentifier"]
    reason = call.aws.memory.get("database events", {}).get(id)
    if reason:
        raise Instead({"Events": [{"SourceIdentifier": id, "SourceType": "db-instance", "Message": reason}]})


@refuses("rds.DeleteDBInstance", source=f"{API}/API_DeleteDBInstance.html")
def a_database_is_deleted_at_rest_and_on_purpose(call: Call) -> None:
    """Not while it is on its way, and not without a word about its last snapshot."""
    id = call.arguments["DBInstanceIdentifier"]
    if id in call.aws.lives.going("database"):
        raise Refusal("InvalidDBInstanceState", f"Instance {id} is already being deleted.")
    state = call.aws.lives.state("database", id)
    if state not in (None, "available", "failed"):
        raise Refusal("InvalidDBInstanceState", f"Instance {id} is currently {state}")
    skipped = call.arguments.get("SkipFinalSnapshot", False)
    if not skipped and "FinalDBSnapshotIdentifier" not in call.arguments:
        message = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
        raise Refusal("InvalidParameterCombination", message)


@answers("rds.DeleteDBInstance", source=STATES)
def a_database_leaves_slowly(call: Call, answer: dict[str, Any]) -> None:
    """It is deleting for minutes, and its interface outlives it."""
    id = call.arguments["DBInstanceIdentifier"]
    seconds = call.aws.takes("database", "deleting")
    description = {**answer["DBInstance"], "DBInstanceStatus": "deleting"}
    call.aws.lives.pass_through("database", id, "deleting", seconds, None).description = description
    lingers = seconds + call.aws.takes("interface", "lingering")
    call.aws.lives.pass_through(
        "database interface", id, "lingering", lingers, None
    ).description = description


@refuses("rds.DeleteDBSubnetGroup", source=f"{API}/API_DeleteDBSubnetGroup.html")
def a_subnet_group_stays_under_its_database(call: Call) -> None:
    """In whatever state that is."""
    name = call.arguments["DBSubnetGroupName"]
    users = {each.db_subnet_group.name for each in backend().databases.values()}
    users |= {
        life.description["DBSubnetGroup"]["DBSubnetGroupName"]
        for life in call.aws.lives.going("database").values()
    }
    if name in users:
        message = f"Cannot delete the subnet group '{name}' because at least one database is still using it."
        raise Refusal("InvalidDBSubnetGroupStateFault", message)
