"""The laboratory plans subjects: private copies of `terraform/`, sound or broken, by the real terraform and provider.

Nothing of AWS is asked: everything is new, so a plan is the provider's own work. All plans of a session attach to one
warm provider. A batch is planned once per session, by whichever worker comes first; the others read it from disk.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.terraform.inputs import Variables
from tests.terraform.plans import Plan, read_plan
from tests.terraform.properties.subjects import CALL, Subject, keys
from tests.terraform.runs import run
from tests.terraform.warm import Warm
from tests.terraform.workbench import SOURCE

NOBODY = {
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
    "AWS_REGION": "eu-central-1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",  # a plan that asks AWS for something fails at once
    "AWS_MAX_ATTEMPTS": "1",
}


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance of a subject: what it was given, and the plan of it alone."""

    variables: Variables
    plan: Plan

    @property
    def tier(self) -> str:
        return str(self.variables["environment"]["tier"])

    @property
    def environment(self) -> str:
        return str(self.variables["environment"]["name"])


Instances = tuple[Instance, ...]


@dataclass
class Laboratory:
    """`directory` is this process's own, `shared` that of all workers of the session."""

    directory: Path
    shared: Path
    warm: Warm
    seed: int
    drawn: dict[Subject, list[list[Variables]]] = field(default_factory=dict)
    batches: dict[Subject, Instances] = field(default_factory=dict)

    def generated(self, subject: Subject) -> list[list[Variables]]:
        """The instances of a subject, by plan."""
        if subject not in self.drawn:
            self.drawn[subject] = subject.generate(self.seed)
        return self.drawn[subject]

    def batch(self, subject: Subject) -> Instances:
        """The generated instances of a subject, planned. Raises: Refused."""
        if subject not in self.batches:
            generated = self.generated(subject)
            documents = self._planned_once(subject, generated)
            planned = (read(d, i) for d, i in zip(documents, generated, strict=True))
            self.batches[subject] = tuple(instance for batch in planned for instance in batch)
        return self.batches[subject]

    def plan(self, subject: Subject, instances: Sequence[Variables]) -> Any:
        """Plan these instances in a copy of `terraform/`; what `terraform show -json` says. Raises: Refused."""
        return self._plan(subject, {CALL: (self.copy(), instances)})

    def plan_apart(self, subject: Subject, pairs: Sequence[tuple[Path, Sequence[Variables]]]) -> list[Instances]:
        """Plan instances each in a copy of `terraform/` of their own. Raises: Refused.

        A plan costs more than what is in it, so all that can have one provider share a plan.
        """
        together: dict[str, dict[str, tuple[Path, Sequence[Variables]]]] = defaultdict(dict)
        for index, (tree, instances) in enumerate(pairs):
            needed = json.dumps(subject.provider_variables(instances[0]), sort_keys=True)
            together[subject.provider(tree) + needed][f"{CALL}{index}"] = (tree, instances)
        planned: dict[str, Instances] = {}
        for calls in together.values():
            document = self._plan(subject, calls)
            planned |= {call: read(document, instances, call) for call, (_, instances) in calls.items()}
        return [planned[f"{CALL}{index}"] for index in range(len(pairs))]

    def shown(self, root: Path) -> Any:
        """Plan a root that has its variables; what `terraform show -json` says. Raises: Refused."""
        with self.warm.attached(root, NOBODY) as environment:
            run(root, environment, "init", "-input=false", "-no-color")
            run(root, environment, "plan", "-json", "-input=false", "-lock=false", "-refresh=false", "-out=p")
            return json.loads(run(root, environment, "show", "-json", "p"))

    def copy(self, source: Path = SOURCE) -> Path:
        """A private copy of `terraform/` or another tree, to be planned in or edited."""
        tree = Path(tempfile.mkdtemp(dir=self.directory)) / source.name
        ignored = shutil.ignore_patterns(".terraform", "*.tfstate*")
        return Path(shutil.copytree(source, tree, ignore=ignored))

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what `make` returns, made by one worker of the session and read by the others from disk."""
        path = self.shared / f"{name}.json"
        with _turn(path.with_suffix(".lock")):
            if not path.exists():
                path.write_text(json.dumps(make()))
        return json.loads(path.read_text())

    def _plan(self, subject: Subject, calls: Mapping[str, tuple[Path, Sequence[Variables]]]) -> Any:
        with tempfile.TemporaryDirectory(dir=self.directory) as name:
            for call, (tree, _) in calls.items():
                tree.rename(Path(name, call))
            root = Path(name, "root")
            subject.write(root, {call: instances for call, (_, instances) in calls.items()})
            return self.shown(root)

    def _planned_once(self, subject: Subject, generated: list[list[Variables]]) -> list[Any]:
        told = json.dumps([subject.path, generated], sort_keys=True)
        name = f"{subject.name}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"
        documents: list[Any] = self.once(name, lambda: [self.plan(subject, instances) for instances in generated])
        return documents


def read(document: Mapping[str, Any], variables: Sequence[Variables], call: str = CALL) -> Instances:
    """The instances of a plan with what they were given."""
    plans = read_plan(document).instances(call)
    return tuple(Instance(given, plans[key]) for key, given in zip(keys(), variables, strict=False))


@contextmanager
def opened(shared: Path, seed: int, warm: Warm) -> Iterator[Laboratory]:
    """A laboratory in a directory of its own that goes with it."""
    shared.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="laws-") as name:
        yield Laboratory(Path(name), shared, warm, seed)


@contextmanager
def _turn(path: Path) -> Iterator[None]:
    """One worker at a time."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
