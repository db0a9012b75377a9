"""References of other tools as manifests write them: images, secrets, parameters, files of variables, schedules."""

import re
from typing import Final

from pydantic import JsonValue

from desired_state.migration.draft import Conversion, Draft, Row, Unsaid
from desired_state.migration.source import Item
from desired_state.migration.values import TEMPLATE, text

_SECRET_ARN: Final = re.compile(r"(arn:[a-z-]+:secretsmanager:[^:]+:[^:]+:secret:[^:]+)(?::([^:]*):([^:]*):([^:]*))?")
_PARAMETER_ARN: Final = re.compile(r"arn:[a-z-]+:ssm:[^:]+:[^:]+:parameter/.+")
TO_WRITE: Final = "write-this"
_DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_PRESETS: Final = {
    "@hourly": "0 * * * ? *",
    "@daily": "0 0 * * ? *",
    "@midnight": "0 0 * * ? *",
    "@weekly": "0 0 ? * SUN *",
    "@monthly": "0 0 1 * ? *",
    "@yearly": "0 0 1 1 ? *",
    "@annually": "0 0 1 1 ? *",
}


def image_uri(item: Item) -> str:
    """Return the address of an image with its registry and its tag or digest, as Docker completes it.

    A template of the other tool in it becomes a word that says so, since a container without an image is none."""
    written = TEMPLATE.sub(TO_WRITE, item.text)
    found = re.fullmatch(r"([^\s:@]+(?::\d+(?=/))?[^\s:@]*)(?::([\w.-]+))?(?:@(sha256:[0-9a-f]{64}))?", written)
    if found is None:
        raise Unsaid("it should be an image")
    repository, tag, digest = found.groups()
    first, _, rest = repository.partition("/")
    if not rest:
        repository = f"docker.io/library/{repository}"
    elif not ("." in first or ":" in first or first == "localhost"):
        repository = f"docker.io/{repository}"
    if digest:
        return f"{repository}@{digest}"
    return f"{repository}:{tag or 'latest'}"


def image(item: Item) -> dict[str, JsonValue]:
    """Return an image as the mapping of the service's own container."""
    uri = image_uri(item)
    if "@" in uri:
        repository, _, digest = uri.partition("@")
        return {"repository": repository, "digest": digest}
    repository, _, tag = uri.rpartition(":")
    return {"repository": repository, "tag": tag}


def secret(item: Item) -> JsonValue:
    """Return what ECS calls `valueFrom`: a secret, one key or version of it, or a parameter."""
    written = text(item)
    if _PARAMETER_ARN.fullmatch(written):
        return {"parameter": written}
    found = _SECRET_ARN.fullmatch(written)
    if found is None:
        if written.startswith("arn:"):
            raise Unsaid("it is the ARN of neither a secret nor a parameter")
        return {"parameter": written}
    arn, key, stage, version = found.groups()
    reference: dict[str, JsonValue] = {"secret": arn}
    reference |= {word: value for word, value in (("key", key), ("stage", stage), ("version", version)) if value}
    return reference


def schedule(item: Item) -> dict[str, JsonValue]:
    """Return a schedule: six fields as AWS has them, five as cron has them, a preset, or an interval."""
    written = text(item).strip()
    if written in _PRESETS:
        return {"cron": _PRESETS[written]}
    if found := re.fullmatch(r"cron\((.+)\)", written):
        return {"cron": found[1].strip()}
    if found := re.fullmatch(r"rate\((\d{1,5}) (minute|hour|day)s?\)|@every (\d{1,5})([hm])", written):
        return {"rate": f"{found[1] or found[3]}{(found[2] or found[4])[0]}"}
    fields = written.split()
    if len(fields) == 6 and "?" in fields:
        return {"cron": written}
    if len(fields) != 5:
        raise Unsaid("it should be a schedule: five fields of cron, @daily or @every 1h")
    return {"cron": " ".join(_six(*fields))}


def _six(minute: str, hour: str, day: str, month: str, weekday: str) -> tuple[str, ...]:
    """Return the six fields of AWS, where one of the two days has to be `?`, and Sunday is 1 and not 0.

    Source: EventBridge Scheduler user guide, "Schedule types", cron-based schedules."""
    if weekday in {"*", "?"}:
        return minute, hour, day, month, "?", "*"
    if day not in {"*", "?"}:
        raise Unsaid("cron runs on the day of the month and on the weekday, AWS on one of them: write two jobs")
    named = re.sub(r"(?<![/#\d])[0-7](?!\d)", lambda found: _DAYS[int(found[0])], weekday)
    return minute, hour, "?", month, named, "*"


def to_image(path: str, conversion: Conversion) -> Row:
    """Return the row of an image, with a note if a part of it has to be written."""

    def row(item: Item, draft: Draft) -> None:
        draft.put(path, conversion(item))
        if found := TEMPLATE.search(item.text):
            draft.check(item, f"{found[0]} is a template of the other tool: write its value for {TO_WRITE}")

    return row
