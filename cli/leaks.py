"""What a sweep found: a table with the cost a day, or the word that nothing is left."""

from rich.text import Text

from cli.place import Place
from cli.progress import emit
from cli.tables import new_table, print_table
from provisioner.sweep import Sweep


def show(as_json: bool, place: Place, found: Sweep) -> int:
    """The exit status is the answer: 0 if everything was looked at and nothing is there."""
    cloud = place.cloud
    known = sum(each.dollars_a_day or 0 for each in found.leftovers)
    if as_json:
        for each in found.leftovers:
            emit(
                event="left",
                kind=each.kind,
                id=each.id,
                found_by=each.found_by,
                dollars_a_day=each.dollars_a_day,
                remove=each.remove,
            )
        for kind, code in found.unseen.items():
            emit(event="unseen", kind=kind, code=code)
        emit(event="swept", left=len(found.leftovers), dollars_a_day=round(known, 2), clean=found.clean)
        return 0 if found.clean else 1
    if found.clean:
        print(f"nothing of stack {cloud.stack!r} is left in account {cloud.account}, region {cloud.region}")
        return 0
    for kind, code in found.unseen.items():
        print(f"could not look at any {kind}: {code}")
    if found.leftovers:
        table = new_table("kind", "id", "by", "a day", "to remove it")
        table.columns[3].justify = "right"
        for each in found.leftovers:
            price = "?" if each.dollars_a_day is None else f"${each.dollars_a_day:.2f}"
            table.add_row(Text(each.kind, "red"), each.id, each.found_by, price, Text(each.remove, "dim"))
        print_table(table)
        print(f"{len(found.leftovers)} left, about ${known:.2f} a day")
    return 1
