"""The laboratory plans subjects: private copies of `terraform/`, sound or broken, by the real terraform and provider.

Nothing of AWS is asked: everything is new, so a plan is the provider's own work. All plans of a session attach to one
warm provider. A batch is planned once per session, by whichever worker comes first; the others read it from disk.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from reconciler.edges.terraform import plugins
from reconciler.edges.terraform.warm import WarmRuns
from reconciler.provider.client import WarmProvider
from tests.terraform.inputs import Variables
from tests.terraform.plans import Plan, read_plan
from tests.terraform.properties.subjects import CALL, Subject, keys
from tests.terraform.workbench import SOURCE, Refused, find_terraform, read_errors

PATIENCE = 400.0
NOBODY = {
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
    "AWS_REGION": "eu-central-1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",  # a plan that asks AWS for something fails at once
    "AWS_MAX_ATTEMPTS": "1",
    "GOGC": "600",  # a plan of thousands of resources spends a third of its time on collecting garbage
}
PASSED_ON = ("HOME", "LANG", "PATH", "TMPDIR")


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


@dataclass
class Laboratory:
    """`directory` is this process's own, `shared` that of all workers of the session."""

    directory: Path
    shared: Path
    runner: asyncio.Runner
    provider: WarmProvider
    environment: Mapping[str, str]
    mirrors: tuple[Path, ...]
    seed: int
    drawn: dict[Subject, list[list[Variables]]] = field(default_factory=dict)
    batches: dict[Subject, tuple[Instance, ...]] = field(default_factory=dict)

    def generated(self, subject: Subject) -> list[list[Variables]]:
        """The instances of a subject, by plan."""
        if subject not in self.drawn:
            self.drawn[subject] = subject.generate(self.seed)
        return self.drawn[subject]

    def batch(self, subject: Subject) -> tuple[Instance, ...]:
        """The generated instances of a subject, planned. Raises: Refused."""
        if subject not in self.batches:
            generated = self.generated(subject)
            documents = self._planned_once(subject, generated)
            planned = (read(d, i) for d, i in zip(documents, generated, strict=True))
            self.batches[subject] = tuple(instance for batch in planned for instance in batch)
        return self.batches[subject]

    def plan(self, subject: Subject, instances: Sequence[Variables], *, tree: Path | None = None) -> Any:
        """Plan these instances in a copy of `terraform/`; what `terraform show -json` says. Raises: Refused."""
        tree = tree or self.copy()
        root = subject.write(tree, instances)
        (root / "terraform.tfvars.json").write_text(json.dumps(subject.arguments(instances)))
        try:
            return self.shown(root)
        finally:
            shutil.rmtree(tree)

    def shown(self, root: Path) -> Any:
        """Plan a root that has its variables; what `terraform show -json` says. Raises: Refused."""
        return self.runner.run(self._shown(root))

    def copy(self, source: Path = SOURCE) -> Path:
        """A private copy of `terraform/` or another tree, to be planned in or edited."""
        tree = Path(tempfile.mkdtemp(dir=self.directory)) / source.name
        ignored = shutil.ignore_patterns(".terraform", "*.tfstate*")
        return Path(shutil.copytree(source, tree, ignore=ignored))

    def _planned_once(self, subject: Subject, generated: list[list[Variables]]) -> list[Any]:
        told = json.dumps([subject.path, generated], sort_keys=True)
        path = self.shared / f"{subject.name}-{hashlib.sha256(told.encode()).hexdigest()[:16]}.json"
        with _turn(path.with_suffix(".lock")):
            if not path.exists():
                path.write_text(json.dumps([self.plan(subject, instances) for instances in generated]))
        documents: list[Any] = json.loads(path.read_text())
        return documents

    async def _shown(self, root: Path) -> Any:
        async with WarmRuns(self.provider, self.mirrors)(root, self.environment) as extra:
            assert extra, "no warm provider; its log is in the directory of the session"
            environment = {**self.environment, **extra}
            await run(root, environment, "init", "-input=false", "-no-color")
            await run(root, environment, "plan", "-json", "-input=false", "-lock=false", "-refresh=false", "-out=p")
            return json.loads(await run(root, environment, "show", "-json", "p"))


def read(document: Mapping[str, Any], variables: Sequence[Variables]) -> tuple[Instance, ...]:
    """The instances of a plan with what they were given."""
    plans = read_plan(document).instances(CALL)
    return tuple(Instance(given, plans[key]) for key, given in zip(keys(), variables, strict=False))


async def run(root: Path, environment: Mapping[str, str], *arguments: str) -> str:
    """Return Terraform's output. Raises: Refused."""
    process = await asyncio.create_subprocess_exec(
        find_terraform(), *arguments, cwd=root, env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, errors = (part.decode() for part in await asyncio.wait_for(process.communicate(), PATIENCE))
    if process.returncode != 0:
        raise Refused(read_errors(output) or (("", output + errors),))
    return output


@contextmanager
def opened(shared: Path, seed: int) -> Iterator[Laboratory]:
    """A laboratory with its warm provider, in a directory of its own that goes with it."""
    shared.mkdir(exist_ok=True)
    # A short path: the warm provider makes sockets in it.
    with tempfile.TemporaryDirectory(prefix="laws-", dir="/tmp") as name, asyncio.Runner() as runner:
        directory = Path(name)
        mirrors = plugins.find_mirrors(os.environ)
        configured = plugins.configure(shared / "cli", mirrors)
        passed = {variable: os.environ[variable] for variable in PASSED_ON if variable in os.environ}
        settings = {"TF_CLI_CONFIG_FILE": str(configured.configuration), "TF_IN_AUTOMATION": "1"}
        environment = passed | NOBODY | settings | {"CHECKPOINT_DISABLE": "1"}
        if configured.cache is not None:
            runner.run(_install(directory / "install", environment, configured))
            mirrors = (configured.cache,)
        provider = runner.run(WarmProvider.start(directory / "warm"))
        try:
            yield Laboratory(directory, shared, runner, provider, environment, mirrors, seed)
        finally:
            runner.run(provider.stop(drain_seconds=0))


async def _install(root: Path, environment: Mapping[str, str], configured: plugins.Plugins) -> None:
    """Without a mirror the provider comes from Terraform's own download, once, into the cache."""
    shutil.copytree(SOURCE / "roots/service", root, ignore=shutil.ignore_patterns("*.tf", ".terraform"))
    shutil.copy(SOURCE / "roots/service/versions.tf", root)
    async with configured.turn(timedelta(seconds=PATIENCE)):
        await run(root, environment, "init", "-input=false", "-no-color")


@contextmanager
def _turn(path: Path) -> Iterator[None]:
    """One worker at a time."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
