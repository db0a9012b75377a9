"""pytest plugin of a mutation run: few and repeatable examples, and the quickest tests first."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, is_hypothesis_test, settings

from tests.core import steps

EXAMPLES = 12
STEPS = 25


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    steps.FEWEST = 0
    for item in items:
        if isinstance(item, pytest.Function):
            limit(item)
    stats = Path("mutmut-stats.json")
    seconds = json.loads(stats.read_text())["duration_by_test"] if stats.exists() else {}
    items.sort(key=lambda item: (seconds.get(item.nodeid, 0.0), item.nodeid))


def limit(item: pytest.Function) -> None:
    if item.name == "runTest":
        item.cls.settings = few(item.cls.settings)
    elif is_hypothesis_test(item.function):
        target: Any = item.function
        target._hypothesis_internal_use_settings = few(target._hypothesis_internal_use_settings)


def few(usual: settings) -> settings:
    return settings(
        usual,
        max_examples=min(usual.max_examples, EXAMPLES),
        stateful_step_count=min(usual.stateful_step_count, STEPS),
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
