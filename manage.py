#!/usr/bin/env python
"""Django's command line, for this project."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError, ProgrammingError


def main() -> None:
    """What is wrong with the site's settings or database is told in a line, and with --traceback in full."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailadmin.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        _fail(error, "The settings: ")
    except (OperationalError, ProgrammingError) as error:
        _fail(error, "The database (is it there, and migrated?): ")


def _fail(error: Exception, where: str) -> None:
    if "--traceback" in sys.argv:
        raise error
    sys.exit(f"{where}{' '.join(str(part) for part in error.args)}")


if __name__ == "__main__":
    main()
