from rest_framework.throttling import UserRateThrottle


class PersonThrottle(UserRateThrottle):
    """So many requests a minute for each person, whichever tokens they use (API_RATE)."""

    scope = "person"
