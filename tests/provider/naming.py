"""Stable names for generated ids, and a stable order for unordered lists, so that two runs can be compared as text."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

GENERATED = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"  # keys, requests
    r"|\b(?:srv|ns)-[a-z0-9]{8,}\b"  # Cloud Map
    r"|(?<=-)[0-9a-f]{6}\b"  # the modules' own digests of generated ids
    r"|(?<=scalable-target/)[a-z0-9]{30,}\b"
    r"|\bA(?:ROA|NPA|IDA)[A-Z0-9]{16,17}\b"  # IAM
    r"|\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b"  # most of the rest
)
MOMENT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)")
UNORDERED = {
    "relevant_attributes",
    "checks",
    "check_results",
    "sensitive_attributes",
}  # terraform writes them in any order
PER_RUN = {"timestamp", "lineage"}


@dataclass
class Names:
    """Names for generated ids. Ids in `given`, the text of the inputs, are compared unchanged."""

    known: dict[str, str]
    given: str = ""

    def learn(self, document: Mapping[str, Any]) -> None:
        """Name new ids after their place; single values before lists, because a set's order depends on its values."""
        leaves = sorted(_leaves(document, ""), key=lambda leaf: "/" in leaf[0])
        for place, text in leaves:
            for n, found in enumerate(GENERATED.findall(text)):
                if found not in self.given:
                    self.known.setdefault(found, f"<{place}#{n}>")

    def text(self, value: str) -> str:
        for found, name in self.known.items():
            value = value.replace(found, name) if not GENERATED.fullmatch(found) else value
        return MOMENT.sub("<moment>", GENERATED.sub(lambda found: self.known.get(found[0], found[0]), value))

    def rename(self, value: Any, key: str = "") -> Any:
        match value:
            case str():
                document = _document(value)
                return self.text(value) if document is None else json.dumps(self.rename(document), sort_keys=True)
            case dict():
                return {self.text(k): self.rename(v, k) for k, v in value.items() if k not in PER_RUN}
            case list():
                renamed = [self.rename(item) for item in _by_address(value)]
                loose = key in UNORDERED or any("<" in json.dumps(item) for item in renamed)
                return sorted(renamed, key=json.dumps) if loose else renamed
        return value


def _document(text: str) -> Any:
    """Read a text that is itself JSON (policies, containers), whose keys providers write in any order; None if not."""
    try:
        return json.loads(text) if text.startswith(("{", "[")) else None
    except ValueError:
        return None


def _leaves(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Yield the places and texts of a document, mappings in the order of their keys."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key in sorted(value):
            yield from _leaves(value[key], f"{place}.{key}")
    elif isinstance(value, list):
        for n, item in enumerate(_by_address(value)):
            yield from _leaves(item, f"{place}/{n}")


def _by_address(items: list[Any]) -> list[Any]:
    """Sort modules and resources by address, because terraform writes them in any order."""
    if items and all(isinstance(item, dict) and isinstance(item.get("address"), str) for item in items):
        return sorted(items, key=lambda item: str(item["address"]))
    return items
