"""What becomes of the site under gunicorn when MariaDB dies under it."""

from local.servers import MariaDB, Redis, running
from tests.site.serving import Gunicorn


def test_the_site_lives_through_the_death_of_its_database(
    database: MariaDB, site: Gunicorn, redis_server: Redis
) -> None:
    with running(database) as mariadbd, running(site):
        status, headers, body = site.get("/cached/")
        assert (status, headers["X-Cache"]) == (200, "miss")
        assert "In the Mekong <mark>delta</mark>." in body
        assert site.get("/cached/")[1]["X-Cache"] == "hit"
        assert '"release": "r1"' in site.get("/healthz", host="10.1.2.3")[2]

        mariadbd.kill()
        mariadbd.wait()
        status, headers, body = site.get("/cached/")
        assert (status, headers["X-Cache"]) == (200, "hit")
        assert "In the Mekong <mark>delta</mark>." in body
        for path in ("/uncached/", "/compare/?repetitions=5"):
            status, headers, body = site.get(path)
            assert (status, headers["Retry-After"], headers["Cache-Control"]) == (503, "10", "no-store")
            assert "The database is out" in body
            assert "Traceback" not in body
            assert "OperationalError" not in body
            assert "Server-Timing" in headers
        status, _, body = site.get("/healthz")
        assert status == 503
        assert '"status": "down"' in body
        assert str(database.port) not in body

        with running(database):
            assert site.get("/uncached/")[0] == 200
            assert site.get("/healthz")[0] == 200
    log = (site.directory / "server.log").read_text()
    assert "the database is out" in log
    assert "Traceback" not in log
