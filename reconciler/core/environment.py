"""An AWS environment as configured: account, region, role, tier, and the floor that manifests cannot loosen."""

from dataclasses import dataclass

from desired_state.checks import Tier
from reconciler.core.floor import NO_FLOOR, Floor


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
    floor: Floor = NO_FLOOR
