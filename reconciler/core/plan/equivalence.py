"""Equivalence of values that are written differently.

JSON is compared as JSON: neither the order of keys nor blanks have a meaning. In IAM policy documents one value stands
for a list of one, and statements, actions, resources and principals have no order.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from reconciler.core.plan.paths import last

NOTHING: tuple[Any, ...] = (None, "", False, 0, [], {})
_PROTOCOLS = {"all": "-1", "icmp": "1", "icmpv6": "58", "tcp": "6", "udp": "17"}


_ROOT = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):root")
_ONE_OR_MANY = frozenset({"Action", "NotAction", "Resource", "NotResource"})
_PRINCIPALS = frozenset({"Principal", "NotPrincipal"})


def identical(old: Any, new: Any) -> bool:
    """Return whether two JSON values are equal in type and value: to Python `True` equals `1`, to Terraform not."""
    if isinstance(old, bool) or isinstance(new, bool):
        return old is new
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return old.keys() == new.keys() and all(identical(old[name], new[name]) for name in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(identical, old, new))
    return bool(old == new)


def same_document(old: Any, new: Any) -> bool:
    """Return whether two texts hold the same JSON."""
    if not isinstance(old, str) or not isinstance(new, str):
        return False
    left, right = _document(old), _document(new)
    return left is not None and identical(left, right)


def canonical(value: Any) -> str:
    """Return a value in one notation for all JSON of one meaning, and for the name and the number of a protocol."""
    if not isinstance(value, str):
        return str(value)
    document = _document(value)
    return _PROTOCOLS.get(value, value) if document is None else json.dumps(document, sort_keys=True)


def both_nothing(old: Any, new: Any) -> bool:
    """Return whether both values are ways to write nothing."""
    return all(value in NOTHING or _are_unset(value) for value in (old, new))


def _are_unset(value: Any) -> bool:
    """Return whether they are blocks in which everything is null. An empty block may be an answer, as in WAF."""
    blocks = value if isinstance(value, list) else []
    return bool(blocks) and all(
        isinstance(block, Mapping) and block and all(inner is None or _are_unset(inner) for inner in block.values())
        for block in blocks
    )


def same_members(old: Any, new: Any) -> bool:
    """Return whether two lists differ in their order alone."""
    return isinstance(old, list) and isinstance(new, list) and _written(old) == _written(new)


def _written(values: list[Any]) -> list[str]:
    return sorted(json.dumps(value, sort_keys=True, default=str) for value in values)


def _document(text: str) -> Any:
    """Return the JSON object or array in a text, policies in a normal form; None when it holds none."""
    if text[:1] not in "{[" and text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _policy(found) if isinstance(found, Mapping) and "Statement" in found else found


def _policy(document: Mapping[str, Any]) -> dict[str, Any]:
    statements = document["Statement"]
    statements = statements if isinstance(statements, list) else [statements]
    return {**document, "Statement": _written([_statement(item) for item in statements])}


def _statement(statement: Any) -> Any:
    if not isinstance(statement, Mapping):
        return statement
    return {name: _clause(name, value) for name, value in statement.items() if not (name == "Sid" and value == "")}


def _clause(name: str, value: Any) -> Any:
    if name in _ONE_OR_MANY:
        return _many(value)
    if name in _PRINCIPALS and isinstance(value, Mapping):
        return {kind: _many(who) for kind, who in value.items()}
    if name == "Condition" and isinstance(value, Mapping):
        return {
            operator: {key: _many(wanted) for key, wanted in keys.items()} if isinstance(keys, Mapping) else keys
            for operator, keys in value.items()
        }
    return value


def _many(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return sorted({_ROOT.sub(r"\1", item) if isinstance(item, str) else json.dumps(item) for item in values})


def same_protocol(path: str, old: Any, new: Any) -> bool:
    """Return whether the values are one protocol's name and number; AWS answers with either.

    The numbers are the Internet Assigned Numbers Authority's; -1 is EC2's word for all.
    """
    if last(path) not in {"protocol", "ip_protocol"}:
        return False
    return _PROTOCOLS.get(str(old), str(old)) == _PROTOCOLS.get(str(new), str(new))
