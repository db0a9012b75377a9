"""Changes of a manifest that are tried before a message suggests them.

A suggestion that leads to the next problem costs its reader a push. Trials and suggestions of one manifest are limited,
so that no file with thousands of mistakes takes long to explain.
"""

import json
from dataclasses import dataclass

from pydantic import BaseModel, JsonValue, ValidationError

from desired_state.located import Location


@dataclass(slots=True)
class Budget:
    """The trials and suggestions that are left for a manifest with all its overrides."""

    trials: int = 40
    suggestions: int = 200


@dataclass(slots=True)
class Trial:
    """The data of a manifest, or of its spec with an override merged. `written` is what its author wrote of it."""

    model: type[BaseModel]
    data: JsonValue
    written: JsonValue
    budget: Budget

    @property
    def may_suggest(self) -> bool:
        """Return whether a further mistake may be explained with a suggestion, and count it."""
        self.budget.suggestions -= 1
        return self.budget.suggestions >= 0

    def takes(self, location: Location, value: JsonValue) -> bool:
        """Return whether the location has no error once it has this value."""
        return self._is_valid(replaced(self.data, location, value), location)

    def has(self, location: Location) -> bool:
        """Return whether the author wrote the key that a location ends with."""
        around = _value_at(self.written, location[:-1])
        return isinstance(around, dict) and location[-1] in around

    def renames(self, location: Location, name: str) -> bool:
        """Return whether the value of the key that a location ends with is valid under another name."""
        *parent, old = location
        around = _value_at(self.data, parent)
        if not isinstance(around, dict):
            return False
        renamed = {key: value for key, value in around.items() if key != old} | {name: around.get(str(old))}
        return self._is_valid(replaced(self.data, parent, renamed), (*parent, name))

    def _is_valid(self, data: JsonValue, location: Location) -> bool:
        if self.budget.trials == 0:
            return False
        self.budget.trials -= 1
        try:
            self.model.model_validate_json(json.dumps(data, ensure_ascii=False))
        except ValidationError as error:
            return not any(_concerns(details["loc"], location) for details in error.errors(include_url=False))
        return True


def _value_at(data: JsonValue, location: Location) -> JsonValue:
    """Return the value at a location, or None."""
    for step in location:
        if isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        elif isinstance(data, dict) and isinstance(step, str):
            data = data.get(step)
        else:
            return None
    return data


def replaced(data: JsonValue, location: Location, value: JsonValue) -> JsonValue:
    """Return the data with another value at a location that it has."""
    if not location:
        return value
    step, *rest = location
    if isinstance(data, list):
        return [replaced(item, rest, value) if index == step else item for index, item in enumerate(data)]
    if isinstance(data, dict):
        return {name: replaced(item, rest, value) if name == step else item for name, item in data.items()}
    return data


def _concerns(found: Location, location: Location) -> bool:
    """Return whether an error is at the location or below, or about the list of which the location is an item."""
    below = tuple(found[: len(location)]) == tuple(location)
    return below or (isinstance(location[-1], int) and tuple(found) == tuple(location[:-1]))
