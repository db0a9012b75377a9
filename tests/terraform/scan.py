"""Checkov over all Terraform code: the code itself, and the plans of every root on every tier.

`make checkov` runs it and prints what it found. Checkov lives in a virtual environment of its own, `.tools/checkov`.
A finding that has to stay is an inline `#checkov:skip=ID:reason` at its resource, and is listed in
`terraform/checkov.yaml` with the same reason; a plan knows nothing of comments, so there the list decides.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.terraform.configuration import PROJECT, WHERE, directories, files
from tests.terraform.inputs import TIERS
from tests.terraform.planned_roots import plans
from tests.terraform.properties.laboratory import opened
from tests.terraform.warm import started

CHECKOV = PROJECT / ".tools/checkov/bin/checkov"
LIST = PROJECT / "terraform/checkov.yaml"
PATIENCE = 900.0
MOST = 11
# Not asked of a bucket that others log to, which would need a bucket that needs one as well (docs/security.md).
ACCESS_LOGS = "CKV_AWS_18"
INLINE = re.compile(r"#checkov:skip=(\w+):(.+)")
RESOURCE = re.compile(r'resource "(\w+)" "(\w+)"')
REFERENCE = re.compile(r"(arns?|ids?|key|bucket|role|topic)(\.\d+)*$")
PASSED_ON = ("HOME", "LANG", "PATH", "TMPDIR")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A check at a resource: the directory of the code, and the resource in it without its key."""

    check: str
    directory: str
    resource: str

    def __str__(self) -> str:
        return f"{self.check} {self.directory}: {self.resource}"


@dataclass(frozen=True, slots=True)
class Result:
    passed: frozenset[Place]
    failed: frozenset[Place]


def listed() -> dict[Place, str]:
    """Return the accepted findings with their reasons, as `checkov.yaml` lists them."""
    entries = yaml.safe_load(LIST.read_text())["skips"]
    return {
        Place(entry["check"], where, resource): entry["reason"]
        for entry in entries
        for where, found in entry["resources"].items()
        for resource in found
    }


def inline() -> dict[Place, str]:
    """The same, as the code has it."""
    return {place: reason for directory in directories() for place, reason in _inline(directory)}


def scan_code() -> Result:
    """The code as it stands. One directory at a time: of two, Checkov reports the first one twice."""
    reports = [report for root in WHERE for report in _checkov("terraform", "--directory", str(root))]
    return _result(reports, lambda check: _relative(check["file_abs_path"]))


def scan_plans(documents: Mapping[str, Any]) -> Result:
    """Plans by name, with the root that each is of in front of a colon, as in `roots/platform:prod`."""
    with tempfile.TemporaryDirectory(prefix="plans-") as name:
        directories = {}
        options = []
        for number, (title, document) in enumerate(documents.items()):
            path = Path(name, f"{number}.json")
            path.write_text(json.dumps(filled(document)))
            directories[path.name] = (title.partition(":")[0], document)
            options += ["--file", str(path)]

        def directory(check: Mapping[str, Any]) -> str:
            root, document = directories[Path(check["file_path"]).name]
            return _directory(root, document, check["resource"])

        reports = _checkov("terraform_plan", *options)
        for report in reports:
            report["results"]["failed_checks"] = [
                check
                for check in report["results"]["failed_checks"]
                if not _asks_for_a_loop(check, directories[Path(check["file_path"]).name][1])
            ]
        return _result(reports, directory)


def filled(document: Mapping[str, Any]) -> dict[str, Any]:
    """A plan in which what is known after the apply has a value; else a key of another module would be no key."""
    unknown = {change["address"]: change["change"]["after_unknown"] for change in document["resource_changes"]}

    def fill(module: Mapping[str, Any]) -> dict[str, Any]:
        resources = [
            {**found, "values": _filled(found.get("values", {}), unknown[found["address"]], found["address"])}
            for found in module.get("resources", [])
        ]
        return {
            **module,
            "resources": resources,
            "child_modules": [fill(child) for child in module.get("child_modules", [])],
        }

    planned = document["planned_values"]
    return {**document, "planned_values": {**planned, "root_module": fill(planned["root_module"])}}


def unexpected(code: Result, planned: Result) -> list[Place]:
    """The failures that are not listed.

    What a graph check (CKV2) misses in a plan and finds in the code is a reference, which a plan does not show.
    """
    referred = {place for place in planned.failed if place.check.startswith("CKV2_") and place in code.passed}
    return sorted((code.failed | (planned.failed - referred)) - set(listed()))


