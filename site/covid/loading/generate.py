"""Made-up articles: their lengths, skew and gaps are those of 64,906 real rows. One seed, one set of rows."""

import math
import random
from collections.abc import Iterator
from itertools import accumulate

from covid.loading import words
from covid.loading.columns import Row

DELTA_RATE = 0.0012  # sentences that speak of a delta
NON_ASCII_RATE = 0.33  # articles with some other character; places and symbols bring the rows to 0.35
MOST_ROWS = 135  # of one article
POOL = 4000  # ready-made sentences that texts are put together from
DAYS = ("01", "04", "07", "09", "12", "15", "18", "21", "24", "28")


class GeneratedRecords:
    """`count` rows, made as they are asked for."""

    def __init__(self, count: int, seed: int) -> None:
        self.line = 1
        self._count = count
        self._random = random.Random(seed)
        self._row: Row = ()
        self._pool = [self._prose(self._length(130, 0.3, 30, 260)) for _ in range(POOL)]
        self._places = [place.partition("|")[::2] for place in words.PLACES]
        self._weights = list(accumulate(map(_weight, range(len(self._places)))))

    def __iter__(self) -> Iterator[tuple[Row, str]]:
        number = 0
        while number < self._count:
            for rest in self._article()[: self._count - number]:
                number += 1
                self.line = number
                self._row = (str(number), *rest)
                yield self._row, ""

    def raw(self) -> str:
        return ",".join(self._row)

    def progress(self) -> tuple[int, int]:
        return self.line, self._count

    def _article(self) -> list[tuple[str, ...]]:
        """The rows of one article, without their ids."""
        chance = self._random.random
        rows = min(MOST_ROWS, int(self._random.paretovariate(1.54)))
        sha = f"{self._random.getrandbits(160):040x}" if chance() < 0.65 else ""
        doi = (
            f"10.{self._random.randrange(1000, 9999)}/{self._random.getrandbits(40):x}"
            if chance() < 0.87
            else ""
        )
        accented = chance() < NON_ASCII_RATE
        about = (
            doi,
            self._text(self._length(112, 0.317, 20, 1_240)).rstrip("."),
            self._abstract(accented) if chance() < 0.98 else "",
            self._date(),
            self._authors(accented),
            self._pick(words.JOURNALS) if chance() < 0.63 else "",
            self._pick(words.SOURCES),
            self._pick(words.LICENSES),
        )
        made: list[tuple[str, ...]] = []
        while len(made) < rows:
            places = self._random.choices(
                self._places, cum_weights=self._weights, k=1 + (chance() < 0.55) + (chance() < 0.3)
            )
            sentence = self._sentence([possible for possible, _ in places])
            made += [(sha, possible, sentence, matched or possible, *about) for possible, matched in places]
        return made[:rows]

    def _sentence(self, places: list[str]) -> str:
        """25 to 800 characters that name the places."""
        text = f"In {' and '.join(places)}, {self._text(self._length(172, 0.56, 25, 740))}"
        if self._random.random() < DELTA_RATE:
            text = f"{self._pick(words.VARIANTS)} was seen. {text}"
        return text[:800]

    def _abstract(self, accented: bool) -> str:
        text = self._text(self._length(1_842, 0.48, 60, 13_486))
        return f"{text} {self._pick(words.SYMBOLS)}." if accented else text

    def _authors(self, accented: bool) -> str:
        count = max(1, round(self._length(91, 0.937, 8, 12_900) / 10))
        surnames = self._random.choices(words.SURNAMES, k=count)
        if accented:
            surnames[0] = self._pick(words.ACCENTED)
        initials = self._random.choices(words.INITIALS, k=count)
        return "; ".join(map("{}, {}.".format, surnames, initials))

    def _date(self) -> str:
        chance = self._random.random()
        if chance < 0.04:
            return ""
        year = str(self._random.choices(range(2003, 2023), weights=range(1, 21))[0])
        if chance < 0.29:
            return year
        return f"{year}-{self._random.randrange(1, 13):02}-{self._pick(DAYS)}"

    def _text(self, length: int) -> str:
        """Ready-made sentences, cut to a length in characters."""
        parts = self._random.choices(self._pool, k=1 + length // 100)
        return " ".join(parts)[:length].rstrip()

    def _prose(self, length: int) -> str:
        return " ".join(self._random.choices(words.WORDS, k=2 + length // 5))[:length].strip() + "."

    def _length(self, mean: float, sigma: float, least: int, most: int) -> int:
        """A length from the log-normal distribution with this mean, between two bounds."""
        length = self._random.lognormvariate(math.log(mean) - sigma**2 / 2, sigma)
        return max(least, min(most, int(length)))

    def _pick(self, choices: tuple[str, ...] | list[str]) -> str:
        return choices[int(self._random.random() * len(choices))]


def _weight(rank: int) -> float:
    """A place's share: the first 10 hold 43 % of the rows, the first 100 hold 80 %."""
    if rank < 10:
        return 0.43 * (0.8**rank) / sum(0.8**other for other in range(10))
    if rank < 100:
        return 0.37 / 90
    return 0.20 / (len(words.PLACES) - 100)
