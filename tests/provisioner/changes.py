"""What somebody else does to a stack's database and cache in the meantime."""

from typing import Any

from provisioner.aws import Cloud


def change_by_hand(cloud: Cloud, resource: str, attributes: dict[str, Any]) -> None:
    """Modify the database or the cache of the stack `covid` at once, as in the console."""
    if resource == "database":
        cloud.rds.modify_db_instance(
            DBInstanceIdentifier="covid-database", ApplyImmediately=True, **attributes
        )
    else:
        cloud.elasticache.modify_replication_group(
            ReplicationGroupId="covid-cache", ApplyImmediately=True, **attributes
        )
