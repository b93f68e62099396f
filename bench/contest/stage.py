"""What a contest needs: a private MariaDB with rows, a private Redis, and gunicorn for whoever takes part."""

import contextlib
import http.client
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

import MySQLdb
import redis

from local.servers import HOST, MariaDB, Redis, free_port, running

ROOT = Path(__file__).resolve().parents[2]
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
MENTIONS = 550  # rows that are made to mention the word, so that the query finds its 500


@dataclass(frozen=True)
class Gunicorn:
    """gunicorn with the site's own configuration, or some options of it changed."""

    directory: Path
    application: str
    environment: Mapping[str, str]
    options: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)

    def prepare(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)

    def command(self) -> list[str]:
        own = {"BIND": f"{HOST}:{self.port}", "PYTHONPATH": f"{ROOT}:{ROOT / 'site'}"}
        return [
            "env",
            *(f"{name}={value}" for name, value in (dict(self.environment) | own).items()),
            str(Path(sys.executable).with_name("gunicorn")),
            *("--chdir", str(ROOT / "site"), "--config", str(ROOT / "site/config/gunicorn.conf.py")),
            *self.options,
            self.application,
        ]

    def answers(self) -> bool:
        with contextlib.suppress(OSError):
            return bool(self.get("/healthz")[0])
        return False

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of one request; OSError when nobody answers."""
        client = http.client.HTTPConnection(HOST, self.port, timeout=60)
        try:
            client.request("GET", path, headers=dict(headers or {}))
            answer = client.getresponse()
            return answer.status, dict(answer.headers), answer.read()
        finally:
            client.close()


@dataclass(frozen=True)
class Stage:
    """The servers, and the environment that a site needs to find them."""

    directory: Path
    mariadb: MariaDB
    redis: Redis
    redis_process: Popen[bytes]
    mariadb_process: Popen[bytes]
    environment: dict[str, str]

    def gunicorn(self, name: str, application: str, options: tuple[str, ...] = (), **more: str) -> Gunicorn:
        """A server for this application, not yet started; `more` goes into its environment."""
        return Gunicorn(self.directory / name, application, self.environment | more, options)

    def manage(self, *command: str) -> None:
        """Run one of the site's commands."""
        subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *command],
            env=os.environ | self.environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def sql(self, statement: str) -> list[tuple]:
        """Run one statement; its rows."""
        connection = MySQLdb.connect(
            host=HOST,
            port=self.mariadb.port,
            user=self.mariadb.user,
            password=self.mariadb.password,
            database=self.mariadb.database,
            autocommit=True,
        )
        with contextlib.closing(connection):
            cursor = connection.cursor()
            cursor.execute(statement)
            return list(cursor.fetchall())

    def cache(self) -> redis.Redis:
        """A client of the Redis."""
        return redis.Redis(host=HOST, port=self.redis.port, password=self.redis.password)


@contextlib.contextmanager
def built(directory: Path, rows: int) -> Iterator[Stage]:
    """The servers with that many rows, for the time of the block; a directory that has rows keeps them."""
    mariadb = MariaDB(directory / "mysql", free_port(), password=secrets.token_hex(12))
    cache = Redis(directory / "redis", free_port(), password=secrets.token_hex(12))
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": secrets.token_hex(32),
        "ADMIN_PASSWORD": secrets.token_hex(12),
        "ALLOWED_HOSTS": HOST,
        "DATABASE_HOST": HOST,
        "DATABASE_PORT": str(mariadb.port),
        "DATABASE_NAME": mariadb.database,
        "DATABASE_USER": mariadb.user,
        "DATABASE_PASSWORD": mariadb.password,
        "CACHE_HOST": HOST,
        "CACHE_PORT": str(cache.port),
        "CACHE_PASSWORD": cache.password,
        "STATIC_ROOT": str(directory / "static"),
        "TMPDIR": str(directory),
    }
    with running(mariadb) as mariadb_process, running(cache) as redis_process:
        stage = Stage(directory, mariadb, cache, redis_process, mariadb_process, environment)
        stage.manage("migrate", "--verbosity=0")
        stage.manage("collectstatic", "--noinput", "--verbosity=0")
        stage.manage("load_articles", "--once", "--generate", str(rows))
        stage.sql(
            "UPDATE covid_article SET sentence = CONCAT('The Delta variant was seen. ', LEFT(sentence, 700))"
            f" WHERE object_id % {max(1, rows // MENTIONS)} = 0 AND sentence NOT LIKE 'The Delta variant %'"
        )
        stage.sql("ANALYZE TABLE covid_article")
        yield stage


def cpu_seconds(process: Popen[bytes]) -> float:
    """What a server and its workers have used so far."""
    tasks = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return sum(_ticks(pid) for pid in (process.pid, *map(int, tasks))) / CLOCK_TICKS


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
