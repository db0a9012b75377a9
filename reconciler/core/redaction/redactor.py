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
from itertools import zip_longest
from typing import Any
from urllib.parse import quote, quote_plus

_OPEN, _CLOSE = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}", "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
_MARK = rf"{_OPEN}redacted:[0-9a-f]{{8}}{_CLOSE}"
_WHOLE_MARK = re.compile(_MARK)
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_SHORTEST_ENCODED = 16
_SHORTEST_LITERAL = 6  # shorter ones would punch holes into ordinary words

# Names whose value is a credential, names that only speak about one, and values that are none.
_CREDENTIAL = (
    r"(?:password|passwd|passphrase|[a-z_.\-]pwd|secret[_-]?access[_-]?key|secret[_-]?key|secret|access[_-]?key|api[_-]?key"
    r"|private[_-]?key|encryption[_-]?key|signing[_-]?key|token|credentials?|signature)"
)
_CREDENTIAL_NAME = re.compile(rf"(?i)(?:.*[_.\-\s]|.*[a-z])?{_CREDENTIAL}")
_SPOKEN_OF = re.compile(r"(?i)(?:arns?|ids?|names?|length|count|versions?|path|file|rotation|type|days)$")
_WORD_OF_PROSE = re.compile(r"(?i)(?:token|signature|secret|credentials?)")
_HARMLESS_VALUE = re.compile(
    r"(?i)(?:true|false|null|none|nil|unset|\d{1,3}|arn:\S*|\$\{\S*|(?:var|local|module|data|each|aws_\w+)\.[\w.\[\]]+"
    r"|\(known after apply\)|\(sensitive value\)|\(sensitive\)|\*+)"
)

