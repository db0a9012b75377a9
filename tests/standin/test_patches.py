"""Each patch works on the stand-in, and is still needed on plain moto."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from deploy.local.standin import StandIn
from deploy.local.standin.patches import PATCHES, Patch
from tests.standin.probes import PROBES

each_patch = pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: f"{patch.service}.{patch.operation}")


def test_every_patch_has_a_probe_and_every_probe_a_patch() -> None:
    assert sorted(PROBES) == sorted((patch.service, patch.operation) for patch in PATCHES)


@each_patch
def test_the_stand_in_has_the_behaviour_of_the_patch(patch: Patch, standin: StandIn) -> None:
    assert PROBES[patch.service, patch.operation](standin.client)


@each_patch
def test_plain_moto_still_lacks_it(patch: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail once moto has the behaviour: then delete the patch and its probe."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        assert not _works_on_moto(patch), f"moto now supports {patch.service} {patch.operation}: delete the patch"


def _works_on_moto(patch: Patch) -> bool:
    try:
        return PROBES[patch.service, patch.operation](_moto_client)
    except (
        ClientError,
        NotImplementedError,
        AttributeError,
        TypeError,
    ):  # moto raises the last two in operations that it implements in part
        return False


@cache
def _moto_client(service: str) -> Any:
    config = Config(retries={"total_max_attempts": 1})
    return boto3.client(service, region_name="eu-central-1", config=config)  # type: ignore[call-overload]  # by name
