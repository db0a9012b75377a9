"""Conversions of single values: numbers, times, words, sizes of Fargate. Each raises Unsaid for what cannot be said."""

import re
import shlex
from collections.abc import Iterable
from typing import Final

from pydantic import JsonValue, TypeAdapter, ValidationError

from desired_state.kinds.container.sidecar import PlainVariableName
from desired_state.kinds.service.fargate import SIZES
from desired_state.migration.draft import Draft, Unsaid
from desired_state.migration.source import Item

_UNITS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 0.000001, "ns": 0.000000001}
_DURATION: Final = re.compile(r"(?:\d{1,9}(?:\.\d{1,9})?(?:h|ms|us|ns|m|s))+")
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(h|ms|us|ns|m|s)")
_MEMORY: Final = re.compile(r"(\d{1,9}(?:\.\d{1,3})?) ?([kmg]?)i?b?", re.IGNORECASE)
TEMPLATE: Final = re.compile(r"\{\{.*?\}\}|\$\{[^}]*\}", re.DOTALL)
_CREDENTIALS: Final = re.compile(r"://[^/\s:@]*:[^/\s@]+@")
_PLAIN_NAME: Final[TypeAdapter[str]] = TypeAdapter(PlainVariableName)


def text(item: Item) -> str:
    """Return a scalar as text, as it is written."""
    if item.value is None or isinstance(item.value, list | dict):
        raise Unsaid("it should be text")
    if found := TEMPLATE.search(item.text):
        raise Unsaid(f"{found[0]} is a template of the other tool: write its value")
    return item.text


def number(item: Item) -> int:
    """Return a whole number, also if it is written as text."""
    if not re.fullmatch(r"\d{1,9}", item.text):
        raise Unsaid("it should be a whole number")
    return int(item.text)


def flag(item: Item) -> bool:
    """Return true or false."""
    if item.text.lower() not in {"true", "false"}:
        raise Unsaid("it should be true or false")
    return item.text.lower() == "true"


def words(item: Item) -> list[JsonValue]:
    """Return a command as a list; one that is a single text is split as a shell would."""
    if isinstance(item.value, list):
        return [text(one) for one in item.items()]
    try:
        return list(shlex.split(text(item)))
    except ValueError as error:
        raise Unsaid(f"it is not a command: {error}") from None


def texts(item: Item) -> list[JsonValue]:
    """Return a list of texts; a single one becomes a list."""
    return words(item) if isinstance(item.value, list) else [text(item)]


def seconds(item: Item) -> int:
    """Return a time in whole seconds, at least one: `90`, `90s` or `1m30s`."""
    written = text(item)
    if re.fullmatch(r"\d{1,9}", written):
        return int(written)
    if not _DURATION.fullmatch(written):
        raise Unsaid("it should be a time such as 90s")
    total = sum(float(count) * _UNITS[unit] for count, unit in _PART.findall(written))
    return max(1, round(total)) if total else 0


def duration(item: Item) -> str:
    """Return a time as manifests write it, such as `90s`."""
    return f"{seconds(item)}s"


def mebibytes(item: Item) -> int:
    """Return a size in MiB: a number is one, text may have a unit."""
    found = _MEMORY.fullmatch(text(item))
    if found is None:
        raise Unsaid("it should be a size in MiB")
    factor = {"k": 1 / 1024, "m": 1.0, "g": 1024.0, "": 1.0}[found[2].lower()]
    return max(1, round(float(found[1]) * factor))


def cpu_units(item: Item) -> int:
    """Return CPU units: `256`, `.25 vCPU`."""
    found = re.fullmatch(r"(\d{0,5}(?:\.\d{1,3})?) ?vcpu", text(item), re.IGNORECASE)
    if found is not None and found[1]:
        return round(float(found[1]) * 1024)
    return number(item)


def labels(item: Item) -> dict[str, JsonValue]:
    """Return a mapping of text to text; Compose may write `name=value` in a list."""
    if isinstance(item.value, list):
        return {name: value for name, _, value in (text(one).partition("=") for one in item.items())}
    return {name: text(one) for name, one in item.fields()}


def repository_path(item: Item) -> str:
    """Return a path in the repository, without the dot and the slash that mean its top."""
    written = text(item)
    path = written.removeprefix("./").rstrip("/") or "."
    if path.startswith("/") or ".." in path.split("/"):
        raise Unsaid("it leads out of the repository that the pipeline builds from")
    return path


def build_args(item: Item, draft: Draft) -> None:
    """Put arguments of a build; what looks like a secret is none."""
    found: dict[str, JsonValue] = {}
    for name, value in labels(item).items():
        try:
            found[_PLAIN_NAME.validate_python(name)] = value
        except ValidationError:
            draft.lose(item, f"{one_line(name)} is no argument here: a build gets no secrets")
    if found:
        draft.put("delivery.buildArgs", found)


def size(draft: Draft, cpu: int, memory: int) -> None:
    """Put the smallest size of Fargate that has room for both, with a note if that is another one."""
    fits: Iterable[tuple[int, int]] = (
        (units, choice) for units, choices in SIZES.items() if units >= cpu for choice in choices if choice >= memory
    )
    chosen = next(iter(fits), None)
    if chosen is None:
        chosen = max(SIZES), max(SIZES[max(SIZES)])
    if chosen != (cpu, memory):
        draft.assume("cpu, memory", f"the next size of Fargate to cpu {cpu} and memory {memory}")
    draft.put("cpu", chosen[0])
    draft.put("memory", chosen[1])


def environment(variables: Iterable[tuple[str, Item]], draft: Draft, folder: str) -> None:
    """Put variables in clear text under `env`; one that looks like a secret is asked for by name, without its value."""
    for name, item in variables:
        if item.value is None:
            draft.lose(item, f"{one_line(name)} has no value here: it comes from the shell, so write one")
            continue
        try:
            value = text(item)
        except Unsaid as why:
            draft.lose(item, str(why))
            continue
        try:
            _PLAIN_NAME.validate_python(name)
        except ValidationError as error:
            if "looks like a secret" not in error.errors()[0]["msg"]:
                draft.lose(item, "a name of a variable has letters, digits and _ here")
                continue
            secret = f"{folder}/{name.lower().replace('_', '-')}"
            _put_in(draft, "secrets", name, secret)
            draft.check(item, f"{name} looks like a secret: store its value in Secrets Manager as {secret}")
            continue
        if _CREDENTIALS.search(value):
            secret = f"{folder}/{name.lower().replace('_', '-')}"
            _put_in(draft, "secrets", name, secret)
            draft.check(item, f"the value of {name} has a password: store it in Secrets Manager as {secret}")
            continue
        _put_in(draft, "env", name, value)


def _put_in(draft: Draft, group: str, name: str, value: JsonValue) -> None:
    """Put an entry whose name may have dots."""
    found = draft.data.setdefault(group, {})
    if isinstance(found, dict):
        found[name] = value


def label(name: str, longest: int = 24) -> str:
    """Return a name as a DNS label, as manifests want it."""
    plain = re.sub(r"[^a-z0-9]+", "-", re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", name).lower()).strip("-")
    plain = re.sub(r"^[^a-z]+", "", plain)[:longest].strip("-")
    return plain or "service"


def one_line(written: str, longest: int = 200) -> str:
    """Return text for a comment: one line of printable characters, cut at the end."""
    shown = "".join(letter if letter.isprintable() else " " for letter in written)
    return shown if len(shown) <= longest else shown[:longest] + "…"
