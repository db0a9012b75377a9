"""AWS Config: a recorder can be updated as it was read.

A recorder that excludes nothing is read with an empty list of exclusions. moto refuses a group that has one without the
list in it, which is how the AWS provider writes it back, so no recorder could ever be changed.
"""

from __future__ import annotations

import json
from typing import Any

from moto.config.responses import ConfigResponse

from deploy.local.standin.patches.patch import Act, Patch


def put_configuration_recorder(act: Act) -> Any:
    content = json.loads(act.response.body)
    group = content["ConfigurationRecorder"].get("recordingGroup") or {}
    if not (group.get("exclusionByResourceTypes") or {}).get("resourceTypes"):
        group.pop("exclusionByResourceTypes", None)
    act.response.body = json.dumps(content)
    return act.proceed()


PATCHES = (
    Patch(
        "config",
        "PutConfigurationRecorder",
        "a group that excludes nothing is refused",
        ConfigResponse,
        put_configuration_recorder,
    ),
)
