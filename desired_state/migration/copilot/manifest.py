"""Manifests of AWS Copilot: load balanced web services, backend services, workers and scheduled jobs.

Source of the names: the manifest pages of the documentation of AWS Copilot.
"""

from typing import Final

from pydantic import JsonValue

from desired_state.migration.copilot.parts import NETWORK, PLATFORM, STORAGE, image_table, logging, sidecars
from desired_state.migration.copilot.scaling import count, deployment
from desired_state.migration.copilot.traffic import http, load_balancer
from desired_state.migration.draft import Draft, Table, Unsaid, apply, lost, needless, to, within
from desired_state.migration.references import schedule, secret
from desired_state.migration.source import Item
from desired_state.migration.taskdefinition import complete
from desired_state.migration.values import duration, environment, flag, label, number, size, text, words
from desired_state.migration.writing import Written

_PERMISSIONS: Final = "say in permissions what the code does with the topic or the queue"


def variables(item: Item, draft: Draft) -> None:
    """Put `variables`; a value may also come from a stack of CloudFormation."""
    plain = []
    for name, one in item.fields():
        if isinstance(one.value, dict):
            draft.lose(one, "it is the output of a stack: write its value")
        else:
            plain.append((name, one))
    environment(plain, draft, str(draft.get("name") or "app"))


def secrets(item: Item, draft: Draft) -> None:
    """Put `secrets`: a text is a parameter of SSM, and `secretsmanager` names a secret."""
    found: dict[str, JsonValue] = {}
    for name, one in item.fields():
        try:
            named = one.get("secretsmanager")
            if named is not None:
                found[name] = _named(text(named))
            elif isinstance(one.value, dict):
                draft.lose(one, "it is the output of a stack: write the secret's name")
            else:
                found[name] = secret(one)
        except Unsaid as why:
            draft.lose(one, str(why))
    if found:
        draft.data["secrets"] = found


def _named(written: str) -> JsonValue:
    name, *rest = written.split(":")
    return f"{name}:{rest[0]}" if rest and rest[0] else name


def _scheduled(item: Item, draft: Draft) -> None:
    found = item.get("schedule")
    if found is not None and found.text != "none":
        draft.put("schedule", schedule(found))


def _publish(item: Item, draft: Draft) -> None:
    draft.lose(item, f"Copilot made the topics: keep them in a Module, and {_PERMISSIONS}")


def _environment_files(item: Item, draft: Draft) -> None:
    raise Unsaid(f"Copilot uploaded the file: put it into a bucket and write its ARN in envFiles ({text(item)[:60]})")


def _later(item: Item, draft: Draft) -> None:
    """Leave the environments to `import_`."""


TABLE: Final[Table] = {
    "name": needless,
    "type": needless,
    "environments": _later,  # by `import_`, which makes an override of each
    "http": http,
    "nlb": load_balancer,
    "alb": lost("write the routing in http"),
    "cpu": to("cpu", number),
    "memory": to("memory", number),
    "platform": PLATFORM,
    "count": count,
    "exec": to("exec", flag),
    "deployment": deployment,
    "entrypoint": to("entryPoint", words),
    "command": to("command", words),
    "network": within(NETWORK),
    "variables": variables,
    "env_file": _environment_files,
    "secrets": secrets,
    "storage": within(STORAGE),
    "publish": _publish,
    "subscribe": lost(f"Copilot made the queue and its subscriptions: keep them in a Module, and {_PERMISSIONS}"),
    "logging": logging,
    "observability": lost("add a sidecar for traces, and telemetry to permissions"),
    "taskdef_overrides": lost("each override is a field of its own here"),
    "sidecars": sidecars(variables, secrets),
    "on": _scheduled,
    "retries": to("retries", number),
    "timeout": to("timeout", duration),
}
_SERVICES: Final = {"Load Balanced Web Service", "Backend Service", "Worker Service"}
_JOB: Final = "Scheduled Job"


def import_(item: Item) -> tuple[Written, ...]:
    """Return the manifest of a service or a job. Raises Unsaid for the types that are not ECS."""
    kind, named = item.get("type"), item.get("name")
    if kind is None or kind.text not in {*_SERVICES, _JOB}:
        raise Unsaid(f"the type {kind.text[:60] if kind else ''!r} does not run on ECS: there is no manifest for it")
    is_job = kind.text == _JOB
    name = label(named.text if named else "service")
    draft = _draft(item, name, Draft(), is_job=is_job)
    if kind.text == "Load Balanced Web Service" and draft.get("routing") is None and draft.get("listeners") is None:
        draft.put("routing.paths", ["/*"])
    draft.data.setdefault("type", "public" if draft.get("routing") else "internal")
    if kind.text == "Backend Service" and draft.data["type"] == "public":
        draft.check(
            kind, "public: Copilot's load balancer of backends was internal, the platform's is not; see routing"
        )
    if is_job:
        del draft.data["type"]
    cpu, memory = draft.get("cpu"), draft.get("memory")
    size(draft, cpu if isinstance(cpu, int) else 256, memory if isinstance(memory, int) else 512)
    storage = item.get("storage")
    if storage is None or storage.get("readonly_fs") is None:
        draft.put("writableRoot", True)
        draft.assume("writableRoot", "Copilot's containers can write: name the folders in writablePaths instead")
    overrides = _overrides(item, name, draft, is_job=is_job)
    draft.lose_unseen(item)
    written = complete(name, draft, "Job" if is_job else "Service")
    return (Written(written.kind, name, written.spec, overrides, tuple(draft.notes)),)


def _draft(item: Item, name: str, draft: Draft, *, is_job: bool) -> Draft:
    draft.data["name"] = name  # the folder of secrets that are proposed
    apply({**TABLE, **image_table(is_job=is_job)}, item, draft)
    del draft.data["name"]
    return draft


def _overrides(item: Item, name: str, draft: Draft, *, is_job: bool) -> dict[str, dict[str, JsonValue]]:
    """Return what each environment changes, and put the environments."""
    found = item.get("environments")
    overrides: dict[str, dict[str, JsonValue]] = {}
    names: list[JsonValue] = []
    for environment_name, one in found.fields() if found else ():
        known = label(environment_name, 16)
        names.append(known)
        if isinstance(one.value, dict) and one.value:
            overrides[known] = _draft(one, name, draft.part(), is_job=is_job).data
    if names:
        draft.put("environments", names)
        draft.assume("environments", "those that the manifest changes: add the others")
    return {known: patch for known, patch in overrides.items() if patch}
