"""Settings from a text, or what is wrong with it."""

from pathlib import Path

import pytest

from reconciler.config.load import load
from reconciler.config.models import ConfigFailed, Settings

DEVELOP = 'develop: {account: "111122223333", region: eu-central-1, tier: develop}'

DEVELOP = 'develop: {account: "111122223333", region: eu-central-1, tier: develop}'


def read(text: str) -> Settings:
    """The settings of a file with this text."""
    Path("reconciler.yaml").write_text(text)
    return load()


def problems(text: str) -> list[str]:
    """The problems of a file with this text."""
    with pytest.raises(ConfigFailed) as failure:
        read(text)
    return list(failure.value.problems)
