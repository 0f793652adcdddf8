"""The world of the journeys, for the whole API at once."""

from tests.journeys.conftest import make_world

__all__ = ["make_world"]
