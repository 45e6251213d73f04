from django.urls import URLPattern, URLResolver, path

from crm.web import home, imports, mail_account, notifications, operations, preferences, search, sessions, tokens, why

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("preferences/", preferences.Preferences.as_view(), name="preferences"),
    path("i18n/setlang/", preferences.Language.as_view(), name="set-language"),
    path("accounts/sessions/<int:pk>/end/", sessions.SessionEnd.as_view(), name="session-end"),
    path("accounts/tokens/", tokens.TokenList.as_view(), name="token-list"),
    path("accounts/tokens/<int:pk>/revocation/", tokens.TokenRevocation.as_view(), name="token-revocation"),
    path("accounts/mail/", mail_account.MailAccountPage.as_view(), name="mail-account"),
    path("accounts/mail/test/", mail_account.test, name="mail-account-test"),
    path("accounts/mail/removal/", mail_account.removal, name="mail-account-removal"),
    path("accounts/mail/unread/<int:pk>/retry/", mail_account.retry, name="incoming-mail-retry"),
    path("why/<slug:kind>/<int:pk>/", why.Why.as_view(), name="why"),
    path("notifications/", notifications.NotificationList.as_view(), name="notification-list"),
    path("notifications/bell/", notifications.bell, name="notifications-bell"),
    path("notifications/<int:pk>/reading/", notifications.Reading.as_view(), name="notification-reading"),
    path("search/", search.search, name="search"),
    path("search/palette/", search.palette, name="search-palette"),
    path("undo/", operations.OperationList.as_view(), name="operation-list"),
    path("undo/<int:pk>/", operations.OperationDetail.as_view(), name="operation-detail"),
    path("undo/<int:pk>/undoing/", operations.OperationUndoing.as_view(), name="operation-undoing"),
    path("imports/", imports.ImportList.as_view(), name="import-list"),
    path("imports/new/", imports.ImportNew.as_view(), name="import-new"),
    path("imports/<int:pk>/", imports.ImportDetail.as_view(), name="import-detail"),
    path("imports/<int:pk>/columns/", imports.ImportColumns.as_view(), name="import-columns"),
    path("imports/<int:pk>/preview/", imports.ImportPreview.as_view(), name="import-preview"),
    path("imports/<int:pk>/progress/", imports.ImportProgress.as_view(), name="import-progress"),
    path("imports/<int:pk>/run/", imports.ImportRun.as_view(), name="import-run"),
    path("imports/<int:pk>/undoing/", imports.ImportUndoing.as_view(), name="import-undoing"),
    path("imports/<int:pk>/errors/", imports.ImportErrors.as_view(), name="import-errors"),
]
