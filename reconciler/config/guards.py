"""Sections for environments and their floors, rollouts, policy guards, drift and retries.

Each field's description is the sentence that `docs/configuration.md` prints for it.
"""

from dataclasses import replace
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from desired_state.checks.conflicts import Tier
from desired_state.checks.loosened import LOOSENINGS
from desired_state.reading.suggestion import suggest
from reconciler.config.values import (
    Account,
    Branch,
    ChangeWindow,
    Endpoint,
    Interval,
    PolicyArn,
    PolicyCommand,
    PolicyException,
    PolicyName,
    Region,
    RoleArn,
    Section,
    Text,
    read_duration,
    read_window,
)
from reconciler.core.floor import NO_FLOOR, PROD_FLOOR, Floor


class EnvironmentFloor(Section):
    """Minimum strictness of an environment: manifests can only make these settings stricter."""

    mode: Literal["auto", "approve", "observe"] | None = Field(
        None, description="Least strict mode in effect: auto, approve or observe; null means approve in prod, else auto"
    )
    prune: bool = Field(True, description="false: never prune an instance in this environment")
    reason: Literal["optional", "required"] = Field(
        "optional", description="required: refuse an act of a person in this environment without a reason"
    )
    observe: bool | None = Field(
        None, description="false: a manifest's mode observe counts as approve; null means false in prod, else true"
    )
    suspend: bool | None = Field(
        None, description="false: a manifest's suspend has no effect; null means false in prod, else true"
    )
    interval: Interval | None = Field(
        None, description="Longest interval of drift checks; null means 1h in prod, else what manifests say"
    )
    ignore: Interval | None = Field(
        None,
        description="How far ahead an ignore rule may end to be in force; null means 90d in prod, else any time",
    )
    windows: list[ChangeWindow] = Field(
        [],
        description='Change windows beside those of manifests, each as "mon,tue,wed 08:00-17:00 Europe/Berlin"',
    )

    approvals: int = Field(1, ge=1, le=2, description="How many different people have to approve a plan: 1 or 2")
    author_may_approve: bool | None = Field(
        None, description="false: nobody approves a change of their own; null means false in prod, else true"
    )

    def of_tier(self, tier: Tier) -> Floor:
        """Return the floor, with the defaults of the tier where nothing is configured."""
        default = PROD_FLOOR if tier == "prod" else NO_FLOOR
        chosen = {name: getattr(self, name) for name in type(self).model_fields}
        chosen["windows"] = tuple(map(read_window, self.windows))
        return replace(default, **{name: value for name, value in chosen.items() if value is not None})


class EnvironmentSource(Section):
    """Revision of the Terraform roots that an environment uses."""

    ref: Branch | None = Field(
        None, description="Branch, tag or full commit id of `terraform.source.git` to use here; null means its `ref`"
    )


class EnvironmentSettings(Section):
    """One environment: account, region, role, tier and floor."""

    account: Account = Field(description="AWS account number, 12 digits in quotes")
    region: Region = Field(description="AWS region")
    tier: Tier = Field(description="develop, test, qa or prod; Terraform modules depend on the tier, never on the name")
    role: RoleArn | None = Field(
        None, description="IAM role to assume in the account; null uses the daemon's own credentials"
    )
    tenant_roles: dict[Text, RoleArn] = Field(
        default_factory=dict,
        description="IAM roles by name of a tenant: Terraform works for its instances in that role; empty: in `role`",
    )
    allow: list[Text] | None = Field(
        None,
        description="Loosened defaults that services may use; null: everything in develop and test, nothing elsewhere",
    )
    policies: dict[PolicyName, PolicyArn] = Field(
        default_factory=dict,
        description="Managed policies that services may have, as ARNs by the names that manifests write",
    )
    partition: Literal["aws", "aws-cn", "aws-us-gov"] = Field("aws", description="AWS partition")
    endpoint: Endpoint | None = Field(None, description="AWS-compatible endpoint to use instead of AWS")
    floor: EnvironmentFloor = EnvironmentFloor()
    source: EnvironmentSource = EnvironmentSource()

    @field_validator("allow")
    @classmethod
    def _known(cls, allow: list[str] | None) -> list[str] | None:
        names = [each.name for each in LOOSENINGS]
        for name in allow or ():
            if name not in names:
                raise ValueError(f"{name!r} loosens nothing; {suggest(name, names)}")
        return allow

    @property
    def allowed(self) -> frozenset[str] | None:
        """The loosened defaults that services may use, None for those of the tier."""
        return None if self.allow is None else frozenset(self.allow)


class RolloutSettings(Section):
    """Monitoring of a service's rollout after an apply."""

    timeout: Interval = Field(
        read_duration("15m"), description="Time after which an unfinished rollout is RolloutTimeout"
    )
    poll: Interval = Field(read_duration("15s"), description="How often to check a running rollout")
    image_poll: Interval = Field(read_duration("30s"), description="How often to check for a missing first image")
    max_in_flight: int = Field(
        5,
        ge=1,
        le=1000,
        description="Instances that may receive a changed Terraform root at the same time, lower tiers first",
    )


class PolicySettings(Section):
    """Guards that apply to every instance."""

    prune_limit_percent: int = Field(
        20,
        ge=0,
        le=100,
        description="Percentage of an environment (at least one instance) that a commit may remove unconfirmed",
    )
    approval_expiry: Interval = Field(read_duration("1d"), description="How long an approval remains valid")
    mandatory_tags: list[Text] = Field(
        ["Environment", "Owner", "CostCenter", "Compliance"],
        description="Tags that every taggable resource must have when it is created or changed",
    )
    exceptions: list[PolicyException] = Field([], description='Addresses exempt from the rules, each as "KEY ADDRESS"')
    max_changes: int = Field(
        100, ge=1, description="Changes of an applied instance in one plan before it needs manual approval"
    )
    max_destroys: int = Field(
        10, ge=0, description="Destroys and replacements in one plan before it needs manual approval"
    )
    max_creates: int = Field(
        10, ge=0, description="Creations in one plan of an applied instance before it needs manual approval"
    )
    command: PolicyCommand = Field(
        [], description="Program with arguments that reads each plan as JSON; exit code 0 allows the plan"
    )
    timeout: Interval = Field(read_duration("60s"), description="Time limit of that program; exceeding it denies")


class DriftSettings(Section):
    """Confirmation, repair and attribution of drift."""

    confirm_after: Interval = Field(read_duration("30s"), description="Delay before a second check confirms drift")
    repair_limit: int = Field(
        3, ge=1, le=100, description="Repairs of the same drift within a day before it becomes a DriftFight"
    )
    calls_per_hour: int = Field(
        72_000, ge=100, description="AWS calls per hour that drift checks of one account may make; further checks wait"
    )
    attribution: bool = Field(
        True, description="Find the author of a drift in CloudTrail; needs cloudtrail:LookupEvents"
    )


class Retry(Section):
    """Backoff and limit of retries after a failure."""

    base: Interval = Field(read_duration("30s"), description="First delay; it doubles with each retry, with jitter")
    cap: Interval = Field(read_duration("30m"), description="Longest delay between retries")
    limit: int = Field(10, ge=1, le=1000, description="Consecutive failures until an instance becomes RetriesExhausted")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.cap < self.base:
            raise ValueError("cap must not be shorter than base")
        return self
