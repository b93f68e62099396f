from django.apps import AppConfig


class CovidConfig(AppConfig):
    name = "covid"
    verbose_name = "COVID articles"
    default_auto_field = "django.db.models.BigAutoField"
