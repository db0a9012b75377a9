"""The variables of a Terraform root, with their types.

The files are read by a parser of HCL (python-hcl2), of which only the tree is used: a value is never evaluated. A type
that is not understood counts as `any`. Source of the rules: Terraform's documentation of input variables, of type
constraints and of override files.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, TypeAlias

from desired_state.files.tree import Tree

_SIMPLE: Final = frozenset({"string", "number", "bool"})
_COLLECTIONS: Final = frozenset({"list", "set", "map"})


@dataclass(frozen=True, slots=True)
class Type:
    """A type constraint: its name, the types that it is made of, and the attributes of an object that may be absent."""

    name: str = "any"
    items: tuple["Type", ...] = ()
    attributes: Mapping[str, "Type"] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable. `required`: it has no default."""

    type: Type = Type()
    required: bool = True


Variables: TypeAlias = Mapping[str, Variable]


def variables_of(tree: Tree, root: str) -> Variables:
    """Return the variables of `roots/<root>` by name. Raises ValueError, naming the file, if one cannot be read."""
    folder = f"roots/{root}/"
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(tree, key=_overrides_last):
        name = path.removeprefix(folder)
        if path.startswith(folder) and "/" not in name and name.endswith((".tf", ".tf.json")):
            for variable, attributes in _read(path, tree[path]).items():
                found.setdefault(variable, {}).update(attributes)
    return {name: Variable(each.get("type", Type()), "default" not in each) for name, each in found.items()}


def _overrides_last(path: str) -> tuple[bool, str]:
    stem = path.rpartition("/")[2].removesuffix(".json").removesuffix(".tf")
    return stem == "override" or stem.endswith("_override"), path


@lru_cache(maxsize=256)
def _read(path: str, content: bytes) -> Mapping[str, Mapping[str, Any]]:
    """Return the attributes of the variables of a file: `type`, and `default` where there is one."""
    if b"variable" not in content:
        return {}
    try:
        text = content.decode()
        found = _of_json(json.loads(text)) if path.endswith(".json") else _of_blocks(_parse(text))
        return {name: _known(attributes) for name, attributes in found}
    except Exception as error:  # a file from outside: the parser's own errors have no common class
        raise ValueError(f"{path} cannot be read: {' '.join(str(error).split())[:200]}") from error


def _parse(text: str) -> Any:
    from hcl2 import parses_to_tree  # takes half a second, which only manifests with a Module pay

    return parses_to_tree(text)


def _known(attributes: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"default": None} if "default" in attributes else {}
    return found | ({"type": _type(attributes["type"])} if "type" in attributes else {})


def _of_json(data: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    blocks = data.get("variable", {})
    for block in blocks if isinstance(blocks, list) else [blocks]:
        for name, attributes in block.items():
            typed = {"type": _parse(f"type = {attributes['type']}\n")} if "type" in attributes else {}
            yield name, dict(attributes) | {key: next(_attributes(tree))[1] for key, tree in typed.items()}


def _of_blocks(tree: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    (body,) = tree.children
    for block in _children(body, "block"):
        labels = [_text(part) for part in block.children if _rule(part) in {"identifier", "string"}]
        if labels[0] == "variable" and len(labels) == 2:
            (inner,) = _children(block, "body")
            yield labels[1], dict(_attributes(inner))


def _attributes(tree: Any) -> Iterator[tuple[str, Any]]:
    body = tree if _rule(tree) == "body" else next(_children(tree, "body"))
    for attribute in _children(body, "attribute"):
        names, values = _children(attribute, "identifier"), _children(attribute, "expr_term")
        yield _text(next(names)), next(values, None)


def _type(term: Any) -> Type:
    """Return the type that an expression stands for."""
    expression = next((child for child in getattr(term, "children", ()) if _rule(child) != "new_line_or_comment"), None)
    if _rule(expression) in {"identifier", "string"}:
        name = _text(expression)
        return Type(name, (Type(),)) if name in _COLLECTIONS else Type(name) if name in _SIMPLE else Type()
    if _rule(expression) != "function_call":
        return Type()
    name = _text(next(_children(expression, "identifier")))
    arguments = [term for given in _children(expression, "arguments") for term in _children(given, "expr_term")]
    return _composed(name, arguments)


def _composed(name: str, arguments: list[Any]) -> Type:
    if name in _COLLECTIONS and len(arguments) == 1:
        return Type(name, (_type(arguments[0]),))
    inner = next(iter(arguments[0].children), None) if arguments else None
    if name == "tuple" and _rule(inner) == "tuple":
        return Type(name, tuple(map(_type, _children(inner, "expr_term"))))
    if name == "object" and _rule(inner) == "object":
        return _object(inner)
    return Type()


def _object(tree: Any) -> Type:
    attributes: dict[str, Type] = {}
    optional: set[str] = set()
    for element in _children(tree, "object_elem"):
        key = _text(next(_children(element, "object_elem_key")))
        value = next(_children(element, "expr_term"), None)
        call = next(_children(value, "function_call"), None)
        if call is not None and _text(next(_children(call, "identifier"))) == "optional":
            optional.add(key)
            given = next(_children(call, "arguments"), None)
            value = next(_children(given, "expr_term"), None)
        attributes[key] = _type(value)
    return Type("object", (), attributes, frozenset(optional))


def _children(tree: Any, rule: str) -> Iterator[Any]:
    return (child for child in getattr(tree, "children", ()) if _rule(child) == rule)


def _rule(tree: Any) -> str:
    return str(getattr(tree, "data", ""))


def _text(tree: Any) -> str:
    """Return the words of an identifier, a string or a key."""
    children = getattr(tree, "children", None)
    return str(tree).strip('"') if children is None else "".join(map(_text, children))
