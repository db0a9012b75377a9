"""Patches: all differences of the stand-in from moto, in one table.

Each entry names the operation that it adds or fixes, and the reason. `tests/standin` has a probe for each, which must
succeed on the stand-in and fail on plain moto, so that a patch that moto no longer needs is found and deleted.
"""

from __future__ import annotations

from deploy.local.standin.patches import (
    application_autoscaling,
    cloudtrail,
    codebuild,
    codepipeline,
    config,
    ec2,
    ecs,
    elbv2,
    kms,
    s3,
    secretsmanager,
    stepfunctions,
    tasks,
)
from deploy.local.standin.patches.patch import Patch, install

PATCHES: tuple[Patch, ...] = (
    *application_autoscaling.PATCHES,
    *cloudtrail.PATCHES,
    *codebuild.PATCHES,
    *codepipeline.PATCHES,
    *config.PATCHES,
    *ec2.PATCHES,
    *ecs.PATCHES,
    *elbv2.PATCHES,
    *kms.PATCHES,
    *s3.PATCHES,
    *secretsmanager.PATCHES,
    *stepfunctions.PATCHES,
    *tasks.PATCHES,
)

__all__ = ["PATCHES", "Patch", "install"]
