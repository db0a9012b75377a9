"""Read Terraform's plan document into a small, redacted value with a digest.

The document carries sensitive values in clear text; nothing leaves this module unredacted. Its format is Terraform's
(https://developer.hashicorp.com/terraform/internals/json-format, and `internal/command/jsonplan` of its source for what
that page leaves out). `warnings`, `provider_versions` and `provider_schemas` are ours: the workspace adds them, because
the format has no place for them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler.core.plan import entries
from reconciler.core.plan.differences import fingerprint
from reconciler.core.plan.entries import Fingerprinted, UnreadablePlan
from reconciler.core.plan.model import Change, Plan
from reconciler.core.plan.outside import references, schema
from reconciler.core.plan.outside.companions import StateResource, watched
from reconciler.core.plan.summary import DEFER, NO_OP, UNNAMED, ResourceSummary
from reconciler.core.plan.values import Reader
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.wording import cut, first_few

_MAJOR_VERSIONS = frozenset({"0", "1"})
_NOTHING = (NO_OP,)
_SHOWN = 3
_WARNINGS = 20
_UNNAMED: Fingerprinted = (ResourceSummary("(unnamed)", (UNNAMED,), {}, ("Terraform does not say what",)), "")


def read(
    document: Mapping[str, Any],
    redactor: Redactor,
    *,
    pipeline_image: bool = False,
    in_git: Iterable[Mapping[str, Any]] = (),
) -> Plan:
    """Read `terraform show -json` of a plan.

    With `pipeline_image` the images of containers are left out of the digest: a pipeline may move them between the
    moment a plan is approved and the moment it is applied. Environment variables that `in_git` (variables of the root,
    as manifests give them) has are shown with their values; the digest covers all alike.

    Raises: UnreadablePlan.
    """
    _check_format(document)
    reader = Reader.of(document, redactor, in_git)
    planned = tuple(entries.changes(document, "resource_changes", reader, pipeline_image=pipeline_image))
    outputs, others = tuple(entries.outputs(document, reader)), tuple(_others(document, reader))
    if document.get("applyable") and not (planned or outputs or others or entries.reads_data(document)):
        others = (_UNNAMED,)
    refers, schemas = references.read(document), schema.read(document)
    resources = tuple(_resources((document.get("prior_state") or {}).get("values", {}).get("root_module")))
    return Plan(
        changes=tuple(change for change in planned if change.actions != _NOTHING),
        drift=tuple(
            replace(change, previous=None, watched=watched(_found(change), change.before, resources, refers, schemas))
            for change in entries.changes(document, "resource_drift", reader)
            if change.actions != _NOTHING and change.deposed is None
        ),
        outputs=tuple(entry for entry, _ in outputs),
        values=_values((document.get("planned_values") or {}).get("outputs") or {}),
        existing=len(resources),
        digest=_digest(planned, (*outputs, *others)),
        imports=tuple(change for change in planned if change.imports is not None),
        readdressed=tuple(change for change in planned if change.actions == _NOTHING and change.imports is None),
        others=tuple(entry for entry, _ in others),
        applyable=document.get("applyable"),
        partial=_partial(document, others),
        checks=tuple(entries.failed_checks(document, reader)),
        warnings=tuple(_warnings(document, reader)),
        providers=str(document.get("provider_versions") or ""),
        schemas=schemas,
    )


def _check_format(document: Mapping[str, Any]) -> None:
    if "format_version" not in document or "planned_values" not in document:
        raise UnreadablePlan("not the JSON form of a Terraform plan")
    version = str(document["format_version"])
    if version.partition(".")[0] not in _MAJOR_VERSIONS:
        raise UnreadablePlan(f"Terraform wrote its plan in format {version}, which is not known here")


def _others(document: Mapping[str, Any], reader: Reader) -> Iterator[Fingerprinted]:
    yield from entries.invocations(document, reader)
    yield from entries.deferred(document, reader)


def _partial(document: Mapping[str, Any], others: Iterable[Fingerprinted]) -> str | None:
    """Return why the plan is not the whole one; None when it is."""
    if document.get("errored"):
        return "Terraform ended this plan with an error"
    if document.get("complete", True):
        return None
    later = [f"{entry.address} ({'; '.join(entry.notes)})" for entry, _ in others if DEFER in entry.actions]
    named = f": {first_few(later, _SHOWN)}" if later else ""
    return f"Terraform leaves changes to a later plan{named}"


def _warnings(document: Mapping[str, Any], reader: Reader) -> Iterator[str]:
    """Yield the first distinct warnings, and how many more there are."""
    listed, more = cut(dict.fromkeys(map(reader.message, dict.fromkeys(document.get("warnings") or ()))), _WARNINGS)
    yield from (*listed, *filter(None, [more]))


def _digest(planned: Iterable[Change], others: Iterable[Fingerprinted]) -> str:
    """Return a hash over all entries, in whatever order Terraform lists them."""
    hashes = sorted([*(change.fingerprint for change in planned), *(hashed for _, hashed in others)])
    return f"sha256:{fingerprint(hashes)}"


def _values(outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: out["value"] for name, out in outputs.items() if "value" in out and not out.get("sensitive")}


def _found(change: Change) -> StateResource:
    return StateResource(change.address, change.type, change.after)


def _resources(module: Mapping[str, Any] | None) -> Iterator[StateResource]:
    """Yield every managed resource of a state, sensitive values included: callers must not pass them on.

    An object that a replacement left behind is no resource of its own.
    """
    for resource in (module or {}).get("resources", ()):
        if resource.get("mode") == "managed" and "deposed_key" not in resource:
            yield StateResource(resource.get("address", ""), resource.get("type", ""), resource.get("values") or {})
    for child in (module or {}).get("child_modules", ()):
        yield from _resources(child)
