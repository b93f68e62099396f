"""What a sweep finds: a table with the cost a day, or the word that nothing is left."""

from collections.abc import Sequence

from rich.text import Text

from cli.progress import emit
from cli.show import line
from cli.tables import new_table, print_table
from provisioner.aws import Cloud
from provisioner.model import Stack
from provisioner.sweep import Sweep, sweep
from provisioner.sweep.kinds import Leftover


def look(as_json: bool, cloud: Cloud, stack: Stack) -> int:
    """Sweep, and show it. The exit status is 0 if all could be looked at and nothing is there, else 1."""

    def waits(leaving: Sequence[Leftover]) -> None:
        line(as_json, f"waiting for {', '.join(f'{each.kind} {each.id}' for each in leaving)} to be gone")

    found = sweep(stack, cloud, waits)
    (_as_json if as_json else _as_table)(found)
    if found.clean:
        where = f"account {cloud.account}, region {cloud.region}"
        line(as_json, f"nothing of stack {cloud.stack!r} is left in {where}")
    return 0 if found.clean else 1


def _as_json(found: Sweep) -> None:
    for each in found.leftovers:
        emit(
            event="left",
            kind=each.kind,
            id=each.id,
            found_by=each.found_by,
            dollars_a_day=each.dollars_a_day,
            remove=each.remove,
            detail=each.detail,
            leaving=each.leaving,
        )
    for kind, reason in found.unseen.items():
        emit(event="unseen", kind=kind, detail=reason)
    emit(event="swept", left=len(found.leftovers), dollars_a_day=_total(found), clean=found.clean)


def _as_table(found: Sweep) -> None:
    for kind, reason in found.unseen.items():
        print(f"could not look at any {kind}: {reason}")
    if not found.leftovers:
        return
    table = new_table("left", "id", "by its", "a day", "to remove it")
    table.columns[3].justify = "right"
    for each in found.leftovers:
        price = "?" if each.dollars_a_day is None else f"${each.dollars_a_day:.2f}"
        detail = f" ({each.detail})" if each.detail else ""
        remove = "it is going" if each.leaving else each.remove
        table.add_row(Text(f"{each.kind}{detail}", "red"), each.id, each.found_by, price, Text(remove, "dim"))
    print_table(table)
    unknown = sum(each.dollars_a_day is None for each in found.leftovers)
    besides = f", besides {unknown} whose price is not known here" if unknown else ""
    print(f"{len(found.leftovers)} left, about ${_total(found):.2f} a day{besides}")


def _total(found: Sweep) -> float:
    return round(sum(each.dollars_a_day or 0 for each in found.leftovers), 4)