_PIECE = rf"[^\s\"'\\&,;{_OPEN}{_CLOSE}]|\\[^\s\"'nrtu{_OPEN}{_CLOSE}]"
_BARE = rf"(?![\[({{<])(?:{_MARK}|{_PIECE})+"
_QUOTED = r"\"(?:[^\"\\\n]|\\.)*\"?|'[^'\n]*'?|\\+\"(?:(?!(?<!\\)\\+\").)*(?:\\+\")?"
_PATTERNS = (
    rf"(?P<mark>{_MARK})",
    r"(?P<pem>-----BEGIN [A-Z0-9 ]{1,40}-----[\s\S]*?(?:-----END [A-Z0-9 ]{1,40}-----|\Z))",
    r"(?P<url>\b[A-Za-z][A-Za-z0-9+.\-]{0,20}://)(?P<userinfo>[^\s/\"'<>\\]+(?=@)|[^\s/\"'<>\\:@]+:[^\s/\"'<>\\@]+(?=…))",
    r"(?P<header>(?i:authorization)\\*[\"']?\s*[:=]\s*\\*[\"']?(?:(?i:bearer|basic|token|negotiate)\s+)?)"
    rf"(?P<sent>{_BARE})",
    r"(?P<scheme>\b(?i:bearer)\s+)(?P<bearer>(?=[^\s]*\d)[A-Za-z0-9._~+/\-]{8,}=*)",
    r"(?P<environment>\\*\"name\\*\"\s*:\s*\\*\"[A-Za-z_]\w{0,255}\\*\"\s*,\s*\\*\"value\\*\"\s*:\s*)"
    rf"(?P<entry>{_QUOTED})",
    r"(?P<token>(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"
    r"|\b(?:IQoJ|FwoG|FQoG)[A-Za-z0-9/+]{80,}=*"
    r"|\beyJ[A-Za-z0-9_\-]{6,}\.[A-Za-z0-9_\-]{6,}\.[A-Za-z0-9_\-]*"
    r"|\bxox[a-z]-[A-Za-z0-9\-]{10,}|\bxapp-[A-Za-z0-9\-]{10,}"
    r"|\bhooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_\-]+"
    r"|\bgh[pousr]_[A-Za-z0-9]{16,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_\-]{16,})",
    rf"(?P<name>(?<![\w.\-])[\w.\-]{{0,80}}(?i:{_CREDENTIAL})(?:[\w.\-]{{0,20}}(?=\s*=))?)"
    rf"(?P<sign>\\*[\"']?\s*=>?\s*|\\*[\"']?:\s+|\\*[\"']\s*:\s*)(?P<assigned>{_QUOTED}|{_BARE})",
)
_CREDENTIALS = re.compile("|".join(_PATTERNS))
# Every pattern but the mark's needs one of these; looking for them first spares most texts the patterns.
_TRACES = (
    *("passw", "passphrase", "pwd", "secret", "key", "token", "credential", "signature", "authorization", "bearer"),
    *("://", "-----begin ", '"value', "akia", "asia", "iqoj", "fwog", "fqog", "eyj", "xox", "xapp-"),
    *("hooks.slack.com", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-"),
)


def is_marked(value: Any) -> bool:
    """Return whether the value contains a mark, so that it is not shown literally."""
    return re.search(_MARK, json.dumps(value, ensure_ascii=False, default=str)) is not None


def names_a_credential(name: str, value: Any) -> bool:
    """Return whether a value under this name is a credential."""
    return bool(_CREDENTIAL_NAME.fullmatch(name)) and _could_be_a_credential(value)


class Redactor:
    """Masks secrets with marks keyed by `key`; `literals` are secrets known literally."""

    __slots__ = ("_key", "_known", "_literals")

    def __init__(self, key: bytes, literals: Iterable[str] = ()) -> None:
        self._key = key
        self._literals = frozenset(literals)
        words = sorted({form for literal in self._literals for form in _forms(literal)}, key=lambda w: (-len(w), w))
        self._known = re.compile(f"({_MARK})|{'|'.join(map(re.escape, words))}") if words else None

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
        return f"{_OPEN}redacted:{digest[:8]}{_CLOSE}"

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
            return self.value(_without_environment(definitions, self))
        try:
            data = json.loads(definitions)
            return json.dumps(self.container_definitions(data), ensure_ascii=False, separators=(",", ":"))
        except (ValueError, RecursionError):
            return self.mark(definitions)

    def text(self, text: str, *literals: str) -> str:
        """Return free text without anything that looks like a credential, and without these words."""
        if literals:
            return self.with_literals(*literals).text(text)
        text = self._without_known(text)
        folded = text.casefold()
        if not any(trace in folded for trace in _TRACES):
            return text
        # A mark can uncover a match (it ends a word), so go on until nothing changes. Every round that changes
        # something replaces at least one character that is no mark, so this ends.
        while (masked := self._without_known(_CREDENTIALS.sub(self._replacement, text))) != text:
            text = masked
        return text

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
            return {self.text(str(k)): self._entry(str(k), v, mask.get(k)) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self._masked(v, m) for v, m in zip_longest(value, mask[: len(value)])]
        if isinstance(value, str):
            return self.mark(value) if self._hides_a_credential(value) else self.text(value)
        known = self._known is not None and isinstance(value, int | float) and self._known.search(str(value))
        return self.mark(value) if known else value

    def _entry(self, name: str, value: Any, mask: Any) -> Any:
        if name == "container_definitions" and mask is not True and isinstance(value, str):
            return self.container_definitions(value)
        if names_a_credential(name, value):
            return self.mark(value)
        return self._masked(value, mask)

    def _hides_a_credential(self, value: str) -> bool:
        """Return whether a text in base64 hides a credential: the user data of a machine, a stored header."""
        if len(value) < _SHORTEST_ENCODED or not _BASE64.fullmatch(value):
            return False
        try:
            text = base64.b64decode(value, validate=True).decode()
        except ValueError:
            return False
        return self.text(text) != text

    def _replacement(self, match: re.Match[str]) -> str:
        found = match.groupdict()
        if found["mark"]:
            return match.group()
        if found["pem"] or found["token"]:
            return self.mark(match.group())
        if found["url"]:
            return found["url"] + self._userinfo(found["url"], found["userinfo"])
        if found["header"]:
            return found["header"] + self.mark(found["sent"])
        if found["scheme"]:
            return found["scheme"] + self.mark(found["bearer"])
        if found["environment"]:
            return found["environment"] + self._quoted(found["entry"])
        return found["name"] + found["sign"] + self._assigned(found["name"], found["sign"], found["assigned"])

    def _userinfo(self, scheme: str, userinfo: str) -> str:
        plain_user = ":" not in userinfo and not scheme.lower().startswith("http")  # ssh://git@host
        return self.text(userinfo) if plain_user else self.mark(userinfo)

    def _assigned(self, name: str, sign: str, value: str) -> str:
        bare = value.strip("\\\"'")
        wordlike = len(bare) < 8 or not any(map(str.isdigit, bare))
        prose = sign.strip() == ":" and wordlike and _WORD_OF_PROSE.fullmatch(name)  # "unexpected token: x"
        if prose or _SPOKEN_OF.search(name) or _HARMLESS_VALUE.fullmatch(bare):
            return self.text(value)
        return self._quoted(value)

    def _quoted(self, value: str) -> str:
        opening = re.match(r"\\*[\"']", value)
        quote_mark = opening.group() if opening else ""
        inner = value[len(quote_mark) :]
        closed = bool(quote_mark) and inner.endswith(quote_mark)
        inner = inner[: -len(quote_mark)] if closed else inner
        return quote_mark + (self.mark(inner) if inner else "") + (quote_mark if closed else "")


def _forms(literal: str) -> Iterable[str]:
    """Yield a literal in the notations of texts, without those that could be part of a mark: marks must not be marked
    again.
    """
    for piece in re.split(f"[{_OPEN}{_CLOSE}]", literal):
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


def _could_be_a_credential(value: Any) -> bool:
    if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
        return False
    return not _HARMLESS_VALUE.fullmatch(str(value))


def _marks_anything(mask: Any) -> bool:
    if isinstance(mask, Mapping):
        return any(map(_marks_anything, mask.values()))
    if isinstance(mask, list | tuple):
        return any(map(_marks_anything, mask))
    return mask is True


def _without_environment(definitions: Any, redactor: Redactor) -> Any:
    if isinstance(definitions, list | tuple):
        return [_without_environment(one, redactor) for one in definitions]
    if not isinstance(definitions, Mapping):
        return definitions
    entries = definitions.get("environment")
    if not isinstance(entries, list | tuple):
        return dict(definitions)
    masked = [
        {**entry, "value": redactor.mark(entry["value"])}
        if isinstance(entry, Mapping) and entry.get("value")
        else entry
        for entry in entries
    ]
    return {**definitions, "environment": masked}
