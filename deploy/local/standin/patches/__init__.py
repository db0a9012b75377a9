"""Everything in which the stand-in differs from moto, in one table.

Each entry names the operation it adds or mends and says why. `tests/standin` holds a probe for each: it must succeed
here and fail on plain moto, so a patch that moto has caught up with is found and deleted.
"""

from __future__ import annotations

from deploy.local.standin.patches import (
    application_autoscaling,
    codebuild,
    codepipeline,
    config,
    ec2,
    ecs,
    elbv2,
    kms,
    s3,
    secretsmanager,
    tasks,
)
from deploy.local.standin.patches.patch import Patch, install

PATCHES: tuple[Patch, ...] = (
    *application_autoscaling.PATCHES,
    *codebuild.PATCHES,
    *codepipeline.PATCHES,
    *config.PATCHES,
    *ec2.PATCHES,
    *ecs.PATCHES,
    *elbv2.PATCHES,
    *kms.PATCHES,
    *s3.PATCHES,
    *secretsmanager.PATCHES,
    *tasks.PATCHES,
)

__all__ = ["PATCHES", "Patch", "install"]
