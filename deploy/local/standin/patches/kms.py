"""Key Management Service: the rotation period of a key.

moto stores that a key rotates but not how often, so that a module that sets `rotation_period_in_days` is never in sync.
"""

from __future__ import annotations

import json
from typing import Any

from moto.kms.models import kms_backends
from moto.kms.responses import KmsResponse

from deploy.local.standin.patches.patch import Invocation, Patch

DEFAULT_PERIOD_DAYS = 365


def enable_key_rotation(invocation: Invocation) -> Any:
    answer = invocation.proceed()
    _key(invocation).rotation_period_in_days = invocation.parameter("RotationPeriodInDays", DEFAULT_PERIOD_DAYS)
    return answer


def get_key_rotation_status(invocation: Invocation) -> Any:
    status = json.loads(invocation.proceed())
    if status["KeyRotationEnabled"]:
        status["RotationPeriodInDays"] = getattr(_key(invocation), "rotation_period_in_days", DEFAULT_PERIOD_DAYS)
    return json.dumps(status)


def _key(invocation: Invocation) -> Any:
    backend = kms_backends[invocation.account][invocation.region]
    return backend.keys[backend.get_key_id(invocation.parameter("KeyId"))]


PATCHES = (
    Patch("kms", "EnableKeyRotation", "the rotation period is dropped", KmsResponse, enable_key_rotation),
    Patch("kms", "GetKeyRotationStatus", "the rotation period is not returned", KmsResponse, get_key_rotation_status),
)
