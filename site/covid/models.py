"""The COVID articles data set: one row for each pair of a sentence and a place named in it."""

from django.db import models

from covid.queries import ArticleQuerySet


class Article(models.Model):
    """The sample's 13 columns, in its order."""

    object_id = models.PositiveIntegerField("OBJECTID", primary_key=True)
    sha = models.CharField("SHA", max_length=255, blank=True)
    possible_place = models.CharField(max_length=255, blank=True, help_text="The words in the text")
    sentence = models.TextField()
    matched_place = models.CharField(max_length=255, blank=True, help_text="The gazetteer's name")
    doi = models.CharField("DOI", max_length=255, blank=True)
    title = models.TextField(blank=True)
    abstract = models.TextField(blank=True)
    published_date = models.CharField(
        max_length=10, blank=True, db_index=True, help_text="YYYY-MM-DD, YYYY, or empty where unknown"
    )
    authors = models.TextField(blank=True)
    journal = models.CharField(max_length=255, blank=True)
    source = models.CharField(max_length=64, blank=True)
    license = models.CharField(max_length=64, blank=True)

    objects = ArticleQuerySet.as_manager()

    class Meta:
        # What the admin filters by, each in the order of the list. Two more columns in the journal's index
        # let the other filters leave its articles unread.
        indexes = (
            models.Index(fields=["source", "published_date"], name="source_date"),
            models.Index(fields=["license", "published_date"], name="license_date"),
            models.Index(fields=["source", "license", "published_date"], name="source_license_date"),
            models.Index(fields=["journal", "published_date", "source", "license"], name="journal_date"),
            models.Index(fields=["doi"], name="doi"),
        )

    def __str__(self) -> str:
        return self.title or f"article {self.object_id}"


class DataSet(models.Model):
    """Where the rows came from. The newest one describes what the article table holds now."""

    source = models.CharField(max_length=1024, help_text="A file's name or an address")
    generated = models.BooleanField(default=False, help_text="Made up by us: not real literature")
    rows = models.PositiveIntegerField()
    rejected = models.PositiveIntegerField(default=0)
    loaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        get_latest_by = "loaded_at"

    def __str__(self) -> str:
        return f"{self.rows:,} rows from {self.source}"


class Revision(models.Model):
    """One row: how many edits of articles were committed. Loads are counted by their DataSet."""

    edits = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return f"{self.edits} edits"
