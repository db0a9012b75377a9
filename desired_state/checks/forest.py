"""The trees of all roots that a commit uses.

A missing root is a problem of the manifest that names it. A broken root is reported once, at the root, however many
instances use it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from desired_state.checks.conflicts import ManifestFinding
from desired_state.checks.survey import Candidate
from desired_state.files.root_tree import reach
from desired_state.files.tree import Tree, root_names, tree_id
from desired_state.kinds.manifest import ModuleSpec
from desired_state.reading.document import Problem
from desired_state.reading.suggestion import Spelling


@dataclass(frozen=True, slots=True)
class Forest:
    """Tree ids by root, trees by id, errors by root for roots without a tree, and the names of all roots."""

    ids: Mapping[str, str]
    trees: Mapping[str, Tree]
    errors: Mapping[str, str]
    names: frozenset[str]

    @classmethod
    def unreadable(cls, used: Iterable[str]) -> "Forest":
        """Return an error for every root in use: the Terraform source could not be read."""
        error = "the Terraform source of this environment could not be read"
        return cls({}, {}, dict.fromkeys(sorted(used), error), frozenset(used))

    @classmethod
    def build(cls, source: Tree, used: Iterable[str]) -> "Forest":
        """Return the trees of the roots in use. If `source` is empty, every root counts as present, with no files."""
        ids: dict[str, str] = {}
        trees: dict[str, Tree] = {}
        errors: dict[str, str] = {}
        for root in sorted(used):
            try:
                tree = reach(source, root) if source else {}
            except ValueError as error:
                errors[root] = str(error)
                continue
            ids[root] = tree_id(tree)
            trees[ids[root]] = tree
        return cls(ids, trees, errors, root_names(source))

    def findings(self, candidates: Iterable[Candidate], spelling: Spelling) -> Iterator[ManifestFinding]:
        """Yield a finding for every candidate whose root has no tree."""
        for one in candidates:
            root = root_of(one)
            if root not in self.errors:
                continue
            if isinstance(one.spec, ModuleSpec) and root not in self.names:
                yield ManifestFinding(
                    one.key, one.problem(("root",), f'there is no root "{root}": {spelling.suggest(root, self.names)}')
                )
            else:
                yield ManifestFinding(one.key, Problem(f"roots/{root}", 1, 1, self.errors[root]))


def root_of(one: Candidate) -> str:
    """Return the name of the folder under `roots/` that a candidate runs."""
    return one.spec.root if isinstance(one.spec, ModuleSpec) else one.manifest.kind.lower()
