#!/usr/bin/env python
"""Django's command line for the site in site/."""

import os
import sys
from pathlib import Path


def main() -> None:
    """Run one management command; a setting that is missing or wrong ends it in one line."""
    # First on the path and as a folder: `site` itself is a module of the standard library.
    sys.path.insert(0, str(Path(__file__).resolve().parent / "site"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"manage.py: {error}")


if __name__ == "__main__":
    main()