def main() -> int:
    """0 when nothing is found that is not listed."""
    if not CHECKOV.exists():
        sys.stderr.write("Checkov is not installed: run `make checkov`\n")
        return 2
    with (
        tempfile.TemporaryDirectory(prefix="scan-") as name,
        started(Path(name, "shared")) as warm,
        opened(Path(name, "laws"), 1, warm) as laboratory,
    ):
        documents = plans(laboratory, TIERS)
    code, planned = scan_code(), scan_plans(documents)
    found = unexpected(code, planned)
    for place in found:
        sys.stderr.write(f"{place}\n")
    checks = len({place.check for place in listed()})
    sys.stdout.write(
        f"code: {len(code.passed)} passed; {len(documents)} plans: {len(planned.passed)} passed; "
        f"{len(found)} failed, {checks} checks skipped with a reason\n"
    )
    return int(bool(found))


def _checkov(framework: str, *options: str) -> list[dict[str, Any]]:
    command = [str(CHECKOV), "--framework", framework, "--skip-download", "--soft-fail", "--output", "json", *options]
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    finished = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, check=True, cwd=PROJECT, env=environment
    )
    reports = json.loads(finished.stdout)
    return reports if isinstance(reports, list) else [reports]


def _result(reports: Sequence[Mapping[str, Any]], directory: Any) -> Result:
    def places(kind: str) -> frozenset[Place]:
        checks = (check for report in reports for check in report["results"][kind])
        return frozenset(Place(c["check_id"], directory(c), _bare(c["resource"])) for c in checks)

    errors = [error for report in reports for error in report["results"].get("parsing_errors", [])]
    assert not errors, f"Checkov cannot read {errors}"
    return Result(places("passed_checks"), places("failed_checks"))


def _bare(address: str) -> str:
    """`aws_x.y` of `module.a.aws_x.y["key"]`."""
    return ".".join(re.sub(r"\[[^]]*\]", "", address).split(".")[-2:])


def _relative(path: str) -> str:
    return str(Path(path).parent.relative_to(PROJECT))


def _asks_for_a_loop(check: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    """Say whether access logs are asked of the bucket that gets them: each delivery would be a line of the next one.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html advises against it."""
    if check["check_id"] != ACCESS_LOGS:
        return False
    planned = {
        change["address"]: (change["type"], change["change"]["after"]) for change in document["resource_changes"]
    }
    targets = {values.get("target_bucket") for kind, values in planned.values() if kind == "aws_s3_bucket_logging"}
    return planned[check["resource"]][1]["bucket"] in targets


def _directory(root: str, document: Mapping[str, Any], address: str) -> str:
    """Return the place of a planned resource's code, by the sources of the modules on its way."""
    place, module = PROJECT / root, document["configuration"]["root_module"]
    for call in re.findall(r"module\.(\w+)", address):
        called = module["module_calls"][call]
        place, module = Path(os.path.normpath(place / called["source"])), called["module"]
    return str(place.relative_to(PROJECT))


def _filled(values: Any, unknown: Any, place: str) -> Any:
    """No two unknown values are alike, as two roles of one task are not. What is no reference may stay unset."""
    if unknown is True:
        return f"{place}, known after the apply" if REFERENCE.search(place) else values
    if isinstance(unknown, Mapping):
        known = values if isinstance(values, Mapping) else {}
        more = {name: _filled(known.get(name), part, f"{place}.{name}") for name, part in unknown.items() if part}
        return {**known, **more}
    if isinstance(unknown, list):
        items = values if isinstance(values, list) else []
        padded = [*items, *[None] * (len(unknown) - len(items))]
        return [
            _filled(item, part, f"{place}.{n}") for n, (item, part) in enumerate(zip(padded, unknown, strict=False))
        ]
    return values


def _inline(directory: Path) -> Iterator[tuple[Place, str]]:
    where = str(directory.relative_to(PROJECT))
    for file in files(directory):
        resource = ""
        for line in file.read_text().splitlines():
            if opening := RESOURCE.match(line):
                resource = ".".join(opening.groups())
            if skip := INLINE.search(line):
                yield Place(skip[1], where, resource), skip[2].strip()


if __name__ == "__main__":
    sys.exit(main())
