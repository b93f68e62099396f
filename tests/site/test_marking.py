"""The word is marked wherever it stands, and nothing else becomes HTML."""

import pytest

from covid.templatetags.marking import mark


@pytest.mark.parametrize(
    ("text", "word", "html"),
    [
        ("Deltas of the delta", "delta", "<mark>Delta</mark>s of the <mark>delta</mark>"),
        ("<b>delta</b>", "delta", "&lt;b&gt;<mark>delta</mark>&lt;/b&gt;"),
        ("a.b", ".", "a<mark>.</mark>b"),
        ("<script>", "<script>", "<mark>&lt;script&gt;</mark>"),
        ("nothing", "delta", "nothing"),
        ("", "delta", ""),
    ],
)
def test_mark(text: str, word: str, html: str) -> None:
    assert mark(text, word) == html
