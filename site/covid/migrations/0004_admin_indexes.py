from django.db import migrations, models


class Migration(migrations.Migration):
    """What the admin's list is filtered and looked up by."""

    dependencies = (("covid", "0003_sentence_fulltext"),)

    operations = tuple(
        migrations.AddIndex("article", models.Index(fields=fields, name=name))
        for name, fields in (
            ("source_date", ["source", "published_date"]),
            ("license_date", ["license", "published_date"]),
            ("source_license_date", ["source", "license", "published_date"]),
            ("journal_date", ["journal", "published_date", "source", "license"]),
            ("doi", ["doi"]),
        )
    )
