"""The admin: articles to browse, search and edit; every edit expires the cache when it is committed."""

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.text import Truncator

from covid import revision
from covid.caching import cache
from covid.entry import Computed
from covid.login import LoginForm
from covid.models import Article, DataSet
from covid.pagination import BoundedPaginator

admin.site.login_form = LoginForm
admin.site.site_title = admin.site.site_header = "COVID articles"
admin.site.index_title = "Data"


class ChoicesFilter(admin.SimpleListFilter):
    """One column's values; read through the cache, because MySQL has to scan the table for them."""

    column: str

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        def compute(kept: bool) -> Computed:
            values = Article.objects.order_by(self.column).values_list(self.column, flat=True).distinct()
            return Computed({}, {"values": list(values)})

        answer = cache.read(f"choices:{self.column}", compute, request.timings)
        return [(value, value) for value in answer.entry.header.facts["values"] if value]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Article]) -> QuerySet[Article]:
        return queryset.filter(**{self.column: self.value()}) if self.value() else queryset


class SourceFilter(ChoicesFilter):
    title = parameter_name = column = "source"


class LicenseFilter(ChoicesFilter):
    title = parameter_name = column = "license"


@admin.register(Article)
class ArticleAdmin(admin.ModelAdmin):
    """Articles without unbounded counts and without the long columns where a list doesn't show them."""

    list_display = (
        "object_id",
        "short_sentence",
        "matched_place",
        "short_title",
        "journal",
        "published_date",
    )
    list_display_links = ("object_id", "short_sentence")
    list_filter = (SourceFilter, LicenseFilter)
    list_per_page = 50
    list_max_show_all = 0
    search_fields = ("sentence", "title", "matched_place", "journal")
    search_help_text = "Words in the sentence, title, place or journal"
    ordering = ("object_id",)
    sortable_by = ("object_id", "published_date")  # the columns that have an index
    show_full_result_count = False
    paginator = BoundedPaginator
    save_on_top = True
    fieldsets = (
        (None, {"fields": ("object_id", "sentence", ("possible_place", "matched_place"))}),
        ("Article", {"fields": ("title", "abstract", "authors", "journal", "published_date")}),
        ("Origin", {"fields": ("doi", "sha", "source", "license")}),
    )

    @admin.display(description="sentence")
    def short_sentence(self, article: Article) -> str:
        return Truncator(article.sentence).chars(120)

    @admin.display(description="title")
    def short_title(self, article: Article) -> str:
        return Truncator(article.title).chars(80)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Article]:
        return super().get_queryset(request).defer("abstract", "authors")

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
