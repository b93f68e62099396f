"""The list of articles: pages by key, and orders that an index has whatever is filtered."""

from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

from covid import pagination
from covid.models import Article
from covid.pagination import LAST, Order

DATE = "published_date"
LISTED = ("object_id", "sentence", "matched_place", "title", "journal", DATE)


class ArticleList(ChangeList):
    """By OBJECTID or by date; by date as soon as a filter is on, since the filters' indexes go on with it."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Article]) -> list[str]:
        first = super().get_ordering(request, queryset)[0]
        return Order(self.has_active_filters or DATE in first, first.startswith("-")).names

    def get_ordering_field_columns(self) -> dict[int, str]:
        """The column of the table whose head shows the order."""
        return {self.list_display.index(self.order.columns[0]): "desc" if self.order.descending else "asc"}

    def get_results(self, request: HttpRequest) -> None:
        self.order = Order.of(self.queryset)
        if self.has_active_filters:
            self.sortable_by = (DATE,)
        place = request.GET.get(PAGE_VAR, "")
        self.page = self.order.page(self.queryset.only(*LISTED), place, self.list_per_page)
        self.result_list = self.page.rows
        self.is_whole = not self.page.previous and not self.page.next
        self.result_count, self.found = self._count()
        self.show_full_result_count = self.can_show_all = self.multi_page = False
        self.full_result_count = None
        self.show_admin_actions = True

    def _count(self) -> tuple[int, str]:
        """How many articles there are, and that in words; a search is not done again for it."""
        number, about = len(self.page.rows), ""
        if not self.is_whole:
            if self.query:
                return number + 1, ""
            number, about = pagination.count(self.queryset)
        name = self.opts.verbose_name if number == 1 else self.opts.verbose_name_plural
        return number, f"{about} {number:,} {name}".strip()

    @property
    def pages(self) -> list[tuple[str, str]]:
        """Where one can go from here: names and addresses, '' for one that leads nowhere."""
        before, after = self.page.previous, self.page.next
        ways = (
            ("First", "", before),
            ("Previous", before, before),
            ("Next", after, after),
            ("Last", LAST, after),
        )
        return [
            (name, self.get_query_string({PAGE_VAR: place} if place else {}) if there else "")
            for name, place, there in ways
        ]
