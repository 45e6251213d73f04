from django.http import HttpRequest

from crm.models import User


class Request(HttpRequest):
    """A request of somebody who is signed in: the middleware lets nobody else through to these views."""

    user: User
