"""The inputs of a Module, checked against the variables of its root.

Terraform only warns about a value without a variable, drops unknown attributes of an object without a word, and
converts between text, numbers and booleans, which changes how a value is written (`1.10` becomes `1.1`). All of that is
a problem here. Where the variables are not known, nothing is said about the inputs but the reason.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from pydantic import JsonValue

from desired_state.checks.conflicts import ManifestFinding
from desired_state.checks.forest import Forest
from desired_state.checks.survey import Candidate
from desired_state.files.variables import Type, Variables, variables_of
from desired_state.kinds.manifest import ModuleSpec
from desired_state.located import Location, Problem, quote
from desired_state.reading.suggestion import Spelling

_OF_THE_DAEMON: Final = frozenset({"environment", "aws"})  # `core.inputs` gives them to every root
_MEANINGS: Final = {
    "string": "text",
    "number": "a number",
    "bool": "true or false",
    "list": "a list",
    "set": "a list",
    "tuple": "a list",
    "map": "a mapping",
    "object": "a mapping",
}


def check_inputs(candidates: Iterable[Candidate], forest: Forest, spelling: Spelling) -> Iterator[ManifestFinding]:
    """Find inputs that the root has no variable for, of another type, or missing."""
    for one, spec, variables in _modules(candidates, forest):
        if isinstance(variables, str):
            continue
        findings = [*_wrong(spec, variables, spelling), *_missing(spec, variables, forest)]
        for location, message, at_key in findings:
            problem = one.problem_at_key if at_key else one.problem
            yield ManifestFinding(one.key, problem(("inputs", *location), message))


def unchecked(candidates: Iterable[Candidate], forest: Forest) -> Iterator[Problem]:
    """Find inputs that cannot be checked, with the reason."""
    for one, spec, variables in _modules(candidates, forest):
        if isinstance(variables, str) and spec.inputs:
            yield one.problem(("inputs",), f"the inputs are not checked: {variables}")


def _modules(
    candidates: Iterable[Candidate], forest: Forest
) -> Iterator[tuple[Candidate, ModuleSpec, Variables | str]]:
    """Yield every Module with the variables of its root, or the reason why they are not known."""
    known: dict[str, Variables | str] = {}
    for one in candidates:
        if isinstance(one.spec, ModuleSpec) and one.spec.root in forest.ids:
            if one.spec.root not in known:
                known[one.spec.root] = _variables(forest, one.spec.root)
            yield one, one.spec, known[one.spec.root]


def _variables(forest: Forest, root: str) -> Variables | str:
    try:
        found = variables_of(forest.trees[forest.ids[root]], root)
    except ValueError as error:
        return str(error)
    return found if forest.names else "no Terraform source is given"


def _wrong(spec: ModuleSpec, variables: Variables, spelling: Spelling) -> Iterator[tuple[Location, str, bool]]:
    for name, value in spec.inputs.items():
        if name in _OF_THE_DAEMON:
            yield (name,), f"{name} is set by the daemon: remove it", True
        elif name not in variables:
            others = (each for each in variables if each not in _OF_THE_DAEMON and each not in spec.inputs)
            message = f"the root {spec.root} has no variable {quote(name)}"
            yield (name,), f"{message}: {spelling.suggest(name, others, none='remove it')}", True
        elif value is not None:
            yield from _mistyped(variables[name].type, value, (name,), spelling)


def _missing(spec: ModuleSpec, variables: Variables, forest: Forest) -> Iterator[tuple[Location, str, bool]]:
    if any(path.endswith((".tfvars", ".tfvars.json")) for path in forest.trees[forest.ids[spec.root]]):
        return
    for name, variable in variables.items():
        if variable.required and name not in spec.inputs and name not in _OF_THE_DAEMON:
            yield (), f"inputs.{name} is missing: the root {spec.root} has no default for it", False


def _mistyped(
    wanted: Type, value: JsonValue, location: Location, spelling: Spelling
) -> Iterator[tuple[Location, str, bool]]:
    where = _dotted(location)
    if not _fits(wanted, value):
        yield location, f"{where} must be {_MEANINGS[wanted.name]}{_remedy(wanted, value)}", False
    elif wanted.name == "tuple" and isinstance(value, list) and len(value) != len(wanted.items):
        yield location, f"{where} has {len(value)}, but must have {len(wanted.items)}", False
    elif isinstance(value, list):
        of_each = wanted.items if wanted.name == "tuple" else wanted.items * len(value)
        for index, (item, of_item) in enumerate(zip(value, of_each, strict=False)):
            if item is not None:
                yield from _mistyped(of_item, item, (*location, index), spelling)
    elif wanted.name == "object" and isinstance(value, dict):
        yield from _attributes(wanted, value, location, spelling)
    elif wanted.name == "map" and isinstance(value, dict):
        for name, item in value.items():
            if item is not None:
                yield from _mistyped(wanted.items[0], item, (*location, name), spelling)


def _attributes(
    wanted: Type, value: dict[str, JsonValue], location: Location, spelling: Spelling
) -> Iterator[tuple[Location, str, bool]]:
    for name, item in value.items():
        if name not in wanted.attributes:
            message = f"{_dotted(location)} has no attribute {quote(name)}"
            others = (each for each in wanted.attributes if each not in value)
            yield (*location, name), f"{message}: {spelling.suggest(name, others, none='remove it')}", True
        elif item is not None:
            yield from _mistyped(wanted.attributes[name], item, (*location, name), spelling)
    for name in wanted.attributes:
        if name not in value and name not in wanted.optional:
            yield location, f"{_dotted((*location, name))} is missing", False


def _fits(wanted: Type, value: JsonValue) -> bool:
    match wanted.name:
        case "string":
            return isinstance(value, str)
        case "bool":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "list" | "set" | "tuple":
            return isinstance(value, list)
        case "map" | "object":
            return isinstance(value, dict)
    return True


def _remedy(wanted: Type, value: JsonValue) -> str:
    if wanted.name == "string" and isinstance(value, bool | int | float):
        return ": put it in quotes"
    if wanted.name == "bool" and isinstance(value, str) and value in {"true", "false"}:
        return ": write it without quotes"
    if wanted.name == "number" and isinstance(value, str) and value.isascii() and value.isdigit():
        return ": write it without quotes"
    return ""


def _dotted(location: Location) -> str:
    return "inputs" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
