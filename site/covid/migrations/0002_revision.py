from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("covid", "0001_initial"),)

    operations = (
        migrations.CreateModel(
            name="Revision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("edits", models.PositiveBigIntegerField()),
            ],
        ),
    )
