"""Sections that say how careful to be: environments, rollouts, guards, retries.

Every field's description is the sentence that `docs/operations.md` prints for it.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from desired_state.checks import Tier
from reconciler.config.values import (
    Account,
    Branch,
    Endpoint,
    Interval,
    PolicyCommand,
    PolicyException,
    Region,
    RoleArn,
    Section,
    Text,
    read_duration,
)


class EnvironmentFloor(Section):
    """What manifests of this environment cannot loosen."""

    mode: Literal["auto", "approve", "observe"] = Field(
        "auto", description="The least strict mode a manifest gets: auto, approve or observe"
    )
    prune: bool = Field(True, description="false: nothing in this environment is ever pruned")


class EnvironmentSource(Section):
    """Which Terraform roots an environment uses."""

    ref: Branch | None = Field(
        None, description="The branch, tag or full commit id of `terraform.source.git` to use here; null is its `ref`"
    )


class EnvironmentSettings(Section):
    """One environment: an account, a region, and how careful to be there."""

    account: Account = Field(description="The AWS account, 12 digits in quotes")
    region: Region = Field(description="The AWS region")
    tier: Tier = Field(description="develop, test, qa or prod; the modules look at the tier, never at the name")
    role: RoleArn | None = Field(None, description="The role to assume there; null works with the daemon's own")
    partition: Literal["aws", "aws-cn", "aws-us-gov"] = Field("aws", description="The AWS partition")
    endpoint: Endpoint | None = Field(None, description="An AWS-compatible endpoint used instead of AWS itself")
    floor: EnvironmentFloor = EnvironmentFloor()
    source: EnvironmentSource = EnvironmentSource()


class RolloutSettings(Section):
    """How a service's deployment is watched after an apply."""

    timeout: Interval = Field(read_duration("15m"), description="When a rollout that has not ended is RolloutTimeout")
    poll: Interval = Field(read_duration("15s"), description="How often a running rollout is looked at")
    image_poll: Interval = Field(read_duration("30s"), description="How often a missing first image is looked for")
    max_in_flight: int = Field(
        5, ge=1, le=1000, description="Instances that a changed Terraform root reaches at a time, lower tiers first"
    )


class PolicySettings(Section):
    """Guards that hold for everything."""

    prune_limit_percent: int = Field(
        20, ge=0, le=100, description="Share of an environment that one commit may remove (at least one) unconfirmed"
    )
    approval_expiry: Interval = Field(read_duration("1d"), description="How long an approval is good for")
    mandatory_tags: list[Text] = Field(
        ["Environment", "Owner", "CostCenter", "Compliance"],
        description="Tags without which no resource that takes tags is made or changed",
    )
    exceptions: list[PolicyException] = Field([], description='Addresses that no rule denies, each as "KEY ADDRESS"')
    max_changes: int = Field(
        100, ge=1, description="Updates, replacements and destroys in one plan, beyond which a person must agree"
    )
    max_destroys: int = Field(10, ge=0, description="Destroys and replacements in one plan, beyond which a person must")
    command: PolicyCommand = Field(
        [], description="A program and its arguments that reads each plan as JSON and allows it with exit code 0"
    )
    timeout: Interval = Field(read_duration("60s"), description="The longest that program may take; then it is a no")


class DriftSettings(Section):
    """What happens when the world moves."""

    confirm_after: Interval = Field(
        read_duration("30s"), description="How long after a first look a second one confirms drift"
    )
    repair_limit: int = Field(
        3, ge=1, le=100, description="Repairs of the same drift within a day, after which it is a DriftFight"
    )
    calls_per_hour: int = Field(
        72_000, ge=100, description="AWS calls that the drift checks of one account may make; more are put off"
    )
    attribution: bool = Field(True, description="Ask CloudTrail who did it; needs cloudtrail:LookupEvents")


class Retry(Section):
    """What happens after a failure."""

    base: Interval = Field(read_duration("30s"), description="The first wait; it doubles, with jitter")
    cap: Interval = Field(read_duration("30m"), description="The longest wait")
    limit: int = Field(10, ge=1, le=1000, description="Failures in a row until an instance is RetriesExhausted")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.cap < self.base:
            raise ValueError("cap must not be shorter than base")
        return self
