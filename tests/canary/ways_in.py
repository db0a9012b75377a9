"""The ways in which a secret can reach the engine: each plants its canaries and says when they have arrived."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.core.ports.aws import LiveUnavailable
from reconciler.core.ports.control import Approve, Reconcile, Reject
from reconciler.core.ports.source import SourceFailed
from reconciler.core.ports.terraform import LockInfo, TerraformFailed
from reconciler.core.principal import Principal
from reconciler.core.vocabulary import Reason
from tests.canary.canaries import Canary, text_of
from tests.canary.stage import ALPHA, MANIFEST, Stage, revision
from tests.canary.terraform import Surroundings, nothing_to_do
from tests.core.documents import change, document

Canaries = Sequence[Canary]
ANN = Principal("ann", "socket")


@dataclass(frozen=True, slots=True)
class WayIn:
    """One way. `live` runs the daemon until the secrets have been through everything."""

    name: str
    surroundings: Callable[[Canaries], Surroundings]
    live: Callable[[Stage, Canaries], Any]


async def until_planned(stage: Stage, _: Canaries) -> None:
    """A plan waits, and was looked at."""
    await stage.until(lambda: stage.record and stage.record.plan and stage.record.reason)
    await _history(stage)


async def until_failed(stage: Stage, _: Canaries) -> None:
    """A pass failed."""
    await stage.until(lambda: stage.record and stage.record.reason)
    await _history(stage)


async def until_drifted(stage: Stage, canaries: Canaries) -> None:
    """Let an instance drift after it was in sync, confirm that, and let CloudTrail name the author."""
    later, stage.around.plan_says = stage.around.plan_says, nothing_to_do
    await stage.until(lambda: stage.record and stage.record.reason == Reason.IN_SYNC)
    stage.around.plan_says = later
    await stage.control.act(ALPHA, Reconcile(), by=ANN)
    await stage.until(lambda: stage.record and stage.record.drift and stage.record.drift.who != "unknown")
    await _history(stage)


async def until_the_source_failed(stage: Stage, _: Canaries) -> None:
    """A commit was read, and then none could be."""
    await stage.until(lambda: stage.controller.source_status.error)


async def until_applied(stage: Stage, _: Canaries) -> None:
    """A plan was approved and applied."""
    await stage.until(lambda: stage.record and stage.record.reason == Reason.AWAITING_APPROVAL)
    assert stage.record
    assert stage.record.plan
    await stage.control.act(ALPHA, Approve(stage.record.plan.digest), by=ANN)
    await stage.until(lambda: stage.record and stage.record.applied_at)


async def until_somebody_spoke(stage: Stage, canaries: Canaries) -> None:
    """A person put secrets where their name belongs."""
    await stage.until(lambda: stage.record and stage.record.reason == Reason.AWAITING_APPROVAL)
    assert stage.record
    assert stage.record.plan
    await stage.control.act(ALPHA, Reject(), by=Principal(text_of(canaries), "socket"))
    await stage.until(lambda: stage.record and stage.record.reason == Reason.REJECTED)


async def until_the_manifest_broke(stage: Stage, canaries: Canaries) -> None:
    """A good manifest, then one whose values are secrets where they do not belong."""
    await stage.until(lambda: stage.record and stage.record.reason)
    wrong = MANIFEST.replace("mode: approve", "mode: " + json.dumps(canaries[-1].said))
    for number, canary in enumerate(canaries):
        wrong += f"---\n{MANIFEST.replace('alpha', f'beta{number}').replace('approve', json.dumps(canary.said))}"
    stage.around.fetched = lambda: revision(wrong)
    await stage.until(lambda: stage.controller.source_status.problems)
    await stage.until(lambda: stage.record and "Stalled" in stage.record.conditions)


async def _history(stage: Stage) -> None:
    while not await stage.store.history(ALPHA, limit=1):
        await stage.until(lambda: True)


def _raises(error: Exception) -> Callable[[], Mapping[str, Any]]:
    def say() -> Mapping[str, Any]:
        raise error

    return say


def _plan(**parts: Callable[[Canaries], Any]) -> Callable[[Canaries], Surroundings]:
    def planted(canaries: Canaries) -> Surroundings:
        made = {name: part(canaries) for name, part in parts.items()}
        changes = made.pop("changes", ())
        return Surroundings(lambda: document(*changes, **made), fetched=revision)

    return planted


def _containers(canaries: Canaries) -> str:
    environment = [{"name": f"V_{canary.shape.upper()}", "value": canary.value} for canary in canaries]
    return json.dumps([{"name": "app", "image": "registry/app:1", "environment": environment}])


def _task(canaries: Canaries) -> list[dict[str, Any]]:
    after = {"container_definitions": _containers(canaries)}
    return [change("aws_ecs_task_definition.this", ["create"], None, after)]


def _sensitive(canaries: Canaries) -> list[dict[str, Any]]:
    values = {canary.shape: canary.value for canary in canaries}
    hidden = dict.fromkeys(values, True)
    return [
        change("terraform_data.this", ["update"], values, {}, hidden_before=hidden, hidden_after=hidden),
        change("terraform_data.that", ["create"], None, {"input": [values]}, hidden_after={"input": [hidden]}),
    ]


def _copied(canaries: Canaries) -> list[dict[str, Any]]:
    """Marked where they went in, and given back beside it without a mark."""
    put, back = {canary.shape: canary.value for canary in canaries}, [canary.value for canary in canaries]
    hidden = {"input": dict.fromkeys(put, True)}
    return [change("terraform_data.this", ["create"], None, {"input": put, "output": back}, hidden_after=hidden)]


def _told(canaries: Canaries) -> list[dict[str, Any]]:
    """Plan what nothing marks as sensitive: only names and forms show that it is secret."""
    values = {f"{canary.shape}_note": canary.said for canary in canaries if canary.shape != "random"}
    named = {"master_password": next(one.value for one in canaries if one.shape == "random")}
    return [change("aws_thing.this", ["create"], None, values | named)]


def _addressed(canaries: Canaries) -> list[dict[str, Any]]:
    return [change(f'aws_thing.this["{canary.said}"]', ["create"], None, {"a": 1}) for canary in canaries]


def _drifting(canaries: Canaries) -> Surroundings:
    old, new = {canary.shape: canary.value for canary in canaries}, dict.fromkeys([c.shape for c in canaries], "x")
    hidden = dict.fromkeys(old, True)
    moved = change("terraform_data.this", ["update"], new, old, hidden_before=hidden, hidden_after=hidden)
    task = change(
        "aws_ecs_task_definition.this",
        ["update"],
        {"container_definitions": _containers([])},
        {"container_definitions": _containers(canaries)},
    )
    return Surroundings(lambda: document(moved, drift=[moved, task]), found_by=text_of(canaries), fetched=revision)


def _added(canaries: Canaries) -> Surroundings:
    values = {canary.shape: canary.value for canary in canaries}
    added = change(
        "terraform_data.this", ["update"], {}, values, hidden_before={}, hidden_after=dict.fromkeys(values, True)
    )
    return Surroundings(lambda: document(drift=[added]), found_by="ann", fetched=revision)


def _failing(wrap: Callable[[str], Exception]) -> Callable[[Canaries], Surroundings]:
    return lambda canaries: Surroundings(_raises(wrap(text_of(canaries))), fetched=revision)


def _locked(text: str) -> Exception:
    lock = LockInfo("11111111-2222-3333-4444-555555555555", text, text, text)
    return TerraformFailed(Reason.STATE_LOCKED, text, lock=lock)


def _unfetched(canaries: Canaries) -> Surroundings:
    failure = SourceFailed(text_of(canaries))
    return Surroundings(fetched=lambda: _raises(failure)())  # type: ignore[arg-type, return-value]


def _outputs(canaries: Canaries) -> Surroundings:
    values = {f"{canary.shape}_password": canary.value for canary in canaries}
    grown = document(change("terraform_data.this", ["create"], None, {"a": 1}))
    return Surroundings(lambda: grown, apply_says=lambda: values, fetched=revision)


def _failing_apply(canaries: Canaries) -> Surroundings:
    grown = document(change("terraform_data.this", ["create"], None, {"a": 1}))
    failure = TerraformFailed(Reason.APPLY_FAILED, text_of(canaries))
    return Surroundings(lambda: grown, apply_says=_raises(failure), fetched=revision)


async def until_the_apply_failed(stage: Stage, canaries: Canaries) -> None:
    """A plan was approved, and its apply failed."""
    await stage.until(lambda: stage.record and stage.record.reason == Reason.AWAITING_APPROVAL)
    assert stage.record
    assert stage.record.plan
    await stage.control.act(ALPHA, Approve(stage.record.plan.digest), by=ANN)
    await stage.until(lambda: stage.record and stage.record.failures)


_ANY = change("terraform_data.this", ["create"], None, {"a": 1})
WAYS_IN = [
    WayIn("environment of a container", _plan(changes=_task), until_planned),
    WayIn("sensitive attributes", _plan(changes=_sensitive), until_planned),
    WayIn("copies of sensitive attributes", _plan(changes=_copied), until_planned),
    WayIn("attributes that nothing marks", _plan(changes=_told), until_planned),
    WayIn("addresses", _plan(changes=_addressed), until_planned),
    WayIn("drift, and who made it", _drifting, until_drifted),
    WayIn("additions that no plan would mend", _added, until_drifted),
    WayIn("an error of a plan", _failing(lambda text: TerraformFailed(Reason.PLAN_FAILED, text)), until_failed),
    WayIn("an error of an apply", _failing_apply, until_the_apply_failed),
    WayIn("an answer of AWS", _failing(LiveUnavailable), until_failed),
    WayIn("a defect of ours", _failing(RuntimeError), until_failed),
    WayIn("the holder of a lock", _failing(_locked), until_failed),
    WayIn("a repository that cannot be fetched", _unfetched, until_the_source_failed),
    WayIn("values of manifests", _plan(changes=lambda _: ()), until_the_manifest_broke),
    WayIn("names that people give", _plan(changes=lambda _: [_ANY]), until_somebody_spoke),
    WayIn("outputs", _outputs, until_applied),
]
