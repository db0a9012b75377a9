"""Values of a plan document, redacted: sensitive ones and credentials as marks, unknown ones as `UNKNOWN`.

Container definitions are JSON in a string: they are parsed, keyed by name and normalised, so that another order or a
written-out default is no change. Neither is JSON that differs in notation only.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from reconciler.core.plan import containers
from reconciler.core.plan.model import UNKNOWN
from reconciler.core.redaction.environments import OpenValues
from reconciler.core.redaction.known_secrets import of_plan
from reconciler.core.redaction.redactor import Redactor

_SHORTEST_SECRET = 16  # a shorter one may be any word, and is masked only where Terraform says so
_LONGEST = 400
_CONTAINERS = "container_definitions"


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads values of one document. `secrets` are the texts that the document marks anywhere, `opened` what readers see
    of an environment although every value of it is hidden.
    """

    redactor: Redactor
    secrets: frozenset[str]
    opened: OpenValues

    @classmethod
    def of(cls, document: Mapping[str, Any], redactor: Redactor, in_git: Iterable[Mapping[str, Any]] = ()) -> "Reader":
        """Return the reader of a document. `in_git` are variables of the root as manifests give them."""
        secrets = of_plan(document)
        return cls(redactor, secrets, redactor.open_values(in_git, secrets))

    def name(self, text: Any) -> str:
        """Return an address or the name of an attribute; Terraform lets none of them contain a sensitive value."""
        return self.redactor.text(str(text))

    def message(self, text: Any) -> str:
        """Return a message without secrets, cut short."""
        said = " ".join(self.redactor.text(str(text), *self.secrets).split())
        return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1]}…"

    def sides(self, change: Mapping[str, Any], name: str | None = None) -> tuple[Any, Any]:
        """Return the values before and after a change. What is sensitive on one side is masked on both.

        `name` is the name of the value, which may say that it is a credential.
        """
        mask = _either(change.get("before_sensitive", False), change.get("after_sensitive", False))
        before, after = (self._named(name, change.get(side), mask) for side in ("before", "after"))
        return before, _with_unknown(after, change.get("after_unknown", False))

    def _named(self, name: str | None, value: Any, mask: Any) -> Any:
        if name is None or value is None:
            return self.value(value, mask)
        (found,) = self.value({name: value}, {name: mask}).values()
        return found

    def value(self, value: Any, mask: Any, unknown: Any = False) -> Any:
        """Return a value without secrets. `mask` and `unknown` are true, false, or nested like the value."""
        known = None if value is None else self._opened(self.redactor.value(value, mask))
        return _with_unknown(known, unknown)

    def _opened(self, values: Any) -> Any:
        """Mask every string that looks like a credential, and parse container definitions.

        Terraform marks a secret at its input, and not where a provider returns a copy of it.
        """
        if isinstance(values, Mapping):
            return {
                name: self._containers(value) if name == _CONTAINERS and isinstance(value, str) else self._opened(value)
                for name, value in values.items()
            }
        if isinstance(values, list):
            return [self._opened(value) for value in values]
        if not isinstance(values, str):
            return values
        copied = len(values) >= _SHORTEST_SECRET and values in self.secrets
        return self.redactor.mark(values) if copied else self.redactor.text(values)

    def _containers(self, text: str) -> Any:
        try:
            definitions = json.loads(text)
        except ValueError:
            return self.redactor.text(text)
        return self._opened(containers.normal(self.redactor.container_definitions(definitions)))


def without_images(values: Any) -> Any:
    """Return a resource without the images of its containers."""
    if not isinstance(values, Mapping) or not isinstance(values.get(_CONTAINERS), Mapping):
        return values
    return {**values, _CONTAINERS: {name: _without_image(one) for name, one in values[_CONTAINERS].items()}}


def _without_image(found: Any) -> Any:
    if isinstance(found, list):
        return [_without_image(one) for one in found]
    return {name: value for name, value in found.items() if name != "image"} if isinstance(found, Mapping) else found


def _either(one: Any, other: Any) -> Any:
    """Return the mask of everything that one of two masks hides."""
    if one is True or other is True:
        return True
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return {name: _either(one.get(name, False), other.get(name, False)) for name in {*one, *other}}
    if isinstance(one, list) and isinstance(other, list):
        return [_either(left, right) for left, right in zip_longest(one, other, fillvalue=False)]
    return one or other


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
