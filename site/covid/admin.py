"""The admin: articles to browse, search and edit; every edit expires the cache when it is committed."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.text import Truncator

from covid import revision, search
from covid.caching import cache
from covid.changelist import ArticleList
from covid.export import csv_response
from covid.filters import JournalFilter, LicenseFilter, SourceFilter, YearFilter
from covid.login import LoginForm
from covid.models import Article, DataSet

DELETED_AT_ONCE = 500  # articles that the page that asks for a confirmation lists
LINE = 90  # characters, more or less, of a text's line on a wide screen
MOST_LINES = 30

admin.site.login_form = LoginForm
admin.site.site_title = admin.site.site_header = "COVID articles"
admin.site.index_title = "Data"
admin.site.enable_nav_sidebar = False  # a handful of models: the list needs the room


@admin.register(Article)
class ArticleAdmin(admin.ModelAdmin):
    """Articles, of which no page counts, sorts or reads more than a little, however many there are."""

    list_display = (
        "object_id",
        "short_sentence",
        "matched_place",
        "short_title",
        "journal",
        "published_date",
    )
    list_display_links = ("object_id", "short_sentence")
    list_filter = (SourceFilter, LicenseFilter, JournalFilter, YearFilter)
    list_per_page = 50
    show_facets = admin.ShowFacets.NEVER  # they count
    search_fields = ("sentence",)
    search_help_text = search.HELP
    ordering = ("object_id",)
    sortable_by = ("object_id", "published_date")
    actions = ("export", "delete_selected")
    save_on_top = True
    fieldsets = (
        (None, {"fields": ("object_id", "sentence", ("possible_place", "matched_place"))}),
        ("Article", {"fields": ("title", "abstract", "authors", "journal", "published_date")}),
        ("Origin", {"fields": ("doi", "sha", "source", "license")}),
    )

    class Media:
        css = {"all": ("covid/admin.css",)}  # noqa: RUF012  (Django's own way)

    @admin.display(description="sentence")
    def short_sentence(self, article: Article) -> str:
        return Truncator(article.sentence).chars(120)

    @admin.display(description="title")
    def short_title(self, article: Article) -> str:
        return Truncator(article.title).chars(80)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ArticleList]:
        return ArticleList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"selection_note_all": "All of them are selected."})

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Article], search_term: str
    ) -> tuple[QuerySet[Article], bool]:
        return search.search(queryset, search_term), False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """The filters only: no parameter makes the database look for what no index has."""
        return lookup in {each.parameter_name for each in self.list_filter}

    @admin.action(description="Export selected articles as CSV", permissions=["view"])
    def export(self, request: HttpRequest, queryset: QuerySet[Article]) -> StreamingHttpResponse:
        return csv_response(queryset)

    @admin.action(description="Delete selected articles", permissions=["delete"])
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[Article]) -> HttpResponse | None:
        """Asks before it deletes, as Django's own does, but lists no million of articles to do so."""
        if len(queryset.values_list("pk")[: DELETED_AT_ONCE + 1]) > DELETED_AT_ONCE:
            messages.error(request, f"At most {DELETED_AT_ONCE} articles can be deleted at once.")
            return None
        return delete_selected(self, request, queryset)

    def get_form(
        self, request: HttpRequest, obj: Article | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:
        """Boxes as high as the texts in them."""
        form = super().get_form(request, obj, change, **kwargs)
        for name, field in form.base_fields.items():
            if isinstance(field.widget, AdminTextareaWidget):
                length = len(getattr(obj, name)) if obj else 0
                field.widget.attrs["rows"] = min(MOST_LINES, 2 + length // LINE)
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Article | None = None) -> tuple[str, ...]:
        return ("object_id",) if obj else ()  # an edited primary key would make a second article

    def save_model(self, request: HttpRequest, obj: Article, form: ModelForm, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            _expire_on_commit(request)

    def delete_model(self, request: HttpRequest, obj: Article) -> None:
        with transaction.atomic():
            super().delete_model(request, obj)
            _expire_on_commit(request)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Article]) -> None:
        with transaction.atomic():
            super().delete_queryset(request, queryset)
            _expire_on_commit(request)


@admin.register(DataSet)
class DataSetAdmin(admin.ModelAdmin):
    """The loads so far, to read: only the loader writes them."""

    list_display = ("loaded_at", "source", "rows", "rejected", "generated")
    ordering = ("-loaded_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: DataSet | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: DataSet | None = None) -> bool:
        return False


def _expire_on_commit(request: HttpRequest) -> None:
    """Count the edit; once it is committed, expire the cache, and say so when that is out."""

    def expire() -> None:
        if not cache.expire():
            messages.warning(request, f"The cache is out: the old rows may show for {cache.ttl} s more.")

    revision.advance()
    transaction.on_commit(expire)
