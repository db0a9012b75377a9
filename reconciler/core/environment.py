"""An AWS environment as configured: account, region, role, tier, and the floor that manifests cannot loosen."""

from dataclasses import dataclass
from typing import Literal

from desired_state.checks import Tier


@dataclass(frozen=True, slots=True)
class Floor:
    """What the platform engineers fixed for an environment; a manifest can only be stricter."""

    mode: Literal["auto", "approve", "observe"] = "auto"
    prune: bool = True


@dataclass(frozen=True, slots=True)
class Environment:
    """Where an environment lives. `endpoint` is an AWS-compatible endpoint used instead of AWS's own addresses."""

    name: str
    tier: Tier
    account: str
    region: str
    role: str | None = None
    partition: str = "aws"
    endpoint: str | None = None
    floor: Floor = Floor()
