"""The order of the whole run."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes minutes, so that none of it is left to run alone at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
