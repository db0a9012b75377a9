"""Mask secrets in plans, reports, logs and messages.

A mark is a keyed hash: the same secret gives the same mark, a changed one another, and without the key it cannot be
guessed. Everything that leaves the daemon passes through here, a doubtful value is masked, and nothing here raises.
Redaction is idempotent: a mark is left alone wherever it occurs.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from itertools import pairwise, zip_longest
from typing import Any
from urllib.parse import quote, quote_plus

from reconciler.core.redaction import environments, forms, published_rules
from reconciler.core.redaction.forms import CLOSE, MARK, OPEN
from reconciler.core.redaction.names import names_a_credential

_WHOLE_MARK = re.compile(MARK)
_ENCODED = re.compile(r"(?<![A-Za-z0-9+/_\-])[A-Za-z0-9+/_\-]{16,}={0,2}")
_BASIC = re.compile(r"[\w.@+\-]{1,64}:[^\s:]{4,}")  # user:password, as HTTP's basic authentication encodes it
_URL_SAFE = str.maketrans("-_", "+/")
_SHORTEST_LITERAL = 6  # shorter ones would punch holes into ordinary words
_MOST_KEPT = 8_000_000  # characters of texts without a secret, so that the next plan's values are known already
_MOST_ROUNDS = 20


def is_marked(value: Any) -> bool:
    """Return whether the value contains a mark, so that it is not shown literally."""
    return re.search(MARK, json.dumps(value, ensure_ascii=False, default=str)) is not None


class Redactor:
    """Masks secrets with marks keyed by `key`; `literals` are secrets known literally."""

    __slots__ = ("_clean", "_kept", "_key", "_known", "_literals")

    def __init__(self, key: bytes, literals: Iterable[str] = ()) -> None:
        self._key = key
        self._literals = frozenset(literals)
        self._clean: set[str] = set()  # never a text with a secret: none is kept for longer than its plan
        self._kept = 0
        words = sorted({form for literal in self._literals for form in _forms(literal)}, key=lambda w: (-len(w), w))
        self._known = re.compile(f"({MARK})|{'|'.join(map(re.escape, words))}") if words else None

    def with_literals(self, *literals: str) -> "Redactor":
        """Return a redactor that also masks these words, in plain form and as JSON and URLs write them (six characters
        and more).
        """
        return Redactor(self._key, self._literals | set(literals))

    def mark(self, value: Any) -> str:
        """Return the mark of a value; equal values have equal marks. A mark is its own mark."""
        if isinstance(value, str) and _WHOLE_MARK.fullmatch(value):
            return value
        try:
            text = json.dumps(value, sort_keys=True, ensure_ascii=True, default=str)
        except (TypeError, ValueError, RecursionError):
            text = f"unprintable {type(value).__name__}"
        digest = hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
        return f"{OPEN}redacted:{digest[:8]}{CLOSE}"

    def value(self, value: Any, sensitive_mask: Any = False) -> Any:
        """Return a JSON value without what Terraform marks as sensitive and without what looks like a credential.

        `sensitive_mask` is true, false, or nested like the value, as `before_sensitive` and `after_sensitive` are.
        """
        try:
            return self._masked(value, sensitive_mask)
        except (RecursionError, ValueError):  # nested too deep, or a number too long to write
            return self.mark(value)

    def container_definitions(self, definitions: Any) -> Any:
        """Return container definitions (JSON text or a list) without the values of their environment."""
        if not isinstance(definitions, str):
            return self.value(definitions)
        try:
            data = json.loads(definitions)
            return json.dumps(self.container_definitions(data), ensure_ascii=False, separators=(",", ":"))
        except (ValueError, RecursionError):
            return self.mark(definitions)

    def text(self, text: str, *literals: str) -> str:
        """Return free text without anything that looks like a credential, and without these words."""
        if literals:
            return self.with_literals(*literals).text(text)
        if text in self._clean:
            return text
        # A mark can uncover a match (it ends a word), so go on until nothing changes.
        masked = text
        for _ in range(_MOST_ROUNDS):
            before, masked = masked, self._round(masked)
            if masked == before:
                break
        else:
            return self.mark(text)
        if masked == text:
            self._keep_clean(text)
        return masked

    def open_values(self, in_git: Iterable[Mapping[str, Any]], secrets: frozenset[str]) -> environments.OpenValues:
        """Return the environment variables in `in_git` that may be shown: no credentials, and none of the `secrets`."""
        found = (pair for variables in in_git for pair in environments.values("", variables))
        return environments.OpenValues((pair for pair in found if pair[1] not in secrets), self.mark, self.value)

    def _round(self, text: str) -> str:
        text = published_rules.masked(self._without_known(text), self.mark)
        text = forms.masked(text, self.mark, self.text)
        return _ENCODED.sub(lambda match: self._decoded(match.group()), text)

    def _keep_clean(self, text: str) -> None:
        self._kept += len(text)
        if self._kept > _MOST_KEPT:
            self._clean.clear()
            self._kept = len(text)
        if len(text) <= _MOST_KEPT:
            self._clean.add(text)

    def _without_known(self, text: str) -> str:
        if self._known is None:
            return text
        return self._known.sub(lambda match: match.group() if match.group(1) else self.mark(match.group()), text)

    def _masked(self, value: Any, mask: Any) -> Any:
        if mask is True:
            return self.mark(value)
        nested = Mapping if isinstance(value, Mapping) else list | tuple
        if not isinstance(mask, nested) or not isinstance(value, Mapping | list | tuple):
            if _marks_anything(mask):  # a mask that does not fit its value
                return self.mark(value)
            mask = {} if isinstance(value, Mapping) else []
        if isinstance(value, Mapping):
            named = self._named_entry(value)
            return {self.text(str(k)): self._entry(named.get(k, str(k)), v, mask.get(k)) for k, v in value.items()}
        if isinstance(value, list | tuple):
            found = [self._masked(v, m) for v, m in zip_longest(value, mask[: len(value)])]
            return self._arguments(found)
        if isinstance(value, str):
            return self._document(value)
        known = self._known is not None and isinstance(value, int | float) and self._known.search(str(value))
        return self.mark(value) if known else value

    def _named_entry(self, value: Mapping[str, Any]) -> dict[str, str]:
        """Return what the value of `{"name": "db_password", "value": …}` is named."""
        keys = environments.pair(value)
        return {keys[1]: str(value[keys[0]])} if keys else {}

    def _entry(self, name: str, value: Any, mask: Any) -> Any:
        if name == "container_definitions" and mask is not True and isinstance(value, str):
            return self.container_definitions(value)
        if names_a_credential(name, value):
            return self.mark(value)
        if environments.is_block(name, value) and mask is not True:
            value = environments.without_values(value, self.mark)
        return self._masked(value, mask)

    def _document(self, value: str) -> str:
        """Return a text; JSON in it is redacted by its names, and stays as it is written when it holds no secret."""
        if value[:1] in {"{", "["} and value not in self._clean:
            try:
                data = json.loads(value)
                found = self._masked(data, False)
            except (ValueError, RecursionError):
                return self.text(value)
            if found != data:
                value = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
        return self.text(value)

    def _arguments(self, items: list[Any]) -> list[Any]:
        """Return a list in which nothing follows the flag of a credential: the arguments of a command."""
        if not any(isinstance(item, str) and item.startswith("-") for item in items):
            return items
        texts = [item if isinstance(item, str) else "" for item in items]
        found = list(items)
        for index, (before, item) in enumerate(pairwise(texts), 1):
            if (before.startswith("-") or item.startswith("-p")) and item and not _WHOLE_MARK.fullmatch(item):
                line = " ".join(json.dumps(text, ensure_ascii=False) for text in (*texts[: index - 1], before))
                written = f"{line} {json.dumps(item, ensure_ascii=False)}"
                if self.text(written) != f"{self.text(line)} {json.dumps(item, ensure_ascii=False)}":
                    found[index] = self.mark(item)
        return found

    def _decoded(self, encoded: str) -> str:
        """Return the mark of base64 that hides a credential (user data of a machine, a stored header); else itself."""
        try:
            padded = encoded.rstrip("=").translate(_URL_SAFE)
            text = base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True).decode()
        except ValueError:
            return encoded
        hides = (text.isprintable() and _BASIC.fullmatch(text)) or self.text(text) != text
        return self.mark(encoded) if hides else encoded


def _forms(literal: str) -> Iterable[str]:
    """Yield a literal in the notations of texts, without those that could be part of a mark: marks must not be marked
    again.
    """
    for piece in re.split(f"[{OPEN}{CLOSE}]", literal):
        written = (
            piece,
            json.dumps(piece)[1:-1],
            json.dumps(piece, ensure_ascii=False)[1:-1],
            _url(piece),
            _plus(piece),
            base64.b64encode(piece.encode(errors="replace")).decode(),
        )
        yield from (form for form in written if len(piece) >= _SHORTEST_LITERAL and form not in "redacted:")


def _url(text: str) -> str:
    return quote(text, safe="", errors="replace")


def _plus(text: str) -> str:
    return quote_plus(text, safe="", errors="replace")


def _marks_anything(mask: Any) -> bool:
    if isinstance(mask, Mapping):
        return any(map(_marks_anything, mask.values()))
    if isinstance(mask, list | tuple):
        return any(map(_marks_anything, mask))
    return mask is True
