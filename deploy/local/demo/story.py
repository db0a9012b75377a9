"""The steps, each checked against AWS itself."""

import signal
from functools import partial
from typing import Any

from deploy.local.demo.day_two import DayTwo
from deploy.local.demo.display import require
from deploy.local.demo.scene import SERVICE_TAKES, SERVICES
from deploy.local.demo.stage import BUCKET

INSTANCES = ("platform", *SERVICES)
_FIRST_TAG = "b7e4d10"
_PLATFORM_TAKES = 420.0


class Story(DayTwo):
    """What happens on the stage, in order."""

    def tell(self) -> None:
        """Every step; raises at the first one that does not hold."""
        steps = (
            ("bootstrap: the account gets a state bucket and a lock table", self.bootstrap),
            ("a push: platform and four services converge in develop", self.first_push),
            ("an unrelated commit runs Terraform zero times", self.unrelated_commit),
            ("one service's memory and image change: that instance alone is applied", self.one_change),
            ("a manifest with three mistakes: all are located, nobody else is held up", self.broken_manifest),
            ("a manifest is removed: the service is pruned, its state empty", self.removal),
            ("SIGTERM during an apply: drained, no lock left, nothing to do afterwards", self.drain),
            ("changes by hand: reported, told in Slack, healed", self.drift),
            ("prod waits: a changed plan refuses the old approval, the right one is applied", self.production),
            ("Prometheus: from commit to applied, and the age of drift", self.graphs),
            ("the daemon as an ECS task: it loses its disk and finds nothing to do", self.lost_disk),
        )
        for number, (title, step) in enumerate(steps, start=1):
            with self._display.step(str(number), title):
                step()

    def bootstrap(self) -> None:
        done = self._stage.reconciler("bootstrap")
        require(done.returncode == 0, f"bootstrap failed: {done.stderr.strip() or done.stdout.strip()}")
        s3 = self._aws.s3
        versioning = s3.get_bucket_versioning(Bucket=BUCKET)["Status"]
        rules = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
        encryption = rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]
        table = self._aws.dynamodb.describe_table(TableName="reconciler-locks")["Table"]
        require(versioning == "Enabled" and encryption == "aws:kms", "the bucket is not versioned and encrypted")
        self._display.shows(f"bucket {BUCKET}: versioning {versioning}, {encryption}")
        self._display.shows(
            f"table {table['TableName']}: {table['TableStatus']}, key {table['KeySchema'][0]['AttributeName']}"
        )

    def first_push(self) -> None:
        for name in SERVICES:
            spec = self._spec(name)
            for secret in (*spec.get("secrets", {}).values(), *spec.get("runtimeSecrets", ())):
                self._aws.keep_secret(secret)
        self._stage.push("Platforms and four services", self._examples())
        self._stage.start_daemon()
        self._display.wait("the platform", self._cluster, within=_PLATFORM_TAKES)
        pushed = {name: self._first_image(name) for name in SERVICES}
        for name in SERVICES:
            seen = self._display.wait(f"{name} to run", partial(self._converged, name), within=SERVICE_TAKES)
            spec = self._spec(name)
            require((seen.cpu, seen.memory) == (spec["cpu"], spec["memory"]), f"{name} has {seen.cpu}/{seen.memory}")
            require(seen.image == pushed[name], f"{name} runs {seen.image}")
            require(spec["env"].items() <= seen.environment.items(), f"{name} lacks its environment")
            self._display.shows(
                f"{name}: {seen.running} of {seen.desired} tasks, {seen.cpu} CPU, {seen.memory} MiB, "
                f"image {seen.image.rsplit(':', 1)[1]}, rollout {seen.rollout}"
            )
        ended = self._aws.first_tasks("orders")
        require(ended == [0], f"orders' migration ended with {ended}")
        self._display.shows("orders: its migration ran as a task of its own, and ended with 0, before it was deployed")
        self._check_routes()

    def unrelated_commit(self) -> None:
        self._quiet()
        mark = self._aws.mark()
        commit = self._stage.push(
            "Say what this repository is", {"NOTES.md": "Nothing that any instance depends on.\n"}
        )
        self._fetched(commit)
        self._quiet()
        calls = self._aws.terraform_calls(mark)
        require(not calls, f"Terraform made {len(calls)} calls")
        self._display.shows(f"commit {commit[:7]} was taken in; AWS saw 0 calls by Terraform since it was pushed")

    def one_change(self) -> None:
        before, serials = self._definitions(), self._aws.serials(INSTANCES)
        image = self._aws.push_image("orders", "c0ffee1")
        self._stage.push(
            "Orders: more memory, new image",
            {"services/orders.yaml": self._edited("orders", memory=1024, tag="c0ffee1")},
        )

        def changed() -> tuple[Any, str]:
            seen = self._aws.running("orders")
            if seen and (seen.memory, seen.image, seen.rollout) == (1024, image, "COMPLETED"):
                return seen, ""
            return None, f"orders has {seen.memory if seen else '?'} MiB, rollout {seen.rollout if seen else '?'}"

        seen = self._display.wait("orders to roll", changed, within=SERVICE_TAKES)
        after, now = self._definitions(), self._aws.serials(INSTANCES)
        moved = [name for name in SERVICES if before[name] != after[name]]
        written = [name for name in INSTANCES if serials[name] != now[name]]
        require(moved == ["orders"], f"task definitions of {moved} changed")
        require(written == ["orders"], f"states of {written} were written")
        self._display.shows(f"orders: {seen.memory} MiB, image {image.rsplit(':', 1)[1]}, rollout {seen.rollout}")
        self._display.shows("task definitions of the other three and four other states are untouched")

    def broken_manifest(self) -> None:
        before = self._aws.running("catalog")
        good = (self._stage.clone / "services/catalog.yaml").read_text()
        broken = good.replace("  memory: 512", "  memory: 700").replace("  port: 8000", "  port: 010\n  colour: blue")
        require(broken.count("colour") == 1 and "700" in broken, "the example no longer has the lines to break")
        self._stage.push("Three mistakes", {"services/catalog.yaml": broken})

        def reported() -> tuple[list[str] | None, str]:
            problems = [
                f"{p['path']}:{p['line']}:{p['column']}: {p['message']}" for p in self._api("source")["problems"]
            ]
            return (problems, "") if len(problems) == 3 else (None, f"{len(problems)} problems reported")

        for problem in self._display.wait("the problems", reported, within=60):
            self._display.shows(problem)
        self._stage.push(
            "Payments: log everything", {"services/payments.yaml": self._edited("payments", LOG_LEVEL="trace")}
        )

        def others_move() -> tuple[Any, str]:
            seen = self._aws.running("payments")
            moved = seen and seen.environment.get("LOG_LEVEL") == "trace" and seen.rollout == "COMPLETED"
            return (seen, "") if moved else (None, "payments still has its old environment")

        self._display.wait("payments to roll", others_move, within=SERVICE_TAKES)
        self._display.shows("payments was pushed afterwards and runs with LOG_LEVEL=trace")
        require(self._aws.running("catalog") == before, "catalog was touched")
        self._display.shows("catalog runs on, unchanged, at its last good state")
        self._stage.push("Mend catalog", {"services/catalog.yaml": good})

    def removal(self) -> None:
        self._stage.push("Ledger retires", {"services/ledger.yaml": None})

        def gone() -> tuple[str | None, str]:
            status = self._aws.status("ledger")
            resources = len(self._aws.state("ledger")["resources"])
            there = status in {"ACTIVE", "DRAINING"} or resources
            return (None, f"service {status}, {resources} resources in its state") if there else (status, "")

        status = self._display.wait("ledger to go", gone, within=SERVICE_TAKES)
        self._display.shows(f"ledger: service {status}, 0 resources in its state")
        require(not self._aws.has_repository("ledger"), "its repository is still there")
        alive = [name for name in SERVICES if name != "ledger" and self._aws.status(name) == "ACTIVE"]
        require(len(alive) == 3, f"only {alive} are left")
        self._display.shows(f"{', '.join(alive)} run on")

    def drain(self) -> None:
        self._quiet()
        mark = self._aws.mark()
        self._stage.aws.inject_fault("ecs", "slow", operation="RegisterTaskDefinition", seconds=6, times=1)
        self._stage.push(
            "Payments: log less", {"services/payments.yaml": self._edited("payments", LOG_LEVEL="warning")}
        )

        def applying() -> tuple[list[str] | None, str]:
            locks = self._aws.locks()
            calls = [c["operation"] for c in self._aws.terraform_calls(mark)]
            return (locks, "") if locks and "RegisterTaskDefinition" in calls else (None, "no apply yet")

        self._display.wait("an apply to be under way", applying, within=SERVICE_TAKES)
        self._stage.signal_daemon(signal.SIGTERM)
        self._display.shows("SIGTERM while Terraform registers payments' task definition")
        self._display.wait("the daemon to drain", self._ended, within=120)
        code = self._stage.wait_for_daemon(1)
        require(code == 0, f"the daemon ended with {code}")
        self._stage.aws.lift_faults()
        seen = self._aws.running("payments")
        require(seen is not None and seen.environment.get("LOG_LEVEL") == "warning", "the apply was cut short")
        require(not self._aws.locks(), f"locks are left: {self._aws.locks()}")
        self._display.shows("the daemon ended with 0, the change is in ECS, no lock is left in S3 or DynamoDB")
        mark = self._aws.mark()
        self._stage.start_daemon()
        self._quiet()
        calls = self._aws.terraform_calls(mark)
        require(not calls, f"after the restart Terraform made {len(calls)} calls")
        self._display.shows("restarted: every instance was visited, Terraform had nothing to do (0 calls)")

    def _cluster(self) -> tuple[bool | None, str]:
        self._alive()
        found = self._aws.ecs.describe_clusters(clusters=["develop"])["clusters"]
        if not found:
            return None, "no cluster yet"
        rules = self._aws.elb.describe_load_balancers()["LoadBalancers"]
        if not rules:
            return None, "the cluster is there, the load balancer is not"
        lock = [key for key in self._aws.locks() if "develop/platform/" in key]
        return (None, f"load balancer {rules[0]['State']['Code']}; Terraform still applies") if lock else (True, "")

    def _first_image(self, name: str) -> str:
        """Play the build pipeline: as soon as the repository exists, push the image that the manifest names."""

        def repository() -> tuple[bool | None, str]:
            self._alive()
            return (True, "") if self._aws.has_repository(name) else (None, "no repository yet")

        self._display.wait(f"{name}'s repository", repository, within=SERVICE_TAKES)
        return self._aws.push_image(name, (self._spec(name).get("image") or {"tag": _FIRST_TAG})["tag"])

    def _converged(self, name: str) -> tuple[Any, str]:
        self._alive()
        seen = self._aws.running(name)
        if seen and seen.rollout == "COMPLETED" and seen.running == seen.desired > 0:
            return seen, ""
        said = f"{seen.running} of {seen.desired} tasks, rollout {seen.rollout}" if seen else "no service yet"
        return None, said

    def _check_routes(self) -> None:
        rules = self._aws.rules()
        for name in SERVICES:
            routing = self._spec(name).get("routing")
            if routing:
                found = rules.get(routing["priority"])
                require(found == sorted(routing["paths"]), f"{name}'s rule has {found}")
                self._display.shows(f"{name}: listener rule {routing['priority']} for {', '.join(routing['paths'])}")
        require(len(rules) == 2, f"there are {len(rules)} listener rules")

    def _definitions(self) -> dict[str, str]:
        found = {name: self._aws.running(name) for name in SERVICES}
        return {name: service.task_definition if service else "" for name, service in found.items()}
