"""Secrets Manager: rotation of a secret that has no value yet.

moto runs the rotation function, which needs Docker, and fails on a secret without a version. A module that configures
rotation before the first value only needs the configuration to be stored.
"""

from __future__ import annotations

import time
from typing import Any

from moto.secretsmanager.models import FakeSecret, secretsmanager_backends
from moto.secretsmanager.responses import SecretsManagerResponse

from deploy.local.standin.patches.patch import Invocation, Patch

DAY = 86_400


def rotate_secret(invocation: Invocation) -> Any:
    secret = secretsmanager_backends[invocation.account][invocation.region].secrets.get(
        invocation.parameter("SecretId")
    )
    if not isinstance(secret, FakeSecret) or secret.versions:
        return invocation.proceed()
    days = (invocation.parameter("RotationRules") or {}).get("AutomaticallyAfterDays", 0)
    secret.rotation_requested = secret.rotation_enabled = True
    secret.rotation_lambda_arn = invocation.parameter("RotationLambdaARN")
    secret.auto_rotate_after_days = days
    secret.next_rotation_date = int(time.time()) + days * DAY
    return secret.to_short_dict()


PATCHES = (
    Patch(
        "secretsmanager",
        "RotateSecret",
        "fails on a secret without a value",
        SecretsManagerResponse,
        rotate_secret,
    ),
)
