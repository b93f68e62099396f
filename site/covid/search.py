"""The admin's search: quick for a word that is everywhere, for one that is rare, and for one that is nowhere.

A word that is common stands soon on any way through the table; a rare one is known to the FULLTEXT index,
which would take seconds to tell all rows of a common one. Some rows tell which is which.
"""

import re
import unicodedata

from django.db.models import Q, QuerySet

from covid.models import Article

HELP = (
    "An OBJECTID, a DOI, or words of the sentence: all of them, or longer words that begin like them."
    " Words in double quotes stand together. Common words are found inside others, too; rare ones need three"
    " letters."
)
SAMPLE = 1_000  # rows at each end of the table
COMMON = 7  # or more of the sample's rows
MOST_TERMS = 6
LONGEST = 200  # characters that are looked at
MAX_ID = 2**32 - 1

_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?(10\.[0-9]{4,9}/\S+)", re.IGNORECASE)
_TERM = re.compile(r'"([^"]+)"|([^\s"]+)')


def search(queryset: QuerySet[Article], text: str) -> QuerySet[Article]:
    """The articles of the queryset that `text` finds."""
    text = unicodedata.normalize("NFC", text[:LONGEST]).strip()
    if re.fullmatch("[0-9]{1,10}", text):
        return queryset.filter(pk=int(text))
    if doi := _DOI.fullmatch(text):
        return queryset.filter(doi=doi[1])
    terms = [" ".join((phrase or word).split()) for phrase, word in _TERM.findall(text)][:MOST_TERMS]
    terms = [term for term in dict.fromkeys(terms) if term]
    if not terms:
        return queryset
    found = queryset.filter(_all(terms))
    rare = _rare(terms)
    if rare is None:
        return found
    words = [f"+{word}*" for term in rare for word in _words(term)]
    return found.filter(sentence__matches=" ".join(words)) if words else found.none()


def _all(terms: list[str]) -> Q:
    return Q(*(Q(sentence__icontains=term) for term in terms))


def _rare(terms: list[str]) -> list[str] | None:
    """Which terms the index is to be asked for; None where reading the rows is quicker."""
    sentences: list[str] = []
    for end in ("pk", "-pk"):
        # Counted here: MariaDB 10.11 has crashed on a sum over a part of the table that holds texts.
        rows = list(Article.objects.order_by(end).values_list("sentence", flat=True)[:SAMPLE])
        if len(rows) < SAMPLE:
            return None
        sentences += map(str.casefold, rows)
    folded = [term.casefold() for term in terms]
    if sum(all(term in sentence for term in folded) for sentence in sentences) >= COMMON:
        return None
    counts = [sum(term in sentence for sentence in sentences) for term in folded]
    return [term for term, count in zip(terms, counts, strict=True) if count < COMMON] or terms


def _words(term: str) -> list[str]:
    """The words in a term that the index may hold: letters, digits and their marks, three or more."""
    kinds = "".join(character if _in_word(character) else " " for character in term)
    return [word for word in kinds.split() if len(word) >= 3]


def _in_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM"
