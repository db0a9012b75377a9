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


def cycles(graph: Mapping[N, Set[N]], *, most_steps: int = 200_000) -> Iterator[tuple[N, ...]]:
    """Yield for every node on a cycle a shortest cycle through it, which begins and ends with that node.

    The search of all of them is quadratic. After `most_steps`, a node and its next one on a cycle are yielded."""
    left = most_steps
    for component in sorted(_components(graph), key=min):
        for node in sorted(component):
            inside = sorted(graph[node] & component)
            if not inside:
                continue
            path, steps = _shortest_cycle(node, graph, component, left)
            left -= steps
            yield path or (node, inside[0])


def _reverse(graph: Mapping[N, Set[N]]) -> tuple[dict[N, list[N]], dict[N, int]]:
    dependants: dict[N, list[N]] = {node: [] for node in graph}
    blockers = dict.fromkeys(graph, 0)
    for node, dependencies in graph.items():
        for dependency in dependencies:
            if dependency in graph:
                dependants[dependency].append(node)
                blockers[node] += 1
    return dependants, blockers


def _components(graph: Mapping[N, Set[N]]) -> Iterator[frozenset[N]]:
    """Yield the strongly connected components (Tarjan's algorithm, with a stack of its own instead of recursion)."""
    numbers: dict[N, int] = {}
    lowest: dict[N, int] = {}
    open_nodes: dict[N, None] = {}
    for start in graph:
        if start in numbers:
            continue
        numbers[start] = lowest[start] = len(numbers)
        open_nodes[start] = None
        visits = [(start, iter(graph[start]))]
        while visits:
            node, following = visits[-1]
            step = next(
                (each for each in following if each in graph and (each not in numbers or each in open_nodes)), None
            )
            if step is None:
                visits.pop()
                if visits:
                    lowest[visits[-1][0]] = min(lowest[visits[-1][0]], lowest[node])
                if lowest[node] == numbers[node]:
                    yield frozenset(_close(open_nodes, node))
            elif step in numbers:
                lowest[node] = min(lowest[node], numbers[step])
            else:
                numbers[step] = lowest[step] = len(numbers)
                open_nodes[step] = None
                visits.append((step, iter(graph[step])))


def _close(open_nodes: dict[N, None], first: N) -> Iterator[N]:
    """Remove and yield the nodes that were opened last, down to the first one of their component."""
    node = None
    while node != first:
        node, _ = open_nodes.popitem()
        yield node


def _shortest_cycle(
    start: N, graph: Mapping[N, Set[N]], among: Set[N], most_steps: int
) -> tuple[tuple[N, ...] | None, int]:
    """Return a shortest cycle through a node, None when the search takes too many steps, and the steps."""
    came_from: dict[N, N] = {}
    edge: list[N] = [start]
    steps = 0
    while edge and steps < most_steps:
        following: list[N] = []
        for node in edge:
            steps += 1 + len(graph[node])
            for step in sorted(graph[node] & among):
                if step == start:
                    return (start, *reversed(list(_trace(node, start, came_from))), start), steps
                if step not in came_from:
                    came_from[step] = node
                    following.append(step)
        edge = following
    return None, steps


def _trace(node: N, start: N, came_from: Mapping[N, N]) -> Iterable[N]:
    while node != start:
        yield node
        node = came_from[node]
