"""The trees of all roots that a commit uses.

The rule: a root that is missing is the manifest's problem; a root that is broken is reported once, at
the root, however many instances use it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from desired_state.checks import ManifestFinding
from desired_state.document import Problem
from desired_state.explain import suggest
from desired_state.manifest import ModuleSpec
from desired_state.survey import Candidate
from desired_state.tree import Tree, reach, root_names, tree_id


@dataclass(frozen=True, slots=True)
class Forest:
    """Tree ids by root, trees by id, and what is wrong with the roots that have none."""

    ids: Mapping[str, str]
    trees: Mapping[str, Tree]
    complaints: Mapping[str, str]
    names: frozenset[str]

    @classmethod
    def unread(cls, used: Iterable[str]) -> "Forest":
        """No tree for any root in use: the Terraform source could not be read."""
        why = "the Terraform source of this environment could not be read"
        return cls({}, {}, dict.fromkeys(sorted(used), why), frozenset(used))

    @classmethod
    def grow(cls, source: Tree, used: Iterable[str]) -> "Forest":
        """The trees of the roots in use. With no Terraform source at all, every root is taken to be there."""
        ids: dict[str, str] = {}
        trees: dict[str, Tree] = {}
        complaints: dict[str, str] = {}
        for root in sorted(used):
            try:
                tree = reach(source, root) if source else {}
            except ValueError as error:
                complaints[root] = str(error)
                continue
            ids[root] = tree_id(tree)
            trees[ids[root]] = tree
        return cls(ids, trees, complaints, root_names(source))

    def findings(self, candidates: Iterable[Candidate]) -> Iterator[ManifestFinding]:
        """What keeps candidates from having a tree."""
        for one in candidates:
            root = root_of(one)
            if root not in self.complaints:
                continue
            if isinstance(one.spec, ModuleSpec) and root not in self.names:
                yield ManifestFinding(
                    one.key, one.problem(("root",), f'there is no root "{root}": {suggest(root, self.names)}')
                )
            else:
                yield ManifestFinding(one.key, Problem(f"roots/{root}", 1, 1, self.complaints[root]))


def root_of(one: Candidate) -> str:
    """The folder under terraform/roots that a candidate runs."""
    return one.spec.root if isinstance(one.spec, ModuleSpec) else one.manifest.kind.lower()
