"""Settings of the guards: the quotas of an account, and how long IAM hides a new role.

The defaults are AWS's, but for the last, which costs each test that makes a role a retry.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field


class Quotas(BaseModel):
    """AWS's default quotas, per region. Sources: the quota pages of VPC and of Elastic Load Balancing.

    docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
    docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    elastic_ips: int = Field(default=5, ge=0)
    vpcs: int = Field(default=5, ge=0)
    security_groups_per_interface: int = Field(default=5, ge=0)
    rules_per_load_balancer: int = Field(default=100, ge=0)
    targets_per_load_balancer: int = Field(default=1000, ge=0)


class Settings(BaseModel):
    """Settings of a stand-in, changed on the page `/standin/settings`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    quotas: Quotas = Quotas()
    enforce_roles: bool = False  # whether callers with the credentials of a role are held to its policies
    unseen_calls: int = Field(default=0, ge=0)  # how many calls of other services a new role is unknown to


@dataclass(slots=True)
class SettingsInForce:
    now: Settings = field(default_factory=Settings)
