"""The order of the whole run, and Hypothesis without deadlines: a loaded machine is no failure."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("without deadline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("without deadline")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes minutes, so that none of it is left to run alone at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
