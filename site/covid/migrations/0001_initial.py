from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = ()

    operations = (
        migrations.CreateModel(
            name="Article",
            fields=[
                (
                    "object_id",
                    models.PositiveIntegerField(primary_key=True, serialize=False, verbose_name="OBJECTID"),
                ),
                ("sha", models.CharField(blank=True, max_length=255, verbose_name="SHA")),
                (
                    "possible_place",
                    models.CharField(blank=True, help_text="The words in the text", max_length=255),
                ),
                ("sentence", models.TextField()),
                (
                    "matched_place",
                    models.CharField(blank=True, help_text="The gazetteer's name", max_length=255),
                ),
                ("doi", models.CharField(blank=True, max_length=255, verbose_name="DOI")),
                ("title", models.TextField(blank=True)),
                ("abstract", models.TextField(blank=True)),
                (
                    "published_date",
                    models.CharField(
                        blank=True,
                        db_index=True,
                        help_text="YYYY-MM-DD, YYYY, or empty where unknown",
                        max_length=10,
                    ),
                ),
                ("authors", models.TextField(blank=True)),
                ("journal", models.CharField(blank=True, max_length=255)),
                ("source", models.CharField(blank=True, max_length=64)),
                ("license", models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="DataSet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(help_text="A file's name or an address", max_length=1024)),
                (
                    "generated",
                    models.BooleanField(default=False, help_text="Made up by us: not real literature"),
                ),
                ("rows", models.PositiveIntegerField()),
                ("rejected", models.PositiveIntegerField(default=0)),
                ("loaded_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "get_latest_by": "loaded_at",
            },
        ),
    )
