#!/usr/bin/env python
import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:  # a sentence for the operator, who has no use for our stack
        sys.exit(f"ImproperlyConfigured: {error}")
    except OperationalError as error:
        reason = str(error).partition("\n")[0]
        if not reason.startswith("connection failed"):
            raise
        sys.exit(f"The database cannot be reached ({reason}): look at DATABASE_URL.")


if __name__ == "__main__":
    main()
