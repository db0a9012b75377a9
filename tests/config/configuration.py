"""Helpers that load settings from a text, or return its problems."""

from pathlib import Path

import pytest

from reconciler.config.load import load
from reconciler.config.models import ConfigFailed, Settings

DEVELOP = 'develop: {account: "111122223333", region: eu-central-1, tier: develop}'


def read(text: str) -> Settings:
    """Load `reconciler.yaml` with this text."""
    Path("reconciler.yaml").write_text(text)
    return load(Path("reconciler.yaml"))


def problems(text: str) -> list[str]:
    """Return the problems of `reconciler.yaml` with this text."""
    with pytest.raises(ConfigFailed) as failure:
        read(text)
    return list(failure.value.problems)
