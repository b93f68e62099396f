"""Which ids came before."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from covid.loading.columns import MAX_ID
from covid.loading.seen import SeenIds
from tests.site.loading.conftest import examples


@examples
@given(st.lists(st.integers(0, 20_000) | st.integers(0, MAX_ID), max_size=60), st.integers(1, 3))
def test_it_knows_exactly_what_came_before(numbers: list[int], max_pages: int) -> None:
    before: set[int] = set()
    with contextlib.closing(SeenIds(max_pages)) as seen:
        for number in [*numbers, *numbers]:
            assert seen.add(number) == (number not in before)
            before.add(number)
