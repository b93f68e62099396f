"""What gunicorn serves."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

try:
    application = get_wsgi_application()

    from covid.hits import Hits  # Django has to be ready before its models are

    application = Hits(application)
except ImproperlyConfigured as error:
    sys.exit(f"The site can't start: {error}")
