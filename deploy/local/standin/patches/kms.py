"""Key Management Service: the rotation period of a key.

moto remembers that a key rotates, not how often, so a module that sets `rotation_period_in_days` is never in sync.
"""

from __future__ import annotations

import json
from typing import Any

from moto.kms.models import kms_backends
from moto.kms.responses import KmsResponse

from deploy.local.standin.patches.patch import Act, Patch

DEFAULT_PERIOD_DAYS = 365


def enable_key_rotation(act: Act) -> Any:
    answer = act.proceed()
    _key(act).rotation_period_in_days = act.parameter("RotationPeriodInDays", DEFAULT_PERIOD_DAYS)
    return answer


def get_key_rotation_status(act: Act) -> Any:
    status = json.loads(act.proceed())
    if status["KeyRotationEnabled"]:
        status["RotationPeriodInDays"] = getattr(_key(act), "rotation_period_in_days", DEFAULT_PERIOD_DAYS)
    return json.dumps(status)


def _key(act: Act) -> Any:
    backend = kms_backends[act.account][act.region]
    return backend.keys[backend.get_key_id(act.parameter("KeyId"))]


PATCHES = (
    Patch("kms", "EnableKeyRotation", "the rotation period is dropped", KmsResponse, enable_key_rotation),
    Patch("kms", "GetKeyRotationStatus", "the rotation period is not returned", KmsResponse, get_key_rotation_status),
)
