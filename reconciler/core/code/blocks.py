"""Blocks and attributes of Terraform code, in either syntax, with the line of each.

Nothing is evaluated. JSON does not say whether an object is a block or a value, so that there each object is both.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from reconciler.core.code.tokens import Token, Tokens, template_of, tokens_of

# How many labels the blocks have that have any; `data` also within `check`.
_LABELS: Final[Mapping[str, int]] = {
    "resource": 2, "data": 2, "ephemeral": 2, "action": 2, "list": 2,
    "provider": 1, "variable": 1, "output": 1, "module": 1, "check": 1, "run": 1, "store": 1,
    "provisioner": 1, "backend": 1, "state_store": 1, "dynamic": 1, "provider_meta": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Block:
    """A block: its type, its labels, the tokens of each attribute's value, and the blocks in it."""

    type: str
    labels: tuple[str, ...] = ()
    line: int = 1
    attributes: Mapping[str, Tokens] = field(default_factory=dict)
    blocks: tuple["Block", ...] = ()

    def within(self) -> Iterator["Block"]:
        """Yield the block and all blocks in it, at any depth."""
        yield self
        for block in self.blocks:
            yield from block.within()


@lru_cache(maxsize=1024)
def blocks_of(path: str, content: bytes) -> tuple[Block, ...]:
    """Return the blocks of a file. Raises: ValueError, naming the file, when it cannot be read."""
    try:
        text = content.decode()
        return _of_json(text) if path.endswith(".json") else _Body(tokens_of(text)).read().blocks
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} cannot be read: {' '.join(str(error).split())[:200]}") from error


class _Body:
    """Reads the body of a block from tokens."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens, self._at = tokens, 0

    def read(self, kind: str = "", labels: tuple[str, ...] = (), line: int = 1, *, closed: bool = False) -> Block:
        """Read to the end, or to the brace that closes the block."""
        attributes: dict[str, Tokens] = {}
        blocks: list[Block] = []
        while (token := self._next()) is not None:
            if token.kind == "newline":
                continue
            if token.word == "}" and closed:
                return Block(kind, labels, line, attributes, tuple(blocks))
            if token.kind != "name":
                raise ValueError(f"line {token.line}: {token.word!r} begins neither an attribute nor a block")
            if self._word() == "=":
                self._at += 1
                attributes[token.word] = attributes.get(token.word, ()) + self._value()
            else:
                found = self._labels()
                blocks.append(self.read(token.word, found, token.line, closed=True))
        if closed:
            raise ValueError(f"line {line}: the block {kind} has no end")
        return Block(kind, labels, line, attributes, tuple(blocks))

    def _labels(self) -> tuple[str, ...]:
        labels: list[str] = []
        while (token := self._next()) is not None and token.word != "{":
            text = literal((token,))
            if token.kind == "name":
                labels.append(token.word)
            elif text is not None:
                labels.append(text)
            else:
                raise ValueError(f"line {token.line}: a label must be a name or a plain text")
        return tuple(labels)

    def _value(self) -> Tokens:
        """Return the tokens up to the end of the line, or to that of the brackets which are open there."""
        found: list[Token] = []
        depth = 0
        while (token := self._peek()) is not None:
            depth += (token.word in {"(", "[", "{"}) - (token.word in {")", "]", "}"}) if token.kind == "sign" else 0
            if depth < 0 or (token.kind == "newline" and depth == 0):
                break
            self._at += 1
            if token.kind != "newline":
                found.append(token)
        return tuple(found)

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _word(self) -> str:
        token = self._peek()
        return token.word if token else ""

    def _next(self) -> Token | None:
        token = self._peek()
        self._at += 1
        return token


def literal(value: Tokens) -> str | None:
    """Return the text of a value that is a plain string; None for any other."""
    if len(value) != 1 or value[0].kind != "text" or not all(isinstance(part, str) for part in value[0].parts):
        return None
    return "".join(part for part in value[0].parts if isinstance(part, str))


class _Pairs(list[tuple[str, Any]]):
    """A JSON object with each of its keys, also those that stand there twice: Terraform reads all of them."""


def _of_json(text: str) -> tuple[Block, ...]:
    return tuple(_json_blocks(json.loads(text, object_pairs_hook=_Pairs), text))


def _json_blocks(value: Any, text: str) -> Iterator[Block]:
    for kind, inner in _pairs(value):
        yield from _labelled(kind, inner, text, missing=_LABELS.get(kind, 0))


def _labelled(kind: str, value: Any, text: str, *, missing: int, labels: tuple[str, ...] = ()) -> Iterator[Block]:
    if missing:
        for label, inner in _pairs(value):
            yield from _labelled(kind, inner, text, missing=missing - 1, labels=(*labels, label))
        return
    line = text.count("\n", 0, max(text.find(json.dumps(labels[-1] if labels else kind)), 0)) + 1
    for body in value if _is_list(value) else [value]:
        if isinstance(body, _Pairs):
            attributes: dict[str, Tokens] = {}
            for name, inner in body:
                attributes[name] = attributes.get(name, ()) + tuple(_json_value(inner, line))
            yield Block(kind, labels, line, attributes, tuple(_json_blocks(body, text)))


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, _Pairs):
        yield from value
    elif _is_list(value):
        for item in value:
            yield from _pairs(item)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and not isinstance(value, _Pairs)


def _json_value(value: Any, line: int) -> Iterator[Token]:
    """Yield the tokens that the value would be in HCL, where each string is a template."""
    if isinstance(value, str):
        yield from (Token("text", "", line, token.parts) for token in template_of(value))
    elif isinstance(value, _Pairs):
        yield Token("sign", "{", line)
        for key, inner in value:
            yield from (*_json_value(key, line), Token("sign", "=", line), *_json_value(inner, line))
            yield Token("sign", ",", line)
        yield Token("sign", "}", line)
    elif isinstance(value, list):
        yield Token("sign", "[", line)
        for inner in value:
            yield from (*_json_value(inner, line), Token("sign", ",", line))
        yield Token("sign", "]", line)
    else:
        yield Token("name", json.dumps(value), line)
