"""Origins of settings: a line of the file, or an environment variable, which takes precedence."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from desired_state.reading.document import Document
from desired_state.reading.suggestion import suggest
from reconciler.config.models import Settings

PREFIX = "RECONCILER__"

Loc = tuple[str, ...]


def variables() -> dict[Loc, str]:
    """Return the environment variables with our prefix, by the key that each sets."""
    ours = (name for name in os.environ if name.upper().startswith(PREFIX))
    return {tuple(name[len(PREFIX) :].lower().split("__")): name for name in ours}


class Places:
    """Places of all keys that the file and the environment variables set."""

    def __init__(self, document: Document | None, variables: Mapping[Loc, str]) -> None:
        self._document = document
        self._variables = variables

    def of(self, loc: Loc, *, key: bool = False) -> str:
        """Return the variable that sets this key, else the place of its value in the file (of the key with `key`)."""
        for length in range(len(loc), 0, -1):
            if name := self._variables.get(loc[:length]):
                return name
        below = next((name for key, name in self._variables.items() if key[: len(loc)] == loc), None)
        if self._document is None:
            return below or PREFIX + "__".join(loc).upper()
        line, column = self._document.key_at(loc) if key else self._document.at(loc)
        return f"{self._document.path}:{line}:{column}"

    @property
    def written(self) -> Mapping[str, Any]:
        """Return the content of the file, {} without a file."""
        return self._document.data if self._document else {}

    def unknown_keys(self) -> list[str]:
        """Return one problem for each section of the file that does not exist."""
        known = set(Settings.model_fields)
        return [
            f"{self.of((name,), key=True)}: {name}: unknown key; {suggest(name, known)}"
            for name in self.written
            if name not in known
        ]

    def unknown_variables(self) -> list[str]:
        """Return one problem for each variable of an unknown section: pydantic-settings silently ignores the typo."""
        known = set(Settings.model_fields)
        return [
            f"{name}: {key[0]}: unknown section; {suggest(key[0], known)}"
            for key, name in self._variables.items()
            if key[0] not in known
        ]

    def origins(self) -> dict[str, str]:
        """Map the dotted name of every key that was set to its origin."""
        found: dict[str, str] = {}
        if self._document is not None:
            for loc in _leaves(self._document.data):
                line, _ = self._document.at(loc)
                found[".".join(loc)] = f"{self._document.path}:{line}"
        return found | {".".join(key): name for key, name in self._variables.items()}


def _leaves(data: Mapping[str, Any], above: Loc = ()) -> Iterator[Loc]:
    for key, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, (*above, key))
        else:
            yield (*above, key)
