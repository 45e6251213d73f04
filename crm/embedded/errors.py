class EmbeddedServerError(Exception):
    """Why the embedded PostgreSQL cannot be used, in one sentence that says what to do."""


class TryAgain(EmbeddedServerError):
    """It could not start because of something that passes by itself, such as processes of a killed server."""
