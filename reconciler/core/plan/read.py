"""Read Terraform's plan document into a small, redacted value with a digest.

The document carries sensitive values in clear text; nothing leaves this module unredacted. Container definitions are
JSON in a string: they are parsed, keyed by name and normalised, so that another order or a written-out default is no
change. Neither is JSON that differs in notation only.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler.core.plan import containers
from reconciler.core.plan.companions import watched
from reconciler.core.plan.equivalence import same_document
from reconciler.core.plan.model import _NOTHING, UNKNOWN, Change, Plan
from reconciler.core.redaction.known_secrets import of_plan
from reconciler.core.redaction.redactor import Redactor

_SHORTEST_SECRET = 16  # a shorter one may be any word, and is masked only where Terraform says so
_LONGEST = 400
_IMAGE = ".image"


def read(document: Mapping[str, Any], redactor: Redactor, *, pipeline_image: bool = False) -> Plan:
    """Read `terraform show -json` of a plan.

    With `pipeline_image` the images of containers are left out of the digest: a pipeline may move them between the
    moment a plan is approved and the moment it is applied.

    Raises: ValueError when the document is not a plan.
    """
    if "format_version" not in document or "planned_values" not in document:
        raise ValueError("not the JSON form of a Terraform plan")
    secrets = frozenset(text for text in of_plan(document) if len(text) >= _SHORTEST_SECRET)
    entries = tuple(_changes(document.get("resource_changes") or (), redactor, secrets))
    changes = tuple(change for change in entries if change.actions != _NOTHING)
    imports = tuple(change for change in entries if change.imports is not None)
    outputs = tuple(sorted(_output_changes(document.get("output_changes") or {})))
    resources = tuple(_resources((document.get("prior_state") or {}).get("values", {}).get("root_module")))
    return Plan(
        changes=changes,
        drift=tuple(
            replace(change, watched=watched(change.type, change.before, change.after, resources))
            for change in _changes(document.get("resource_drift") or (), redactor, secrets)
        ),
        outputs=outputs,
        values=_values((document.get("planned_values") or {}).get("outputs") or {}),
        existing=len(resources),
        digest=_digest(changes, outputs, imports, pipeline_image=pipeline_image),
        imports=imports,
    )


def _changes(entries: Iterable[Mapping[str, Any]], redactor: Redactor, secrets: frozenset[str]) -> Iterator[Change]:
    for entry in entries:
        change = entry["change"]
        actions = tuple(change["actions"])
        imports = change.get("importing")
        if entry.get("mode") == "data" or actions == ("read",) or (actions == _NOTHING and imports is None):
            continue
        before = _opened(redactor.value(change.get("before"), change.get("before_sensitive", False)), redactor, secrets)
        after = _opened(redactor.value(change.get("after"), change.get("after_sensitive", False)), redactor, secrets)
        after = _with_unknown(after, change.get("after_unknown", False))
        yield Change(
            address=redactor.text(entry["address"]),
            type=entry["type"],
            actions=actions,
            replace_paths=tuple(sorted(".".join(map(str, path)) for path in change.get("replace_paths") or ())),
            attributes=dict(_differences(before, after, "")),
            before=before or {},
            after=after or {},
            imports=redactor.text(str(imports.get("id", UNKNOWN))) if imports is not None else None,
        )


def _with_unknown(after: Any, unknown: Any) -> Any:
    """Return `after` with a marker wherever Terraform does not know the value yet."""
    if unknown is True:
        return UNKNOWN
    if isinstance(unknown, Mapping) and unknown:
        merged = dict(after) if isinstance(after, Mapping) else {}
        return merged | {name: _with_unknown(merged.get(name), inner) for name, inner in unknown.items() if inner}
    if isinstance(unknown, list) and any(unknown):
        known = list(after) if isinstance(after, list) else []
        known += [None] * (len(unknown) - len(known))
        return [_with_unknown(value, inner) for value, inner in zip(known, unknown, strict=False)]
    return after


def _opened(values: Any, redactor: Redactor, secrets: frozenset[str]) -> Any:
    """Mask every string that looks like a credential, and parse container definitions, keyed by name.

    Terraform marks a secret at its input, and not where a provider returns a copy of it: `secrets` cover those.
    """
    if isinstance(values, Mapping):
        return {
            name: _containers(value, redactor, secrets)
            if name == "container_definitions" and isinstance(value, str)
            else _opened(value, redactor, secrets)
            for name, value in values.items()
        }
    if isinstance(values, list):
        return [_opened(value, redactor, secrets) for value in values]
    if not isinstance(values, str):
        return values
    return redactor.mark(values) if values in secrets else redactor.text(values)


def _containers(text: str, redactor: Redactor, secrets: frozenset[str]) -> Any:
    try:
        definitions = json.loads(text)
    except ValueError:
        return redactor.text(text)
    return _opened(containers.normal(redactor.container_definitions(definitions)), redactor, secrets)


def _differences(old: Any, new: Any, path: str) -> Iterator[tuple[str, tuple[Any, Any]]]:
    if old == new or same_document(old, new):
        return
    if isinstance(old, Mapping | None) and isinstance(new, Mapping | None):
        left, right = old or {}, new or {}
        for name in sorted({*left, *right}):
            yield from _differences(left.get(name), right.get(name), f"{path}.{name}" if path else name)
        return
    if _are_blocks(old) and _are_blocks(new) and len(old) == len(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _differences(before, after, f"{path}.{index}")
        return
    yield path, (_short(old), _short(new))


def _are_blocks(value: Any) -> bool:
    """Return whether it is a list of mappings, which are compared by position; a list of plain values is one value."""
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _LONGEST:
        digest = hashlib.sha256(value.encode()).hexdigest()[:12]
        return f"{value[:_LONGEST]}… ({len(value)} characters, sha256 {digest})"
    return value


def _output_changes(outputs: Mapping[str, Any]) -> Iterator[str]:
    for name, change in outputs.items():
        if change.get("actions") not in (["no-op"], None):
            yield name


def _values(outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: out["value"] for name, out in outputs.items() if "value" in out and not out.get("sensitive")}


def _resources(module: Mapping[str, Any] | None) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield type and values of every managed resource of a state, sensitive ones included: callers must not pass them
    on.
    """
    for resource in (module or {}).get("resources", ()):
        if resource.get("mode") == "managed":
            yield resource.get("type", ""), resource.get("values") or {}
    for child in (module or {}).get("child_modules", ()):
        yield from _resources(child)


def _digest(
    changes: Iterable[Change], outputs: Iterable[str], imports: Iterable[Change], *, pipeline_image: bool
) -> str:
    content = [
        [
            change.address,
            change.actions,
            change.replace_paths,
            sorted(
                [path, old, new]
                for path, (old, new) in change.attributes.items()
                if not (pipeline_image and path.startswith("container_definitions.") and path.endswith(_IMAGE))
            ),
        ]
        for change in sorted(changes, key=lambda change: change.address)
    ]
    taken = sorted([change.address, change.imports] for change in imports)
    whole = [content, sorted(outputs), *([taken] if taken else [])]
    canonical = json.dumps(whole, sort_keys=True, separators=(",", ":"), default=str)
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()
