"""Dependency graphs: cycles and order.

Results depend on the graph alone, not on the order of its nodes. A graph maps every node to the nodes that it depends
on; dependencies that are not nodes of the graph are ignored.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from heapq import heapify, heappop, heappush
from typing import Any, TypeVar

N = TypeVar("N", bound=Any)


def order(graph: Mapping[N, Set[N]]) -> tuple[N, ...]:
    """Sort all nodes, dependencies first and else by value. Nodes on cycles, and their dependants, come last."""
    dependants, blockers = _reverse(graph)
    ready = [node for node, count in blockers.items() if count == 0]
    heapify(ready)
    ordered: list[N] = []
    while ready:
        node = heappop(ready)
        ordered.append(node)
        for dependant in dependants[node]:
            blockers[dependant] -= 1
            if blockers[dependant] == 0:
                heappush(ready, dependant)
    placed = set(ordered)
    return (*ordered, *sorted(node for node in graph if node not in placed))


def cycles(graph: Mapping[N, Set[N]]) -> Iterator[tuple[N, ...]]:
    """Yield for every node on a cycle a shortest cycle through it, which begins and ends with that node."""
    suspects = _peel(graph)
    for node in sorted(suspects):
        if path := _shortest_cycle(node, graph, suspects):
            yield path


def _reverse(graph: Mapping[N, Set[N]]) -> tuple[dict[N, list[N]], dict[N, int]]:
    dependants: dict[N, list[N]] = {node: [] for node in graph}
    blockers = dict.fromkeys(graph, 0)
    for node, dependencies in graph.items():
        for dependency in dependencies:
            if dependency in graph:
                dependants[dependency].append(node)
                blockers[node] += 1
    return dependants, blockers


def _peel(graph: Mapping[N, Set[N]]) -> frozenset[N]:
    """Remove nodes without open dependencies until none is left. Returns the rest: cycles and their dependants."""
    dependants, blockers = _reverse(graph)
    ready = [node for node, count in blockers.items() if count == 0]
    while ready:
        for dependant in dependants[ready.pop()]:
            blockers[dependant] -= 1
            if blockers[dependant] == 0:
                ready.append(dependant)
    return frozenset(node for node, count in blockers.items() if count > 0)


def _shortest_cycle(start: N, graph: Mapping[N, Set[N]], among: Set[N]) -> tuple[N, ...] | None:
    came_from: dict[N, N] = {}
    edge: list[N] = [start]
    while edge:
        following: list[N] = []
        for node in edge:
            for step in sorted(graph[node] & among):
                if step == start:
                    return (start, *reversed(list(_trace(node, start, came_from))), start)
                if step not in came_from:
                    came_from[step] = node
                    following.append(step)
        edge = following
    return None


def _trace(node: N, start: N, came_from: Mapping[N, N]) -> Iterable[N]:
    while node != start:
        yield node
        node = came_from[node]
