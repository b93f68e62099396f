from django.db import migrations


class Migration(migrations.Migration):
    """The index that ArticleQuerySet.matching() asks. Django has no name for this kind of index."""

    dependencies = (("covid", "0002_revision"),)

    operations = (
        migrations.RunSQL(
            "CREATE FULLTEXT INDEX sentence_fulltext ON covid_article (sentence)",
            "DROP INDEX sentence_fulltext ON covid_article",
        ),
    )
