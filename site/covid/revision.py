"""How often the data has changed, by MySQL's own account: it shows an expiry that the cache has missed."""

from django.db.models import F, Max

from covid.models import DataSet, Revision


def current() -> int:
    """A number that grows with every committed edit and load."""
    edits = Revision.objects.aggregate(edits=Max("edits"))["edits"]
    loads = DataSet.objects.aggregate(newest=Max("pk"))["newest"]
    return (edits or 0) + (loads or 0)


def advance() -> None:
    """Count one edit more, in the edit's own transaction: it counts when that is committed, or never."""
    Revision.objects.update_or_create(pk=1, defaults={"edits": F("edits") + 1}, create_defaults={"edits": 1})
