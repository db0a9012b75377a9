"""The steps of the demo, each verified against AWS itself."""

import signal
from functools import partial
from typing import Any

from deploy.local.demo import roles
from deploy.local.demo.day_two import DayTwo
from deploy.local.demo.scene import SERVICES
from deploy.local.display import require

INSTANCES = ("platform", *SERVICES)
_FIRST_TAG = "b7e4d10"


class Story(DayTwo):
    """All steps, in order."""

    def run(self) -> None:
        """Run every step. Raises the exception of the first step that fails."""
        steps = (
            ("bootstrap: the account gets a state bucket, a lock table and the daemon's roles", self.bootstrap),
            ("a push: platform and four services converge in develop", self.first_push),
            ("an unrelated commit: Terraform does not run", self.unrelated_commit),
            ("memory and image of one service change: only that instance is applied", self.one_change),
            ("a manifest with three errors: all are located, other instances continue", self.broken_manifest),
            ("a removed manifest: the service is pruned, its state is empty", self.removal),
            ("SIGTERM during an apply: drained, no lock left, a no-op after the restart", self.drain),
            ("changes by hand: reported, announced in Slack, repaired", self.drift),
            ("prod awaits approval: an outdated approval is refused, the current plan is applied", self.production),
            ("Prometheus: time from commit to applied, and the age of drift", self.graphs),
            ("the daemon as an ECS task: a no-op after it lost its disk", self.lost_disk),
        )
        for number, (title, step) in enumerate(steps, start=1):
            with self._display.step(str(number), title):
                step()

    def bootstrap(self) -> None:
        done = self._stage.reconciler("bootstrap")
        require(done.returncode == 0, f"bootstrap failed: {done.stderr.strip() or done.stdout.strip()}")
        described = self._aws.states_are_safe()
        require(bool(described), "the bucket is not versioned and encrypted")
        self._display.show(described)
        with self._display.busy("Terraform applies deploy/ecs and deploy/ecs/target-account"):
            roles.give(self._stage)
        self._display.show("from here on every call of the daemon and of Terraform is held to the roles that both make")

    def first_push(self) -> None:
        for name in SERVICES:
            spec = self._spec(name)
            for secret in (*spec.get("secrets", {}).values(), *spec.get("runtimeSecrets", ())):
                self._aws.create_secret(secret)
        self._stage.push("Add platforms and four services", self._examples())
        self._stage.start_daemon()
        self._display.wait("the platform", self._cluster)
        pushed = {name: self._first_image(name) for name in SERVICES}
        for name in SERVICES:
            seen = self._display.wait(f"the tasks of {name}", partial(self._converged, name))
            spec = self._spec(name)
            require((seen.cpu, seen.memory) == (spec["cpu"], spec["memory"]), f"{name} has {seen.cpu}/{seen.memory}")
            require(seen.image == pushed[name], f"{name} runs {seen.image}")
            require(spec["env"].items() <= seen.environment.items(), f"{name} lacks environment variables of its spec")
            self._display.show(
                f"{name}: {seen.running} of {seen.desired} tasks, {seen.cpu} CPU, {seen.memory} MiB, "
                f"image {seen.image.rsplit(':', 1)[1]}, rollout {seen.rollout}"
            )
        codes = self._aws.first_tasks("orders")
        require(codes == [0], f"the migration of orders exited with {codes}")
        self._display.show("orders: its migration ran as a separate task and exited with 0 before the deployment")
        self._check_routes()

    def unrelated_commit(self) -> None:
        self._wait_until_idle()
        mark = self._aws.mark()
        commit = self._stage.push("Add a note", {"NOTES.md": "No instance depends on this file.\n"})
        self._wait_for_fetch(commit)
        self._wait_until_idle()
        calls = self._aws.terraform_calls(mark)
        require(not calls, f"Terraform made {len(calls)} calls")
        self._display.show(f"commit {commit[:7]} was accepted; AWS received 0 calls by Terraform since its push")

    def one_change(self) -> None:
        before, serials = self._definitions(), self._aws.serials(INSTANCES)
        image = self._aws.push_image("orders", "c0ffee1")
        self._stage.push(
            "Give orders more memory and a new image",
            {"services/orders.yaml": self._edited("orders", memory=1024, tag="c0ffee1")},
        )

        def changed() -> tuple[Any, str]:
            seen = self._aws.running("orders")
            if seen and (seen.memory, seen.image, seen.rollout) == (1024, image, "COMPLETED"):
                return seen, ""
            return None, f"orders has {seen.memory if seen else '?'} MiB, rollout {seen.rollout if seen else '?'}"

        seen = self._display.wait("the rollout of orders", changed)
        after, now = self._definitions(), self._aws.serials(INSTANCES)
        redefined = [name for name in SERVICES if before[name] != after[name]]
        written = [name for name in INSTANCES if serials[name] != now[name]]
        require(redefined == ["orders"], f"task definitions of {redefined} changed")
        require(written == ["orders"], f"states of {written} were written")
        self._display.show(f"orders: {seen.memory} MiB, image {image.rsplit(':', 1)[1]}, rollout {seen.rollout}")
        self._display.show("the other three task definitions and the other four states are unchanged")

    def broken_manifest(self) -> None:
        before = self._aws.running("catalog")
        good = (self._stage.clone / "services/catalog.yaml").read_text()
        broken = good.replace("  memory: 512", "  memory: 700").replace("  port: 8000", "  port: 010\n  colour: blue")
        require(broken.count("colour") == 1 and "700" in broken, "the example lacks the lines that this step breaks")
        self._stage.push("Make three errors", {"services/catalog.yaml": broken})

        def reported() -> tuple[list[str] | None, str]:
            problems = [
                f"{p['path']}:{p['line']}:{p['column']}: {p['message']}" for p in self._stage.api("source")["problems"]
            ]
            return (problems, "") if len(problems) == 3 else (None, f"{len(problems)} problems reported")

        for problem in self._display.wait("the problems", reported):
            self._display.show(problem)
        self._stage.push(
            "Let payments log everything", {"services/payments.yaml": self._edited("payments", LOG_LEVEL="trace")}
        )

        def payments_changed() -> tuple[Any, str]:
            seen = self._aws.running("payments")
            changed = seen and seen.environment.get("LOG_LEVEL") == "trace" and seen.rollout == "COMPLETED"
            return (seen, "") if changed else (None, "payments still has its old environment")

        self._display.wait("the rollout of payments", payments_changed)
        self._display.show("payments was pushed afterwards and runs with LOG_LEVEL=trace")
        require(self._aws.running("catalog") == before, "catalog was changed")
        self._display.show("catalog still runs, unchanged, with its last valid content")
        self._stage.push("Fix catalog", {"services/catalog.yaml": good})

    def removal(self) -> None:
        self._stage.push("Remove ledger", {"services/ledger.yaml": None})

        def pruned() -> tuple[str | None, str]:
            gone = self._aws.gone("ledger")
            return (gone, "") if gone else (None, "it runs, or its state has resources")

        status = self._display.wait("the prune of ledger", pruned)
        self._display.show(f"ledger: service {status}, 0 resources in its state")
        require(not self._aws.has_repository("ledger"), "the repository of ledger still exists")
        active = [name for name in SERVICES if name != "ledger" and self._aws.status(name) == "ACTIVE"]
        require(len(active) == 3, f"only {active} are active")
        self._display.show(f"{', '.join(active)} still run")

    def drain(self) -> None:
        self._wait_until_idle()
        mark = self._aws.mark()
        self._stage.aws.inject_fault("ecs", "slow", operation="RegisterTaskDefinition", seconds=6, times=1)
        self._stage.push(
            "Let payments log less", {"services/payments.yaml": self._edited("payments", LOG_LEVEL="warning")}
        )

        def applying() -> tuple[list[str] | None, str]:
            locks = self._aws.locks()
            calls = [c["operation"] for c in self._aws.terraform_calls(mark)]
            return (locks, "") if locks and "RegisterTaskDefinition" in calls else (None, "no apply yet")

        self._display.wait("an apply in progress", applying)
        self._stage.signal_daemon(signal.SIGTERM)
        self._display.show("SIGTERM while Terraform registers the task definition of payments")
        self._display.wait("the daemon's drain", self._daemon_ended)
        code = self._stage.wait_for_daemon(1)
        require(code == 0, f"the daemon exited with {code}")
        self._stage.aws.lift_faults()
        seen = self._aws.running("payments")
        require(seen is not None and seen.environment.get("LOG_LEVEL") == "warning", "the apply did not finish")
        require(not self._aws.locks(), f"locks are left: {self._aws.locks()}")
        self._display.show("the daemon exited with 0, the change is in ECS, no lock is left in S3 or DynamoDB")
        mark = self._aws.mark()
        self._stage.start_daemon()
        self._wait_until_idle()
        calls = self._aws.terraform_calls(mark)
        require(not calls, f"after the restart Terraform made {len(calls)} calls")
        self._display.show("restarted: every instance was visited, a no-op (Terraform made 0 calls)")

    def _cluster(self) -> tuple[bool | None, str]:
        self._require_daemon()
        found = self._aws.ecs.describe_clusters(clusters=["develop"])["clusters"]
        if not found:
            return None, "no cluster yet"
        balancers = self._aws.elb.describe_load_balancers()["LoadBalancers"]
        if not balancers:
            return None, "the cluster exists, the load balancer does not yet"
        lock = [key for key in self._aws.locks() if "develop/platform/" in key]
        return (None, f"load balancer {balancers[0]['State']['Code']}; Terraform still applies") if lock else (True, "")

    def _first_image(self, name: str) -> str:
        """Act as the build pipeline: push the image that the manifest names as soon as the repository exists."""

        def repository() -> tuple[bool | None, str]:
            self._require_daemon()
            return (True, "") if self._aws.has_repository(name) else (None, "no repository yet")

        self._display.wait(f"the repository of {name}", repository)
        return self._aws.push_image(name, (self._spec(name).get("image") or {"tag": _FIRST_TAG})["tag"])

    def _converged(self, name: str) -> tuple[Any, str]:
        self._require_daemon()
        seen = self._aws.running(name)
        if seen and seen.rollout == "COMPLETED" and seen.running == seen.desired > 0:
            return seen, ""
        return None, f"{seen.running} of {seen.desired} tasks, rollout {seen.rollout}" if seen else "no service yet"

    def _check_routes(self) -> None:
        rules = self._aws.rules()
        for name in SERVICES:
            routing = self._spec(name).get("routing")
            if routing:
                found = rules.get(routing["priority"])
                require(found == sorted(routing["paths"]), f"the listener rule of {name} has {found}")
                self._display.show(f"{name}: listener rule {routing['priority']} for {', '.join(routing['paths'])}")
        require(len(rules) == 2, f"expected 2 listener rules, found {len(rules)}")

    def _definitions(self) -> dict[str, str]:
        found = {name: self._aws.running(name) for name in SERVICES}
        return {name: service.task_definition if service else "" for name, service in found.items()}
