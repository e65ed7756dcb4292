"""What an operation may cost: CPU milliseconds of one server process, as measured once on a machine like ours; ratios count."""

from dataclasses import dataclass

from bench import subject


@dataclass(frozen=True, slots=True)
class Goal:
    """The goals on both databases, and the floor that was measured with them."""

    sqlite: float
    postgresql: float
    floor_sqlite: float
    floor_postgresql: float


GOALS = {
    subject.DISCOVERY: Goal(0.08, 0.08, 0.10, 0.10),
    subject.JWKS: Goal(0.08, 0.08, 0.10, 0.10),
    subject.CLIENT_CREDENTIALS_ES256: Goal(0.37, 0.45, 0.25, 0.25),
    subject.INTROSPECTION: Goal(0.37, 0.60, 0.26, 0.45),
    subject.USERINFO: Goal(0.40, 0.60, 0.22, 0.38),
    subject.REFRESH: Goal(0.80, 1.1, 0.57, 0.68),
    subject.CODE_FLOW: Goal(1.8, 2.4, 1.3, 1.45),
    subject.LOGIN: Goal(27, 30, 21, 21),
}
DATABASE_RATIO = 2.0
"""The database's own CPU may be so many times the floor's."""
MEMORY = 140.0
"""Megabytes of a web process under load."""
COLD_START = 2.0
"""Seconds from the start of the command to its first answer."""
WORSE = 1.15
"""A ratio to the floor that has grown by so much is told."""
