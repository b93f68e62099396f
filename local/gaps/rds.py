"""RDS: the look-ups of MySQL's versions and of what can be ordered in which zone, and what backups tell."""

from typing import Any

from moto.core.responses import ActionResult, PaginatedResult
from moto.ec2.models import ec2_backends
from moto.rds.models import DBInstanceAutomatedBackup, RDSBackend
from moto.rds.responses import RDSResponse

from local.gaps.graft import graft

VERSIONS = (
    *("8.0.40", "8.0.41", "8.0.42", "8.0.43", "8.0.44"),
    *("8.4.3", "8.4.4", "8.4.5", "8.4.6", "8.4.7"),
)
DEFAULT_VERSION = "8.4.7"
SIZES = {
    "db.t3": ("micro", "small", "medium", "large", "xlarge", "2xlarge"),
    "db.t4g": ("micro", "small", "medium", "large", "xlarge", "2xlarge"),
}
STORAGE = ("gp3", "gp2")
OLD_ZONES = frozenset({"us-east-1e"})  # offers neither t3 nor t4g
CERTIFICATES = ["rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"]

_orderable_options: Any = RDSResponse.describe_orderable_db_instance_options
_create_db_instance: Any = RDSBackend.create_db_instance


def fill() -> None:
    """Add the engine and order look-ups, and what a created instance says of its life cycle."""
    graft(RDSResponse, _Responses)
    graft(RDSBackend, _Backend)
    graft(DBInstanceAutomatedBackup, _Backup)


class _Responses:
    def describe_db_engine_versions(self: Any) -> ActionResult:
        """MySQL's versions, or the one asked for; no other engine is known."""
        wanted = self.params.get("EngineVersion")
        family = self.params.get("DBParameterGroupFamily")
        default_only = self.params.get("DefaultOnly") and not wanted
        versions = [
            _engine_version(version)
            for version in VERSIONS
            if self.params.get("Engine") in (None, "mysql")
            and _matches(version, wanted)
            and family in (None, _family(version))
            and not (default_only and version != DEFAULT_VERSION)
        ]
        return PaginatedResult({"DBEngineVersions": versions})

    def describe_orderable_db_instance_options(self: Any) -> Any:
        """What can be ordered for MySQL, one entry for each version, class and storage type."""
        if self.params.get("Engine") != "mysql":
            return _orderable_options(self)
        zones = [
            {"Name": zone.name}
            for zone in ec2_backends[self.current_account][self.region].describe_availability_zones()
            if zone.name not in OLD_ZONES
        ]
        wanted_version, wanted_class = self.params.get("EngineVersion"), self.params.get("DBInstanceClass")
        options = [
            _option(version, f"{family}.{size}", storage, zones)
            for version in VERSIONS
            if _matches(version, wanted_version)
            for family, sizes in SIZES.items()
            for size in sizes
            if wanted_class in (None, f"{family}.{size}")
            for storage in STORAGE
        ]
        return PaginatedResult({"OrderableDBInstanceOptions": options})


class _Backend:
    def create_db_instance(self: Any, db_kwargs: dict[str, Any]) -> Any:
        """Make it, and remember the choice about paid extended support (AWS's default: enrolled)."""
        database = _create_db_instance(self, db_kwargs)
        database.engine_lifecycle_support = db_kwargs.get(
            "engine_lifecycle_support", "open-source-rds-extended-support"
        )
        return database


class _Backup:
    """What a backup tells of its database, which may be gone."""

    dbi_resource_id = property(lambda self: self.automated_snapshots[0].dbi_resource_id)
    allocated_storage = property(lambda self: self.automated_snapshots[0].allocated_storage)
    tag_list = property(lambda self: self.automated_snapshots[0].tags)


def _matches(version: str, wanted: str | None) -> bool:
    return wanted is None or version == wanted or version.startswith(f"{wanted}.")


def _family(version: str) -> str:
    return "mysql" + version.rpartition(".")[0]


def _engine_version(version: str) -> dict[str, Any]:
    return {
        "Engine": "mysql",
        "EngineVersion": version,
        "MajorEngineVersion": version.rpartition(".")[0],
        "DBParameterGroupFamily": _family(version),
        "DBEngineDescription": "MySQL Community Edition",
        "DBEngineVersionDescription": f"MySQL {version}",
        "SupportsReadReplica": True,
        "SupportsCertificateRotationWithoutRestart": True,
        "SupportedCACertificateIdentifiers": CERTIFICATES,
        "Status": "available",
    }


def _option(version: str, size: str, storage: str, zones: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "Engine": "mysql",
        "EngineVersion": version,
        "DBInstanceClass": size,
        "LicenseModel": "general-public-license",
        "AvailabilityZones": zones,
        "MultiAZCapable": True,
        "ReadReplicaCapable": True,
        "Vpc": True,
        "SupportsStorageEncryption": True,
        "StorageType": storage,
        "SupportsIAMDatabaseAuthentication": True,
        "MinStorageSize": 20,
        "MaxStorageSize": 65536,
    }
