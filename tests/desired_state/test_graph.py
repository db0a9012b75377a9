"""Order puts dependencies first, and every cycle is found."""

from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from desired_state.checks.graph import cycles, order

nodes = st.integers(0, 7)
graphs = st.dictionaries(nodes, st.frozensets(nodes, max_size=3), max_size=8)


def edges(graph: dict[int, frozenset[int]]) -> set[tuple[int, int]]:
    return {(node, other) for node, others in graph.items() for other in others if other in graph}


def reachable(graph: dict[int, frozenset[int]], start: int) -> set[int]:
    seen: set[int] = set()
    waiting = list(graph[start])
    while waiting:
        node = waiting.pop()
        if node in graph and node not in seen:
            seen.add(node)
            waiting.extend(graph[node])
    return seen


@given(graphs)
def test_dependencies_come_first(graph: dict[int, frozenset[int]]) -> None:
    acyclic = {node: frozenset(other for other in others if other < node) for node, others in graph.items()}
    places = {node: index for index, node in enumerate(order(acyclic))}
    assert places.keys() == graph.keys()
    assert all(places[other] < places[node] for node, other in edges(acyclic))


@given(graphs, st.randoms(use_true_random=False))
def test_order_does_not_depend_on_the_order_of_nodes(graph: dict[int, frozenset[int]], random: Random) -> None:
    shuffled = list(graph.items())
    random.shuffle(shuffled)
    assert order(dict(shuffled)) == order(graph)


def test_the_smallest_possible_node_comes_next() -> None:
    assert order({"c": set(), "a": {"z"}, "b": set(), "z": {"c"}}) == ("b", "c", "z", "a")


@given(graphs)
def test_exactly_the_nodes_that_reach_themselves_are_on_a_cycle(graph: dict[int, frozenset[int]]) -> None:
    assert {path[0] for path in cycles(graph)} == {node for node in graph if node in reachable(graph, node)}


@given(graphs)
def test_a_cycle_follows_edges_back_to_its_start(graph: dict[int, frozenset[int]]) -> None:
    for path in cycles(graph):
        assert path[0] == path[-1]
        assert len(set(path)) == len(path) - 1
        assert set(pairwise(path)) <= edges(graph)
