"""The site as a host runs it, under gunicorn, with one article."""

import http.client
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CSV = (
    "OBJECTID,SHA,PossiblePlace,Sentence,MatchedPlace,DOI,Title,"
    "Abstract,PublishedDate,Authors,Journal,Source,License\n"
    "1,,Mekong,In the Mekong delta.,Mekong,,Rivers,,2020,,,PMC,cc-by\n"
)


@dataclass(frozen=True)
class Gunicorn:
    """gunicorn with the project's configuration, in an environment like a host's."""

    directory: Path
    port: int
    admin_port: int
    environment: dict[str, str]

    def prepare(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        data = self.directory / "articles.csv"
        data.write_text(CSV)
        # A page may give up on a slow database; a command that makes tables waits for it.
        patient = {name: value for name, value in self.environment.items() if name != "DATABASE_READ_TIMEOUT"}
        for step in (
            ("migrate", "--noinput"),
            ("ensure_admin",),
            ("load_articles", "--once", str(data)),
            ("collectstatic", "--noinput"),
        ):
            subprocess.run(
                [sys.executable, "manage.py", *step],
                cwd=ROOT,
                env=patient,
                check=True,
                capture_output=True,
                timeout=120,
            )

    def command(self) -> list[str]:
        return [
            *("env", "-i"),  # nothing of this run's own settings
            *(f"{name}={self.environment[name]}" for name in self.environment),
            str(Path(sys.executable).with_name("gunicorn")),
            *("--chdir", str(ROOT / "site"), "--config", str(ROOT / "site/config/gunicorn.conf.py")),
            "config.wsgi",
        ]

    def answers(self) -> bool:
        try:
            return self.get("/healthz")[0] in (200, 503)
        except OSError:
            return False

    def get(self, path: str, host: str = "127.0.0.1") -> tuple[int, dict[str, str], str]:
        """Status, headers and body of one request."""
        browser = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            browser.request("GET", path, headers={"Host": host})
            response = browser.getresponse()
            return response.status, dict(response.headers), response.read().decode()
        finally:
            browser.close()
