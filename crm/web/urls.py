from django.urls import URLPattern, URLResolver, path

from crm.web import home, preferences

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("preferences/", preferences.Preferences.as_view(), name="preferences"),
    path("i18n/setlang/", preferences.Language.as_view(), name="set-language"),
]
