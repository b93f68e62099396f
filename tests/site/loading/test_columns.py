"""What a row must be like to be stored."""

import pytest

from covid.loading.columns import FIELDS, NAMES, fault

GOOD = dict.fromkeys(NAMES, "") | {"OBJECTID": "7", "Sentence": "In Wuhan."}


def test_the_names_are_the_fields_in_order() -> None:
    assert [name.lower() for name in NAMES] == [field.column.replace("_", "") for field in FIELDS]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *[("OBJECTID", number) for number in ("0", "007", "4294967295")],
        *[("PublishedDate", date) for date in ("", "2020", "2020-02-29", "0001-01-01")],
        *[("SHA", "é" * 255), ("Source", "😀" * 64), ("Abstract", "x" * 100_000), ("Sentence", " x ")],
    ],
)
def test_good_rows_have_no_fault(column: str, value: str) -> None:
    assert fault(list((GOOD | {column: value}).values())) == ""


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        *[
            ("OBJECTID", number, "whole number")
            for number in ("", "-1", "1.0", "+1", "1 ", "²", "٣", "x" * 99)
        ],
        *[("OBJECTID", number, "whole number") for number in ("4294967296", "9" * 5000)],
        *[
            ("PublishedDate", date, "YYYY-MM-DD, YYYY or empty")
            for date in (
                "2021-02-29",
                "2020-1-1",
                "20-01-01",
                "2020-00-01",
                "2020\n",
                "20200101",
                "٢٠٢٠",
                "x",
            )
        ],
        *[("Sentence", text, "Sentence is empty") for text in ("", " \t\n")],
        ("SHA", "x" * 256, "SHA has 256 characters, and at most 255 fit"),
        ("License", "x" * 65, "License has 65 characters, and at most 64 fit"),
    ],
)
def test_bad_rows_are_told_why(column: str, value: str, says: str) -> None:
    reason = fault(list((GOOD | {column: value}).values()))
    assert says in reason
    assert reason.startswith(column)
