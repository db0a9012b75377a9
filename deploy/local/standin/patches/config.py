"""AWS Config: a recorder can be written as it was read.

A recorder without exclusions is read with an empty list of them. The AWS provider writes that back as a block of
exclusions without a list, which moto refuses, so that no recorder could be changed.
"""

from __future__ import annotations

import json
from typing import Any

from moto.config.responses import ConfigResponse

from deploy.local.standin.patches.patch import Invocation, Patch


def put_configuration_recorder(invocation: Invocation) -> Any:
    content = json.loads(invocation.response.body)
    group = content["ConfigurationRecorder"].get("recordingGroup") or {}
    if not (group.get("exclusionByResourceTypes") or {}).get("resourceTypes"):
        group.pop("exclusionByResourceTypes", None)
    invocation.response.body = json.dumps(content)
    return invocation.proceed()


PATCHES = (
    Patch(
        "config",
        "PutConfigurationRecorder",
        "a group that excludes nothing is refused",
        ConfigResponse,
        put_configuration_recorder,
    ),
)
