"""RDS answers as AWS does."""

from collections.abc import Callable
from typing import Any

TAGS = [{"Key": "provisioner:stack", "Value": "demo"}]


def test_database_engine_versions(client: Callable[[str], Any]) -> None:
    def versions(**wanted: Any) -> list[str]:
        found = client("rds").describe_db_engine_versions(**wanted)["DBEngineVersions"]
        return [each["EngineVersion"] for each in found]

    assert versions(Engine="mysql", EngineVersion="8.4")[-1] == "8.4.7"
    assert set(versions(Engine="mysql", EngineVersion="8.4")) < set(versions(Engine="mysql"))
    assert versions(Engine="mysql", DefaultOnly=True) == ["8.4.7"]
    assert versions(Engine="postgres") == []


def test_orderable_databases(client: Callable[[str], Any]) -> None:
    pages = client("rds").get_paginator("describe_orderable_db_instance_options")
    options = [
        option
        for page in pages.paginate(Engine="mysql", DBInstanceClass="db.t4g.medium", Vpc=True)
        for option in page["OrderableDBInstanceOptions"]
    ]
    newest = [each for each in options if each["EngineVersion"] == "8.4.7" and each["StorageType"] == "gp3"]
    zones = [zone["Name"] for each in newest for zone in each["AvailabilityZones"]]
    assert zones == ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d", "us-east-1f"]
    assert all(each["Vpc"] for each in options)
    assert {each["DBInstanceClass"] for each in options} == {"db.t4g.medium"}


def test_database_says_what_it_was_made_with(client: Callable[[str], Any], subnets: list[str]) -> None:
    rds = client("rds")
    rds.create_db_subnet_group(DBSubnetGroupName="demo", DBSubnetGroupDescription="d", SubnetIds=subnets)
    wanted = {
        "DBInstanceIdentifier": "demo",
        "DBInstanceClass": "db.t3.medium",
        "Engine": "mysql",
        "EngineVersion": "8.4.7",
        "DBName": "covid",
        "MasterUsername": "admin",
        "AllocatedStorage": 20,
        "StorageType": "gp3",
        "StorageEncrypted": True,
        "MultiAZ": False,
        "PubliclyAccessible": False,
        "BackupRetentionPeriod": 0,
        "CopyTagsToSnapshot": True,
        "DeletionProtection": False,
        "CACertificateIdentifier": "rds-ca-rsa2048-g1",
        "EngineLifecycleSupport": "open-source-rds-extended-support-disabled",
    }
    rds.create_db_instance(
        **wanted,
        MasterUserPassword="secret-secret",
        EnableIAMDatabaseAuthentication=True,
        DBSubnetGroupName="demo",
        Tags=TAGS,
    )
    (found,) = rds.describe_db_instances(DBInstanceIdentifier="demo")["DBInstances"]
    assert {key: found[key] for key in wanted} == wanted
    assert found["IAMDatabaseAuthenticationEnabled"] is True
    assert found["DBSubnetGroup"]["DBSubnetGroupName"] == "demo"
    assert found["TagList"] == TAGS


def test_backup_outlives_its_database_and_says_whose_it_is(client: Callable[[str], Any]) -> None:
    rds = client("rds")
    rds.create_db_instance(
        DBInstanceIdentifier="demo",
        DBInstanceClass="db.t3.medium",
        Engine="mysql",
        MasterUsername="admin",
        MasterUserPassword="secret-secret",
        AllocatedStorage=30,
        CopyTagsToSnapshot=True,
        Tags=TAGS,
    )
    id = rds.describe_db_instances()["DBInstances"][0]["DbiResourceId"]

    def backups() -> list[tuple[Any, ...]]:
        found = rds.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"]
        return [
            (each["DbiResourceId"], each["Status"], each["AllocatedStorage"], each["TagList"])
            for each in found
        ]

    assert backups() == [(id, "active", 30, TAGS)]
    rds.delete_db_instance(DBInstanceIdentifier="demo", SkipFinalSnapshot=True, DeleteAutomatedBackups=False)
    assert backups() == [(id, "retained", 30, TAGS)]
