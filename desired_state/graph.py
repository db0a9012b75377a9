"""Dependency graphs: cycles and order.

The rule: the same graph always gives the same answer, whatever order its nodes came in.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from heapq import heapify, heappop, heappush
from typing import Any, TypeVar

N = TypeVar("N", bound=Any)

# A graph maps every node to the nodes that it depends on. What is no node of the graph is passed over.


def order(graph: Mapping[N, Set[N]]) -> tuple[N, ...]:
    """All nodes, dependencies first, the smallest of the possible ones next. Members of cycles come last."""
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
    """For every node on a cycle the shortest one through it, beginning and ending with it."""
    suspects = _peel(graph)
    for node in sorted(suspects):
        if path := _way_back(node, graph, suspects):
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
    """What is left when nodes without open dependencies are taken away: cycles and what depends on them."""
    dependants, blockers = _reverse(graph)
    ready = [node for node, count in blockers.items() if count == 0]
    while ready:
        for dependant in dependants[ready.pop()]:
            blockers[dependant] -= 1
            if blockers[dependant] == 0:
                ready.append(dependant)
    return frozenset(node for node, count in blockers.items() if count > 0)


def _way_back(start: N, graph: Mapping[N, Set[N]], among: Set[N]) -> tuple[N, ...] | None:
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
