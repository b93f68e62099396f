"""A whole load, from a file to the table, against a real MariaDB."""

from collections.abc import Callable
from pathlib import Path

import pytest

from covid.loading.columns import Row
from covid.models import DataSet
from tests.site.loading.conftest import stored, tables

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_table_holds_what_the_file_holds(
    load: Callable[..., str], article_file: tuple[Path, list[Row]]
) -> None:
    path, rows = article_file
    said = load(path)
    assert stored() == sorted(map(tuple, rows), key=lambda row: int(row[0]))
    assert f"Loaded {len(rows):,} rows from articles.csv.zst" in said
    data_set = DataSet.objects.latest()
    assert (data_set.source, data_set.rows, data_set.rejected) == ("articles.csv.zst", len(rows), 0)
    assert not data_set.generated
    assert tables() == {"covid_article", "covid_dataset"}
