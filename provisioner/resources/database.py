"""RDS for MySQL: the subnet group it lives in, and the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from provisioner.aws import Cloud, unless
from provisioner.errors import CannotChange, Invalid, NotOurs, Protected
from provisioner.model import Change, Condition, Found, Refs
from provisioner.resources.identity import ensure_service_linked_role
from provisioner.resources.network import Subnet
from provisioner.resources.secrets import Secret
from provisioner.resources.security import SecurityGroup
from provisioner.resources.tagged import TAGS, Tagged

STORAGE_TYPE = "gp3"

CONDITIONS = {
    "available": Condition.READY,
    "storage-optimization": Condition.READY,
    "deleting": Condition.GOING,
    # A create that failed holds no data. Everything else that is wrong may: a person has to look.
    "failed": Condition.FAILED,
    "incompatible-restore": Condition.FAILED,
    "incompatible-network": Condition.BROKEN,
    "incompatible-option-group": Condition.BROKEN,
    "incompatible-parameters": Condition.BROKEN,
    "inaccessible-encryption-credentials": Condition.BROKEN,
    "restore-error": Condition.BROKEN,
    "stopped": Condition.BROKEN,
    "storage-full": Condition.BROKEN,
}
"""RDS's states, where they are not simply on the way to `available`:
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html"""


@dataclass(frozen=True)
class DBSubnetGroup(Tagged):
    """The subnets that a database may stand in: RDS wants two zones, even for a database in one."""

    subnets: tuple[Subnet, ...]
    kind: ClassVar[str] = "DB subnet group"

    def find(self, cloud: Cloud) -> Found | None:
        answer = unless(
            "DBSubnetGroupNotFoundFault",
            cloud.rds.describe_db_subnet_groups,
            DBSubnetGroupName=cloud.name(self.name),
        )
        if answer is None:
            return None
        group = answer["DBSubnetGroups"][0]
        tags = cloud.rds.list_tags_for_resource(ResourceName=group["DBSubnetGroupArn"])["TagList"]
        if not cloud.owns(tags):
            raise NotOurs(self.name, group["DBSubnetGroupName"], cloud.stack)
        subnets = sorted(each["SubnetIdentifier"] for each in group["Subnets"])
        return Found(
            group["DBSubnetGroupName"], {"subnets": subnets, "arn": group["DBSubnetGroupArn"], TAGS: tags}
        )

    def drift(self, cloud: Cloud, found: Found, refs: Refs) -> list[Change]:
        wanted = self._subnet_ids(refs)
        now = found.facts["subnets"]
        return [] if now == wanted else [Change("subnets", now, wanted)]

    def create(self, cloud: Cloud, refs: Refs) -> None:
        ensure_service_linked_role(cloud, "rds.amazonaws.com")
        cloud.rds.create_db_subnet_group(
            DBSubnetGroupName=cloud.name(self.name),
            DBSubnetGroupDescription=f"Private subnets of stack {cloud.stack}",
            SubnetIds=self._subnet_ids(refs),
            Tags=cloud.tag_list(self.name),
        )

    def repair(self, cloud: Cloud, found: Found, refs: Refs, changes: list[Change]) -> None:
        cloud.rds.modify_db_subnet_group(DBSubnetGroupName=found.id, SubnetIds=self._subnet_ids(refs))

    def tag(self, cloud: Cloud, found: Found) -> None:
        cloud.rds.add_tags_to_resource(ResourceName=found.facts["arn"], Tags=cloud.tag_list(self.name))

    def delete(self, cloud: Cloud, found: Found) -> None:
        unless("DBSubnetGroupNotFoundFault", cloud.rds.delete_db_subnet_group, DBSubnetGroupName=found.id)

    def _subnet_ids(self, refs: Refs) -> list[str]:
        return sorted(refs.id(subnet) for subnet in self.subnets)


@dataclass(frozen=True)
class Database(Tagged):
    """One MySQL server, private and encrypted, with one database in it. Its data go with it at teardown."""

    subnets: DBSubnetGroup
    group: SecurityGroup
    secret: Secret
    password: str
    """The secret's key under which the master user's password is kept."""
    instance_class: str
    database: str = "covid"
    user: str = "admin"
    version: str = "8.4"
    """A series: the newest of it that the region can order is made."""
    storage: int = 20
    """GiB; gp3 starts at 20."""
    retention: int = 1
    """Days for which automatic backups are kept."""
    force: bool = False
    """Delete it even if somebody protected it from deletion."""
    kind: ClassVar[str] = "database"
    create_seconds: ClassVar[float] = 3600
    delete_seconds: ClassVar[float] = 3600

    def find(self, cloud: Cloud) -> Found | None:
        answer = unless(
            "DBInstanceNotFound", cloud.rds.describe_db_instances, DBInstanceIdentifier=cloud.name(self.name)
        )
        if answer is None:
            return None
        instance = answer["DBInstances"][0]
        if not cloud.owns(instance["TagList"]):
            raise NotOurs(self.name, instance["DBInstanceIdentifier"], cloud.stack)
        # What is being changed shows its old value; asking for the new one again would be refused.
        coming = {**instance, **instance.get("PendingModifiedValues", {})}
        facts: dict[str, Any] = {
            "class": coming["DBInstanceClass"],
            "encrypted": instance["StorageEncrypted"],
            "storage": coming["AllocatedStorage"],
            "retention": coming["BackupRetentionPeriod"],
            "protected": instance["DeletionProtection"],
            "IAM authentication": coming["IAMDatabaseAuthenticationEnabled"],
            "minor upgrades": instance["AutoMinorVersionUpgrade"],
            "groups": [
                each["VpcSecurityGroupId"]
                for each in instance["VpcSecurityGroups"]
                if each["Status"] != "removing"
            ],
            "version": instance["EngineVersion"],
            "arn": instance["DBInstanceArn"],
            TAGS: instance["TagList"],
        }
        state = instance["DBInstanceStatus"]
        condition = CONDITIONS.get(state, Condition.PENDING)
        if endpoint := instance.get("Endpoint"):
            facts |= {"host": endpoint["Address"], "port": endpoint["Port"]}
            facts["endpoint"] = f"{endpoint['Address']}:{endpoint['Port']}"
        elif condition is Condition.READY:
            condition = Condition.PENDING
        return Found(instance["DBInstanceIdentifier"], facts, state, condition)

    def drift(self, cloud: Cloud, found: Found, refs: Refs) -> list[Change]:
        if not found.facts["encrypted"]:
            raise CannotChange(self.name, "its encryption", "off", "on")
        if found.facts["storage"] > self.storage:
            raise CannotChange(
                self.name, "its storage", found.facts["storage"], self.storage, "RDS never shrinks a disk"
            )
        if not f"{found.facts['version']}.".startswith(f"{self.version}."):
            advice = "RDS upgrades on request only: do it there, or choose --mysql-version to fit"
            raise CannotChange(self.name, "its MySQL", found.facts["version"], self.version, advice)
        wanted = {
            "class": self.instance_class,
            "storage": self.storage,
            "retention": self.retention,
            "IAM authentication": True,
            "minor upgrades": True,
            "groups": [refs.id(self.group)],
        }
        return [
            Change(key, found.facts[key], value) for key, value in wanted.items() if found.facts[key] != value
        ]

    def create(self, cloud: Cloud, refs: Refs) -> None:
        cloud.rds.create_db_instance(
            DBInstanceIdentifier=cloud.name(self.name),
            DBName=self.database,
            Engine="mysql",
            EngineVersion=newest_orderable(cloud, self.version, self.instance_class),
            # RDS's own default enrols in paid Extended Support.
            EngineLifecycleSupport="open-source-rds-extended-support-disabled",
            DBInstanceClass=self.instance_class,
            AllocatedStorage=self.storage,
            StorageType=STORAGE_TYPE,
            StorageEncrypted=True,
            MasterUsername=self.user,
            MasterUserPassword=self.secret.read(cloud)[self.password],
            EnableIAMDatabaseAuthentication=True,
            DBSubnetGroupName=refs.id(self.subnets),
            VpcSecurityGroupIds=[refs.id(self.group)],
            PubliclyAccessible=False,
            MultiAZ=False,
            BackupRetentionPeriod=self.retention,
            CopyTagsToSnapshot=True,
            AutoMinorVersionUpgrade=True,
            DeletionProtection=False,
            Tags=cloud.tag_list(self.name),
        )

    def repair(self, cloud: Cloud, found: Found, refs: Refs, changes: list[Change]) -> None:
        cloud.rds.modify_db_instance(
            DBInstanceIdentifier=found.id,
            DBInstanceClass=self.instance_class,
            AllocatedStorage=self.storage,
            BackupRetentionPeriod=self.retention,
            EnableIAMDatabaseAuthentication=True,
            AutoMinorVersionUpgrade=True,
            VpcSecurityGroupIds=[refs.id(self.group)],
            ApplyImmediately=True,
        )

    def tag(self, cloud: Cloud, found: Found) -> None:
        cloud.rds.add_tags_to_resource(ResourceName=found.facts["arn"], Tags=cloud.tag_list(self.name))

    def delete(self, cloud: Cloud, found: Found) -> None:
        if found.facts["protected"] and not self.force:
            raise Protected(self.name, found.id, "modify the database to end it, or say --force")
        if found.facts["protected"]:
            cloud.rds.modify_db_instance(
                DBInstanceIdentifier=found.id, DeletionProtection=False, ApplyImmediately=True
            )
        unless(
            "DBInstanceNotFound",
            cloud.rds.delete_db_instance,
            DBInstanceIdentifier=found.id,
            SkipFinalSnapshot=True,
            DeleteAutomatedBackups=True,
        )

    def reason(self, cloud: Cloud, found: Found) -> str:
        events = cloud.rds.all(
            "describe_events", "Events", SourceIdentifier=found.id, SourceType="db-instance", Duration=180
        )
        return str(events[-1]["Message"]) if events else ""


def newest_orderable(cloud: Cloud, series: str, instance_class: str) -> str:
    """The newest MySQL of this series that the region can order in this class. Raises Invalid."""
    versions = {str(option["EngineVersion"]) for option in orderable(cloud, instance_class)}
    of_series = [each for each in versions if f"{each}.".startswith(f"{series}.")]
    if not of_series:
        raise Invalid(
            f"MySQL {series} as {instance_class} can't be ordered in {cloud.region}: "
            f"choose another --database-class or --mysql-version"
        )
    return max(of_series, key=lambda version: [int(part) for part in version.split(".")])


def orderable(cloud: Cloud, instance_class: str) -> list[dict[str, Any]]:
    """What the region can order of MySQL in this class, in a VPC, on our storage type."""
    options: list[dict[str, Any]] = cloud.rds.all(
        "describe_orderable_db_instance_options",
        "OrderableDBInstanceOptions",
        Engine="mysql",
        DBInstanceClass=instance_class,
        Vpc=True,
    )
    return [option for option in options if option["StorageType"] == STORAGE_TYPE]
