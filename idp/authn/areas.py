"""Where a sign-in and its session count: a session of one area is none in the other."""

from enum import StrEnum


class Area(StrEnum):
    """The two areas."""

    PUBLIC = "public"  # apps, user management, self-service
    STAFF = "staff"  # the carrier's own people; never an OpenID Connect session
