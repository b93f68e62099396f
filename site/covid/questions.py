"""What a visitor can ask: the questions by name, and one of them as it was asked, with its word and rows."""

import unicodedata
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict

from covid.models import Article
from covid.queries import ROW_LIMIT, TABLE_COLUMNS, WORD

ROWS = (20, 100, ROW_LIMIT)
"""How many rows can be asked for."""
WORD_LENGTHS = (2, 40)
"""Characters that a word has at least and at most."""
SLOTS = 128
"""Free words share so many places in the cache, so that asking for thousands of them fills nothing."""
LONGEST = 300
"""Characters of a query string that is worth remembering."""


@dataclass(frozen=True)
class Question:
    """One question: its name in addresses, what it says about itself, and the QuerySet that answers it.

    `ask` takes a word and a number of rows; a report, which has a `chart` ("bar" or "line"), heeds neither.
    """

    name: str
    title: str
    about: str
    ask: Callable[[str, int], QuerySet]
    heading: str = ""
    chart: str = ""

    @property
    def template(self) -> str:
        """What renders its rows."""
        return "covid/_report.html" if self.chart else "covid/_table.html"


QUESTIONS = {
    question.name: question
    for question in (
        Question(
            "sentences",
            "Sentences that contain a word",
            "No index helps to find a word in the middle of a text: the database reads row after row until it"
            " has enough, and all of them if the word is rare. It finds parts of words, too.",
            lambda word, rows: Article.objects.mentioning(word).table(rows),
        ),
        Question(
            "fulltext",
            "The same by a FULLTEXT index",
            "The index knows which rows have the word, so nothing else is read. But it knows whole words"
            " only: “delt” finds nothing. Words of one or two letters, and very common ones such as “the”,"
            " are not in it. It takes space, and time with each row that is loaded.",
            lambda word, rows: Article.objects.matching(word).table(rows),
        ),
        Question(
            "months",
            "Articles by month",
            "Counted through the index on the date, which holds all that the question needs.",
            lambda word, rows: Article.objects.by_month(),
            heading="Month",
            chart="line",
        ),
        Question(
            "journals",
            "Top journals",
            "The twenty journals with most rows.",
            lambda word, rows: Article.objects.by_journal(),
            heading="Journal",
            chart="bar",
        ),
        Question(
            "places",
            "Most mentioned places",
            "The twenty places that sentences name most. No index holds them, so every row is read.",
            lambda word, rows: Article.objects.by_place(),
            heading="Place",
            chart="bar",
        ),
        Question(
            "sources",
            "Sources",
            "Where the articles come from.",
            lambda word, rows: Article.objects.by_source(),
            heading="Source",
            chart="bar",
        ),
        Question(
            "licenses",
            "Licences",
            "Under which licence they can be read.",
            lambda word, rows: Article.objects.by_license(),
            heading="Licence",
            chart="bar",
        ),
    )
}
REPORTS = tuple(question for question in QUESTIONS.values() if question.chart)


@dataclass(frozen=True)
class Asked:
    """A question with its word and number of rows; '' and 0 for a report."""

    question: Question
    word: str
    rows: int

    def fetch(self) -> list[dict[str, Any]]:
        """Ask the database; the rows as dictionaries."""
        found = self.question.ask(self.word, self.rows)
        if self.question.chart:
            return list(found)
        return [{column: getattr(article, column) for column in TABLE_COLUMNS} for article in found]

    def entry(self, form: str) -> str:
        """The name of its cache entry in this form ("table", "rows"). Free words share SLOTS places."""
        name = f"{form}:{self.question.name}:{self.word}:{self.rows}"
        if self.question.chart or self.word == WORD:
            return name
        return f"#{form}:{zlib.crc32(name.encode()) % SLOTS} {name}"

    @property
    def parameters(self) -> str:
        """What follows a page's path to ask this there; '' for the first question as the sample asks it."""
        if self == FIRST:
            return ""
        named: dict[str, str | int] = {"query": self.question.name}
        if not self.question.chart:
            named |= {"word": self.word, "rows": self.rows}
        return f"?{urlencode(named)}"


FIRST = Asked(QUESTIONS["sentences"], WORD, ROW_LIMIT)


class AskForm(forms.Form):
    """The parameters that the pages take, and nothing else; what is left out is as in FIRST."""

    query = forms.ChoiceField(
        label="Query",
        required=False,
        choices=[(question.name, question.title) for question in QUESTIONS.values()],
    )
    word = forms.CharField(
        label="Word", required=False, min_length=WORD_LENGTHS[0], max_length=WORD_LENGTHS[1]
    )
    rows = forms.TypedChoiceField(
        label="Rows",
        required=False,
        choices=[(rows, rows) for rows in ROWS],
        coerce=int,
        empty_value=ROW_LIMIT,
    )
    use_required_attribute = False

    @classmethod
    def showing(cls, asked: Asked) -> "AskForm":
        """The form filled in with what was asked."""
        initial = {"query": asked.question.name, "word": asked.word or WORD, "rows": asked.rows or ROW_LIMIT}
        return cls(initial=initial)

    def clean_word(self) -> str:
        """The word in one spelling, since MySQL takes upper and lower case for the same."""
        word = " ".join(unicodedata.normalize("NFC", self.cleaned_data["word"]).lower().split())
        if any(unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn") for character in word):
            raise forms.ValidationError("A word is made of characters that can be seen.")
        return word

    def asked(self) -> Asked:
        """What the valid form asks."""
        question = QUESTIONS[self.cleaned_data["query"] or FIRST.question.name]
        if question.chart:
            return Asked(question, "", 0)
        return Asked(question, self.cleaned_data["word"] or WORD, self.cleaned_data["rows"])


def read(parameters: Mapping[str, str]) -> Asked | AskForm:
    """What these parameters ask; or the form that says what is wrong with them. Unknown ones are ignored."""
    form = AskForm(parameters)
    return form.asked() if form.is_valid() else form


def asked_by(query_string: str) -> Asked | None:
    """What a query string asks, remembered; None where that is better looked at anew."""
    if not query_string:
        return FIRST
    return _remembered(query_string) if len(query_string) <= LONGEST else None


@lru_cache(maxsize=64)
def _remembered(query_string: str) -> Asked | None:
    asked = read(QueryDict(query_string))
    return asked if isinstance(asked, Asked) else None
