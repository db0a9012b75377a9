"""An AWS environment as configured: account, region, role, tier, and the floor that manifests cannot loosen."""

from dataclasses import dataclass
from typing import Literal

from desired_state.checks import Tier


@dataclass(frozen=True, slots=True)
class Floor:
    """Settings that the platform engineers fixed for an environment; a manifest can only be stricter."""

    mode: Literal["auto", "approve", "observe"] = "auto"
    prune: bool = True


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment: account, region and role. `endpoint` is an AWS-compatible endpoint, used instead of AWS's own."""

    name: str
    tier: Tier
    account: str
    region: str
    role: str | None = None
    partition: str = "aws"
    endpoint: str | None = None
    floor: Floor = Floor()
