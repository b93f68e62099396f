"""The filters of the admin's list. Each finds its choices by an index, without reading the table."""

import re
from collections.abc import Iterator
from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

from covid.models import Article

MOST_CHOICES = 50
SUGGESTIONS = 10
NO_DATE = "none"


class ChoicesFilter(SimpleListFilter):
    """One column's values."""

    column: str

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(value, value) for value in Article.objects.choices(self.column)[:MOST_CHOICES] if value]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Article]) -> QuerySet[Article]:
        return queryset.filter(**{self.column: self.value()}) if self.value() else queryset


class SourceFilter(ChoicesFilter):
    title = parameter_name = column = "source"


class LicenseFilter(ChoicesFilter):
    title = "licence"
    parameter_name = column = "license"


class YearFilter(SimpleListFilter):
    """The years of publication, and the articles whose date is unknown."""

    title = parameter_name = "year"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [*((year, year) for year in Article.objects.years(MOST_CHOICES)), (NO_DATE, "No date")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Article]) -> QuerySet[Article]:
        year = self.value()
        if not year:
            return queryset
        if year == NO_DATE:
            return queryset.filter(published_date="")
        return queryset.published_in(year) if re.fullmatch("[0-9]{4}", year) else queryset.none()


class JournalFilter(SimpleListFilter):
    """A journal of thousands: its name is typed, and names that begin like it are offered."""

    title = parameter_name = "journal"
    template = "admin/covid/article/journal_filter.html"

    def has_output(self) -> bool:
        return True

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Article]) -> QuerySet[Article]:
        return queryset.filter(journal=self.value()) if self.value() else queryset

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, Any]]:
        """The form's values, then each journal that is offered."""
        name = self.value() or ""
        others = [pair for pair in changelist.params.items() if pair[0] != self.parameter_name]
        yield {"name": name, "others": others, "clear": changelist.get_query_string(remove=["journal"])}
        offered = Article.objects.choices("journal").filter(journal__gt="")
        if name:
            offered = offered.filter(journal__istartswith=name)
        for journal in offered[:SUGGESTIONS]:
            yield {
                "journal": journal,
                "selected": journal == name,
                "query_string": changelist.get_query_string({"journal": journal}),
            }
