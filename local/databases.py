"""RDS with something behind it: each DB instance is a MariaDB of its own."""

import dataclasses
from pathlib import Path
from typing import Any

from moto.rds.exceptions import InvalidDBInstanceStateFault
from moto.rds.models import DBInstance, RDSBackend

from local.plane import Plane
from local.servers import HOST, MariaDB

ENGINES = ("mysql", "mariadb")
BUSY = ("creating", "modifying", "deleting")


def attach(plane: Plane) -> None:
    """Let creating, modifying and deleting a DB instance start, change and end a server."""
    rds: Any = RDSBackend
    create, modify, delete = rds.create_db_instance, rds.modify_db_instance, rds.delete_db_instance

    def create_db_instance(backend: Any, db_kwargs: dict[str, Any]) -> Any:
        database = create(backend, db_kwargs)
        if database.engine in ENGINES:
            database.status = "creating"
            _later(plane, database, lambda: _start(plane, database))
        return database

    def modify_db_instance(backend: Any, identifier: str, db_kwargs: dict[str, Any]) -> Any:
        _refuse_if_busy(backend, identifier)
        password = db_kwargs.get("master_user_password")
        database = modify(backend, identifier, db_kwargs)
        if password and _server(database):
            database.status = "modifying"
            _later(plane, database, lambda: _change_password(plane, database, password))
        return database

    def delete_db_instance(backend: Any, db_instance_identifier: str, **kwargs: Any) -> Any:
        _refuse_if_busy(backend, db_instance_identifier)
        database = delete(backend, db_instance_identifier, **kwargs)
        if database.engine in ENGINES:
            # moto forgets at once; AWS still shows it until the server is gone.
            backend.databases[db_instance_identifier] = database
            _later(plane, database, lambda: _end(plane, backend, database))
        return database

    rds.create_db_instance = create_db_instance
    rds.modify_db_instance = modify_db_instance
    rds.delete_db_instance = delete_db_instance
    instance: Any = DBInstance
    instance.endpoint = property(_endpoint)


def _later(plane: Plane, database: Any, job: Any) -> None:
    def failed() -> None:
        database.status = "failed"

    plane.later(_name(database), job, failed)


def _name(database: Any) -> str:
    return f"database-{database.db_instance_identifier}"


def _server(database: Any) -> MariaDB | None:
    server: MariaDB | None = vars(database).get("server")
    return server


def _endpoint(database: Any) -> dict[str, Any] | None:
    # AWS names none either, as long as the server has never been up.
    server = _server(database)
    return {"Address": HOST, "Port": server.port} if server else None


def _refuse_if_busy(backend: Any, identifier: str) -> None:
    database = backend.databases.get(identifier)
    if database and database.status in BUSY:
        raise InvalidDBInstanceStateFault(f"Instance {identifier} is currently {database.status}.")


def _start(plane: Plane, database: Any) -> None:
    def server(directory: Path, port: int) -> MariaDB:
        return MariaDB(
            directory,
            port,
            user=database.master_username,
            password=database._master_user_password,
            database=database.db_name or "mysql",
            tls=plane.tls,
        )

    database.server = plane.serve(_name(database), server)
    database.status = "available"


def _change_password(plane: Plane, database: Any, password: str) -> None:
    database.server = dataclasses.replace(database.server, password=password)
    plane.again(_name(database), database.server)
    database.status = "available"


def _end(plane: Plane, backend: Any, database: Any) -> None:
    plane.end(_name(database))
    backend.databases.pop(database.db_instance_identifier, None)
