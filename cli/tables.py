"""Tables without frames, on a terminal and in a pipe."""

from rich.console import Console
from rich.table import Table


def new_table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def print_table(table: Table) -> None:
    """On a terminal as wide as it is; in a pipe as wide as the words are, without blanks at the end."""
    console = Console(highlight=False, emoji=False, markup=False)
    if console.is_terminal:
        console.print(table)
        return
    wide = Console(width=1000, highlight=False, emoji=False, markup=False)
    with wide.capture() as captured:
        wide.print(table)
    print("\n".join(line.rstrip() for line in captured.get().splitlines()))
