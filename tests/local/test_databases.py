"""A DB instance of the region is a MariaDB that lives and dies with it."""

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import MySQLdb
import pytest
import trustme
from botocore.exceptions import ClientError

from tests.local.processes import programs

Eventually = Callable[[Callable[[], bool]], None]


@pytest.fixture(scope="module")
def rds(client: Callable[[str], Any]) -> Any:
    return client("rds")


@pytest.fixture(scope="module")
def endpoint(rds: Any, eventually: Eventually) -> dict[str, Any]:
    made = rds.create_db_instance(
        DBInstanceIdentifier="demo",
        DBInstanceClass="db.t3.medium",
        Engine="mysql",
        EngineVersion="8.4.7",
        DBName="covid",
        MasterUsername="admin",
        MasterUserPassword="it's a secret",
        AllocatedStorage=20,
    )["DBInstance"]
    assert made["DBInstanceStatus"] == "creating"
    assert "Endpoint" not in made
    eventually(lambda: status(rds) == "available")
    (found,) = rds.describe_db_instances(DBInstanceIdentifier="demo")["DBInstances"]
    return found["Endpoint"]


def status(rds: Any) -> str:
    (found,) = rds.describe_db_instances(DBInstanceIdentifier="demo")["DBInstances"]
    return found["DBInstanceStatus"]


def connect(endpoint: dict[str, Any], ca: Path, password: str = "it's a secret", **options: Any) -> Any:
    options = {"ssl_mode": "VERIFY_IDENTITY", "ssl": {"ca": str(ca)}} | options
    return MySQLdb.connect(
        host=endpoint["Address"],
        port=endpoint["Port"],
        user="admin",
        password=password,
        database="covid",
        **options,
    )


def answers(endpoint: dict[str, Any], ca: Path, password: str = "it's a secret") -> bool:
    try:
        connect(endpoint, ca, password).close()
    except MySQLdb.OperationalError:
        return False
    return True


def test_speaks_tls_that_the_authority_vouches_for(endpoint: dict[str, Any], var: Path) -> None:
    connection = connect(endpoint, var / "local/ca.pem")
    with connection.cursor() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Ssl_version'")
        assert cursor.fetchone() == ("Ssl_version", "TLSv1.3")
        cursor.execute("SELECT DATABASE()")
        assert cursor.fetchone() == ("covid",)
    connection.close()


def test_refuses_plain_text_and_is_not_vouched_for_by_others(
    endpoint: dict[str, Any], var: Path, tmp_path: Path
) -> None:
    with pytest.raises(MySQLdb.OperationalError, match="Access denied"):
        connect(endpoint, var / "local/ca.pem", ssl_mode="DISABLED", ssl={})
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    with pytest.raises(MySQLdb.OperationalError, match="certificate"):
        connect(endpoint, tmp_path / "other.pem")


def test_comes_back_when_killed(endpoint: dict[str, Any], var: Path, eventually: Eventually) -> None:
    process = programs(var)["mariadbd"]
    os.kill(process, signal.SIGKILL)
    eventually(
        lambda: programs(var).get("mariadbd", process) != process and answers(endpoint, var / "local/ca.pem")
    )


def test_takes_a_new_password(rds: Any, endpoint: dict[str, Any], var: Path, eventually: Eventually) -> None:
    rds.modify_db_instance(DBInstanceIdentifier="demo", MasterUserPassword="another", ApplyImmediately=True)
    eventually(lambda: status(rds) == "available")
    ca = var / "local/ca.pem"
    assert answers(endpoint, ca, "another")
    assert not answers(endpoint, ca)


def test_is_gone_when_deleted(rds: Any, endpoint: dict[str, Any], var: Path, eventually: Eventually) -> None:
    process = programs(var)["mariadbd"]
    os.kill(process, signal.SIGSTOP)  # so that it cannot end before we have looked
    rds.delete_db_instance(DBInstanceIdentifier="demo", SkipFinalSnapshot=True)
    assert status(rds) == "deleting"
    with pytest.raises(ClientError) as refused:
        rds.delete_db_instance(DBInstanceIdentifier="demo", SkipFinalSnapshot=True)
    os.kill(process, signal.SIGCONT)
    assert refused.value.response["Error"]["Code"] == "InvalidDBInstanceState"
    eventually(lambda: rds.describe_db_instances()["DBInstances"] == [])
    assert "mariadbd" not in programs(var)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((endpoint["Address"], endpoint["Port"]))
    assert list((var / "local").glob("*demo*")) == []
