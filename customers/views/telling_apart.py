from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _


def is_none_of_these(request: HttpRequest, form: Any) -> bool:
    """Whether the person said that it is another one; else the form says why it was not saved."""
    if request.POST.get("not_the_same") == "1":
        return True
    form.add_error(None, _("There may be one like it already. Look below, and say if it is none of these."))
    return False
