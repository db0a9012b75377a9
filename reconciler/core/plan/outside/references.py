"""References between resources, as the configuration in a plan document has them.

They are followed through variables and outputs of modules. Terraform leaves local values out of the document, so a
reference through one is not found. Addresses are those of the configuration, without the keys of instances.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

References = Mapping[str, frozenset[str]]
_NO_RESOURCE = frozenset({"var", "local", "module", "each", "count", "path", "self", "terraform"})
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class _Module:
    """A module of the configuration, its address with a dot at the end, and the call that passes its variables."""

    content: Mapping[str, Any]
    prefix: str = ""
    call: Mapping[str, Any] = field(default_factory=dict)
    parent: "_Module | None" = None

    def child(self, name: str) -> "_Module | None":
        call = (self.content.get("module_calls") or {}).get(name)
        if call is None:
            return None
        return _Module(call.get("module") or {}, f"{self.prefix}module.{name}.", call.get("expressions") or {}, self)


def read(document: Mapping[str, Any]) -> References:
    """Return the resources that each resource refers to; empty for a document without a configuration."""
    root = (document.get("configuration") or {}).get("root_module")
    return dict(_resources(_Module(root))) if root else {}


def without_keys(address: str) -> str:
    """Return the address of the configuration: `module.a.aws_b.c` of `module.a["x"].aws_b.c[0]`."""
    plain, depth, quoted = "", 0, False
    for before, letter in zip(f" {address}", address, strict=False):
        quoted ^= letter == '"' and before != "\\"
        depth += (letter == "[") - (letter == "]") if not quoted else 0
        plain += letter if depth == 0 and letter != "]" else ""
    return plain


def _resources(module: _Module) -> Iterator[tuple[str, frozenset[str]]]:
    for resource in module.content.get("resources") or ():
        said = _said([resource.get("expressions"), resource.get("for_each_expression")])
        found = {address for reference in said for address in _targets(reference, module, _DEEPEST)}
        yield f"{module.prefix}{resource.get('address')}", frozenset(found)
    for name in module.content.get("module_calls") or {}:
        if child := module.child(name):
            yield from _resources(child)


def _said(expression: Any) -> Iterator[str]:
    """Yield every reference in an expression, nested blocks included."""
    if isinstance(expression, Mapping):
        yield from (reference for reference in expression.get("references") or () if isinstance(reference, str))
        for name, inner in expression.items():
            if name != "references":
                yield from _said(inner)
    elif isinstance(expression, list):
        for inner in expression:
            yield from _said(inner)


def _targets(reference: str, module: _Module, left: int) -> Iterator[str]:
    """Yield the resources that a reference leads to."""
    kind, *names = without_keys(reference).split(".")
    if left == 0:
        return
    if kind == "var" and names and module.parent:
        yield from _all(_said(module.call.get(names[0])), module.parent, left)
    elif kind == "module" and len(names) > 1 and (child := module.child(names[0])):
        output = (child.content.get("outputs") or {}).get(names[1])
        yield from _all(_said(output), child, left)
    elif kind not in _NO_RESOURCE and kind != "data" and names:
        yield f"{module.prefix}{kind}.{names[0]}"


def _all(references: Iterable[str], module: _Module, left: int) -> Iterator[str]:
    for reference in references:
        yield from _targets(reference, module, left - 1)
