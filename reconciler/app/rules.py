"""Conversion of settings to the values that the core decides with: environments, limits, policy rules, refs."""

from reconciler.config.models import Settings
from reconciler.core.decide.verdict import VerdictLimits
from reconciler.core.environment import Environment
from reconciler.core.policy.rules import Rules
from reconciler.core.schedule.next_visit import Pace
from reconciler.edges.source.terraform_roots import Ref
from reconciler.engine.world import Limits


def environments(settings: Settings) -> dict[str, Environment]:
    """Return every configured environment by name."""
    return {name: settings.environment(name) for name in settings.environments}


def limits(settings: Settings) -> Limits:
    """Return the engine's limits: retry and polling delays, repairs, rollout time, concurrency and AWS calls."""
    return Limits(
        pace=Pace(
            retry_base=settings.retry.base,
            retry_cap=settings.retry.cap,
            rollout_poll=settings.rollout.poll,
            image_poll=settings.rollout.image_poll,
            confirm=settings.drift.confirm_after,
        ),
        verdict=VerdictLimits(
            repairs=settings.drift.repair_limit, approval=settings.policy.approval_expiry, rules=policy_rules(settings)
        ),
        retry_limit=settings.retry.limit,
        rollout_timeout=settings.rollout.timeout,
        max_in_flight=settings.rollout.max_in_flight,
        prune_limit_percent=settings.policy.prune_limit_percent,
        calls_per_hour=settings.drift.calls_per_hour,
    )


def policy_rules(settings: Settings) -> Rules:
    """Return the policy rules that apply to every plan."""
    exceptions = [exception.split(" ", 1) for exception in settings.policy.exceptions]
    return Rules(
        mandatory_tags=frozenset(settings.policy.mandatory_tags),
        exceptions=frozenset((key, address) for key, address in exceptions),
        most_changes=settings.policy.max_changes,
        most_destroys=settings.policy.max_destroys,
        most_creates=settings.policy.max_creates,
    )


def refs(settings: Settings) -> dict[str, Ref]:
    """Map each environment to the Git ref of its Terraform roots, with the setting that names it."""
    default = Ref(settings.terraform.source.git.ref, "terraform.source.git.ref")
    return {
        name: Ref(found.source.ref, f"environments.{name}.source.ref") if found.source.ref else default
        for name, found in settings.environments.items()
    }
