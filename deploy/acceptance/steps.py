"""The steps: each makes one part of an environment's life happen in the account and looks at AWS for the evidence."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from deploy.acceptance import delivery, manifests
from deploy.acceptance.account import Account
from deploy.acceptance.manifests import INTERNAL, MEMORY, MORE_MEMORY, PUBLIC, RENAMED, Inputs
from deploy.acceptance.removal import Removal
from deploy.acceptance.runner import Step
from deploy.acceptance.sandbox import Sandbox
from deploy.local.display import Display, require
from deploy.local.evidence import Evidence, Running
from deploy.local.watch import Watch
from reconciler.core.vocabulary import Reason

_BY_HAND = "0.0.0.0/0"


class Story(Watch):
    """The steps of one run."""

    def __init__(self, sandbox: Sandbox, account: Account, inputs: Inputs, display: Display) -> None:
        super().__init__(sandbox, display)
        self._sandbox, self._account, self._inputs = sandbox, account, inputs
        self._target = account.environment
        self._removal = Removal(sandbox, account, display)
        self._aws = Evidence(account.client, cluster=self._target.name, bucket=account.bucket)

    def steps(self) -> Sequence[Step]:
        """Return all steps, in order."""
        remove = self._removal.remove
        return (
            Step("bootstrap", "the account gets a state bucket and a lock table", self.bootstrap, self._end_states),
            Step("account", "trail, compliance record and roles of people", self.account, partial(remove, "account")),
            Step("platform", "network, cluster, load balancer, keys", self.platform, partial(remove, "platform")),
            Step("services", "a public and an internal service, built by their pipelines", self.services, self._end),
            Step("delivery", "a pipeline delivers another commit", self.deliver),
            Step("rollback", "a rollout that fails is rolled back", self.roll_back),
            Step("drift", "a change by hand is healed", self.drift),
            Step("approval", "a change waits for its approval", self.approval),
            Step("rename", "the internal service gets another name and stays the same in AWS", self.rename),
            Step("prune", "the public service is removed from Git", self.prune),
        )

    def bootstrap(self) -> list[str]:
        """Make the state bucket and the lock table, twice: the second time changes nothing."""
        for _ in range(2):
            done = self._sandbox.reconciler("bootstrap")
            require(done.returncode == 0, f"bootstrap failed: {done.stderr.strip() or done.stdout.strip()}")
        described = self._aws.states_are_safe()
        require(bool(described), "the state bucket is not versioned and encrypted")
        return [described]

    def account(self) -> list[str]:
        """Apply the account's root."""
        texts = {"anchor": manifests.anchor(self._target)}
        self._push("Add the account", **texts, account=manifests.account(self._target, self._inputs))
        self._wait_until_idle()
        trails = self._account.client("cloudtrail").describe_trails()["trailList"]
        own = [trail for trail in trails if trail["Name"].startswith(self._target.name)]
        require(len(own) == 1, f"{len(own)} trails have the environment's name")
        logs = self._account.client("cloudtrail").get_trail_status(Name=own[0]["TrailARN"])["IsLogging"]
        require(logs, f"the trail {own[0]['Name']} does not log")
        return [f"trail {own[0]['Name']} logs, key {own[0].get('KmsKeyId', 'none')}"]

    def platform(self) -> list[str]:
        """Apply the platform."""
        self._push("Add the platform", platform=manifests.platform(self._target, self._inputs))
        self._wait_until_idle()
        cluster = self._aws.ecs.describe_clusters(clusters=[self._target.name])["clusters"][0]
        balancer = self._aws.elb.describe_load_balancers(Names=[self._target.name])["LoadBalancers"][0]
        state = balancer["State"]["Code"]
        require((cluster["status"], state) == ("ACTIVE", "active"), f"cluster {cluster['status']}, balancer {state}")
        return [f"cluster {cluster['clusterName']} {cluster['status']}, load balancer {balancer['DNSName']} {state}"]

    def services(self) -> list[str]:
        """Apply both services and have their pipelines build the first image."""
        texts = {
            PUBLIC: manifests.public(self._target, self._inputs),
            INTERNAL: manifests.internal(self._target, self._inputs),
        }
        self._push("Add a public and an internal service", **texts)
        for name in texts:
            self._display.wait(f"the pipeline of {name}", partial(self._pipeline, name))
            self._build(name, self._inputs.commits[0])
        shown = [self._describe(name, self._awaited(name, "the tasks", lambda _: True)) for name in texts]
        self._wait_until_idle()
        return [*shown, f"{PUBLIC}: {self._healthy_targets()} healthy targets"]

    def deliver(self) -> list[str]:
        """Have the pipeline of the public service build and deploy the second commit."""
        commit = self._inputs.commits[1]
        identity = self._build(PUBLIC, commit)
        seen = self._awaited(PUBLIC, "the delivered image", lambda service: self._aws.runs(service, PUBLIC, commit))
        self._wait_until_idle()
        return [f"execution {identity or 'of an earlier run'} delivered {commit}", self._describe(PUBLIC, seen)]

    def roll_back(self) -> list[str]:
        """Push an image that cannot start, name it in Git, and take it back once ECS has rolled back."""
        before = self._awaited(PUBLIC, "the tasks", lambda service: delivery.BROKEN not in service.image)
        if not self._aws.has_image(PUBLIC, delivery.BROKEN):
            delivery.push_broken_image(self._account, PUBLIC)
        self._push("Roll out what cannot start", web=self._public(tag=delivery.BROKEN))
        self._display.wait("the rollback", partial(self._has_reason, PUBLIC, Reason.ROLLED_BACK))
        after = self._awaited(PUBLIC, "the former image", lambda service: delivery.BROKEN not in service.image)
        require(after.image == before.image, f"{PUBLIC} runs {after.image}, and ran {before.image}")
        self._push("Take it back", web=self._public())
        self._wait_until_idle()
        return [f"{PUBLIC}: {Reason.ROLLED_BACK}, and runs what it ran: {_tag(after)}"]

    def drift(self) -> list[str]:
        """Open a port of the public service to the internet, and wait until the daemon has closed it."""
        group = f"{self._target.name}-{PUBLIC}"
        if _BY_HAND not in self._aws.sources(group):
            self._aws.open_port(group, 22, _BY_HAND)
        asked = self._sandbox.reconciler("reconcile", f"{self._target.name}/{PUBLIC}")
        require(asked.returncode == 0, f"reconcile: {asked.stderr.strip()}")

        def healed() -> tuple[bool | None, str]:
            self._require_daemon()
            return (None, "port 22 is open") if _BY_HAND in self._aws.sources(group) else (True, "")

        self._display.wait("the repair", healed)
        self._wait_until_idle()
        return [f"port 22 of {group} was opened by hand to {_BY_HAND}, and is closed again"]

    def approval(self) -> list[str]:
        """Give the public service more memory in the mode `approve`, and approve its plan."""
        self._push("Ask before more memory", web=self._public(memory=MORE_MEMORY, approve=True))
        key, waited = f"{self._target.name}/{PUBLIC}", []

        def approved() -> tuple[bool | None, str]:
            self._require_daemon()
            seen, found = self._aws.running(PUBLIC), self._sandbox.api(f"instances/{key}")
            if seen and seen.memory == MORE_MEMORY:
                return True, ""
            if found.get("reason") == Reason.AWAITING_APPROVAL:
                digest = found["plan"]["digest"]
                waited.append(f"the plan {digest[:19]}… waited, with {seen.memory if seen else '?'} MiB in ECS")
                self._sandbox.reconciler("approve", key, "--digest", digest)
            return None, str(found.get("reason"))

        self._display.wait("the approved change", approved)
        self._push("Ask no more", web=self._public(memory=MORE_MEMORY))
        self._wait_until_idle()
        return [*waited[:1], f"approved: {PUBLIC} has {MORE_MEMORY} MiB, before {MEMORY}"]

    def rename(self) -> list[str]:
        """Rename the internal service: its state moves, and nothing in AWS is made again."""
        before = self._awaited(INTERNAL, "the tasks", lambda _: True)
        self._sandbox.push(
            "Rename the internal service",
            {
                f"{INTERNAL}.yaml": None,
                f"{RENAMED}.yaml": manifests.internal(self._target, self._inputs, former=INTERNAL),
            },
        )

        def moved() -> tuple[bool | None, str]:
            found = self._sandbox.api(f"instances/{self._target.name}/{RENAMED}")
            return (True, "") if found.get("ready") else (None, str(found.get("reason")))

        self._display.wait("the rename", moved)
        self._wait_until_idle()
        after = self._aws.running(INTERNAL)
        require(after == before, f"the rename changed the service from {before} to {after}")
        require(not self._aws.state(INTERNAL)["resources"], "the former state is not empty")
        kept = len(self._aws.state(RENAMED)["resources"])
        return [f"{RENAMED} has {kept} resources in its state, {INTERNAL} none; {INTERNAL} runs in ECS unchanged"]

    def prune(self) -> list[str]:
        """Remove the public service from Git, and wait until it is gone from AWS."""
        removed = self._removal.remove(PUBLIC)
        status = self._display.wait("the end of the service", lambda: (self._aws.gone(PUBLIC) or None, "it is there"))
        require(not self._aws.has_repository(PUBLIC), f"the repository of {PUBLIC} still exists")
        return [*removed, f"{PUBLIC} is {status} in ECS; its state is empty, its repository is gone"]

    def _end(self) -> list[str]:
        return self._removal.remove(PUBLIC, INTERNAL, RENAMED)

    def _end_states(self) -> list[str]:
        self._sandbox.stop_daemon()
        return [*self._removal.empty_states(), *self._removal.delete_late_logs()]

    def _push(self, message: str, **texts: str) -> None:
        self._removal.ensure_daemon()
        commit = self._sandbox.push(message, {f"{name}.yaml": text for name, text in texts.items()})
        self._wait_for_fetch(commit)
        problems = self._sandbox.api("source")["problems"]
        require(not problems, f"the manifests have problems: {[problem['message'] for problem in problems]}")

    def _public(self, **changes: Any) -> str:
        return manifests.public(self._target, self._inputs, **changes)

    def _pipeline(self, name: str) -> tuple[bool | None, str]:
        self._require_daemon()
        found = self._aws.has_repository(name) and delivery.has_pipeline(self._account, name)
        return (True, "") if found else (None, "no repository or no pipeline yet")

    def _build(self, name: str, commit: str) -> str:
        """Have the pipeline build a commit, unless its image is there. Returns the execution's id."""
        if self._aws.has_image(name, commit):
            return ""
        identity = delivery.start_pipeline(self._account, name, commit)

        def built() -> tuple[bool | None, str]:
            status = delivery.execution(self._account, name, identity)
            there = self._aws.has_image(name, commit)
            require(there or status in {"InProgress", "Succeeded"}, f"the pipeline of {name} ended: {status}")
            return (True, "") if there else (None, f"the execution is {status}")

        self._display.wait(f"the image of {name} {commit[:12]}", built)
        return identity

    def _awaited(self, name: str, what: str, wanted: Callable[[Running], bool]) -> Running:
        def poll() -> tuple[Running | None, str]:
            self._require_daemon()
            seen = self._aws.running(name)
            if seen and seen.rollout == "COMPLETED" and seen.running == seen.desired > 0 and wanted(seen):
                return seen, ""
            return None, self._describe(name, seen) if seen else "no service yet"

        return self._display.wait(f"{what} of {name}", poll)

    def _has_reason(self, name: str, reason: Reason) -> tuple[bool | None, str]:
        self._require_daemon()
        found = self._sandbox.api(f"instances/{self._target.name}/{name}").get("reason")
        return (True, "") if found == reason else (None, str(found))

    def _healthy_targets(self) -> int:
        groups = self._aws.elb.describe_target_groups()["TargetGroups"]
        own = [group["TargetGroupArn"] for group in groups if group["TargetGroupName"].startswith(self._target.name)]
        health = [self._aws.elb.describe_target_health(TargetGroupArn=arn) for arn in own]
        states = [each["TargetHealth"]["State"] for found in health for each in found["TargetHealthDescriptions"]]
        require("healthy" in states, f"no target of {PUBLIC} is healthy: {states}")
        return states.count("healthy")

    def _describe(self, name: str, seen: Running) -> str:
        return (
            f"{name}: {seen.running} of {seen.desired} tasks, {seen.cpu} CPU, {seen.memory} MiB, "
            f"image {_tag(seen)}, rollout {seen.rollout}"
        )


def _tag(seen: Running) -> str:
    return seen.image.rsplit(":", 1)[-1]
