"""The graph of imports: no circle, short chains in the core, few modules that depend on the record.

Imports inside functions and under TYPE_CHECKING count: a reader follows them as well.
"""

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

import grimp
import pytest

RECORD = "reconciler.core.record.model"

Graph = Mapping[str, frozenset[str]]
"""For each module the modules that it imports."""


@pytest.fixture(scope="module")
def graph() -> Graph:
    """The imports of the product, read from its source."""
    found = grimp.build_graph("reconciler", "desired_state", exclude_type_checking_imports=False, cache_dir=None)
    return {module: frozenset(found.find_modules_directly_imported_by(module)) for module in found.modules}


def is_in(module: str, package: str) -> bool:
    """Tell whether a module is that package or part of it."""
    return f"{module}.".startswith(f"{package}.")


def circle(graph: Graph) -> list[str]:
    """Return modules that import each other in a circle, the first one again at the end; [] when there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as found:
        return list(reversed(found.args[1]))  # graphlib gives each module before the one that imports it
    return []


def longest_chain(graph: Graph, package: str) -> list[str]:
    """Return the longest chain of modules of a package in which each imports the next; the graph has no circle."""
    chains: dict[str, list[str]] = {}
    for module in TopologicalSorter(graph).static_order():
        if is_in(module, package):
            below = [chains[name] for name in sorted(graph[module]) if name in chains]
            chains[module] = [module, *max(below, key=len, default=[])]
    return max(chains.values(), key=len, default=[])


def reaching(graph: Graph, target: str, package: str) -> list[str]:
    """Return the modules of a package that import a module, directly or through others."""
    found = {target}
    while more := {module for module, imported in graph.items() if imported & found} - found:
        found |= more
    return sorted(module for module in found - {target} if is_in(module, package))


def test_no_module_imports_itself_through_others(graph: Graph) -> None:
    assert circle(graph) == []


def test_a_chain_of_imports_in_the_core_has_at_most_seven_modules(graph: Graph) -> None:
    chain = longest_chain(graph, "reconciler.core")
    assert 1 < len(chain) <= 7, " -> ".join(chain)


def test_few_edges_and_no_setting_depend_on_the_record(graph: Graph) -> None:
    edges = reaching(graph, RECORD, "reconciler.edges")
    assert 0 < len(edges) <= 12, edges
    assert reaching(graph, RECORD, "reconciler.config") == []


def test_the_graph_has_imports_of_types_and_imports_in_functions(graph: Graph) -> None:
    assert "reconciler.config.models" in graph["reconciler.cli.options"]  # under TYPE_CHECKING
    assert "reconciler.app.daemon" in graph["reconciler.cli.commands.daemon"]  # in a function
    assert RECORD in graph


MADE_UP: Graph = {
    "p.core": frozenset(),
    "p.core.a": frozenset({"p.core.b", "p.core.c", "q.other"}),
    "p.core.b": frozenset({"p.core.c"}),
    "p.core.c": frozenset(),
    "p.corella": frozenset({"p.core.a"}),
    "p.edge.x": frozenset({"p.corella"}),
    "p.edge.y": frozenset({"p.core.c"}),
    "q.other": frozenset(),
}


def test_a_circle_is_found_in_the_order_of_its_imports() -> None:
    assert circle(MADE_UP) == []
    with_circle = {**MADE_UP, "p.core.c": frozenset({"p.corella"})}
    found = circle(with_circle)
    assert {"p.core.a", "p.core.c", "p.corella"} <= set(found)
    assert found[0] == found[-1]
    assert all(second in with_circle[first] for first, second in pairwise(found))
    assert circle({"p.a": frozenset({"p.a"})}) == ["p.a", "p.a"]


def test_the_longest_chain_stays_in_its_package() -> None:
    assert longest_chain(MADE_UP, "p.core") == ["p.core.a", "p.core.b", "p.core.c"]
    longer = {**MADE_UP, "p.core.c": frozenset({"p.core.d"}), "p.core.d": frozenset[str]()}
    assert longest_chain(longer, "p.core") == ["p.core.a", "p.core.b", "p.core.c", "p.core.d"]


def test_a_module_reaches_another_one_through_any_third() -> None:
    assert reaching(MADE_UP, "p.core.b", "p.edge") == ["p.edge.x"]
    assert reaching(MADE_UP, "p.core.c", "p.edge") == ["p.edge.x", "p.edge.y"]
    assert reaching(MADE_UP, "p.edge.x", "p.core") == []
