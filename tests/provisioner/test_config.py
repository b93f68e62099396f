"""Bad configuration is told in one clear line each, all at once, before anything is made."""

import pytest

from provisioner.config import Config, load
from provisioner.errors import Invalid


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"name": "Covid"}, "lower-case"),
        ({"name": "a--b"}, "single hyphens"),
        ({"name": "a" * 31}, "room for 30"),
        ({"name": "aws-site"}, "keeps names"),
        ({"cidr": "10.0.0.0"}, "write 10.0.0.0/32"),
        ({"cidr": "10.0.0.1/16"}, "write 10.0.0.0/16"),
        ({"cidr": "10.0.0.0/24"}, "/16 to /22"),
        ({"cidr": "nonsense"}, "not an IPv4 range"),
        ({"cidr": "8.0.0.0/16"}, "not a private range"),
        ({"allow_from": "192.0.2.1/24"}, "write 192.0.2.0/24"),
        ({"port": 0}, "between 1 and 65535"),
        ({"zones": ("us-east-1a", "us-east-1a")}, "two different"),
        ({"database_class": "t3.medium"}, "like db.t3.medium"),
        ({"cache_engine": "memcached"}, "neither valkey nor redis"),
        ({"mysql_version": "latest"}, "like 8.4"),
        ({"articles": "it's"}, "quote"),
    ],
)
def test_each_problem_has_its_line(choice, words):
    with pytest.raises(Invalid, match=words):
        Config(**choice)


def test_all_problems_come_together():
    with pytest.raises(Invalid) as caught:
        Config(name="UPPER", port=0, cidr="x")
    assert len(caught.value.problems) == 3


def test_a_file_gives_values_and_a_choice_overrules_it(tmp_path):
    file = tmp_path / "site.toml"
    file.write_text('name = "trial"\nport = 8010\nzones = ["us-east-1a", "us-east-1b"]\n')
    config = load(file, {"port": 9000, "cidr": None})
    assert (config.name, config.port, config.zones) == ("trial", 9000, ("us-east-1a", "us-east-1b"))


@pytest.mark.parametrize(
    ("text", "words"),
    [("nme = 'x'", "no option 'nme'"), ("port = 'x'", "kind of 8008"), ("port = ", "not TOML")],
)
def test_a_bad_file_says_what_is_wrong(tmp_path, text, words):
    file = tmp_path / "site.toml"
    file.write_text(text)
    with pytest.raises(Invalid, match=words):
        load(file, {})


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(Invalid, match="can't read"):
        load(tmp_path / "none.toml", {})
