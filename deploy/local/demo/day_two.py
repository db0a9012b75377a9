"""Later steps of the demo, with a running platform: drift, approval for production, metrics, and a lost disk."""

import json
import signal
from functools import partial
from typing import Any

from deploy.local.demo.conversation import check
from deploy.local.demo.evidence import SECRET
from deploy.local.demo.scene import Scene
from deploy.local.display import require
from reconciler.core.vocabulary import Reason

_POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::*"}]}
)
_EVERYWHERE = "0.0.0.0/0"


class DayTwo(Scene):
    """Steps that need a running platform and running services."""

    def drift(self) -> None:
        self._wait_until_idle()
        before = len(self._stage.slack.threads())
        changes = self._change_by_hand()
        for key in ("develop/orders", "develop/platform"):
            requested = self._stage.reconciler("reconcile", key)
            require(requested.returncode == 0, f"reconcile {key}: {requested.stderr.strip()}")
        reports = {
            key: self._display.wait(f"the drift report of {key}", partial(self._report, key))
            for key in ("develop/orders", "develop/platform")
        }
        found = [
            (item["address"], path, value["old"], value["new"])
            for report in reports.values()
            for item in report["drift"]["resources"]
            for path, value in (item["attributes"] or {"": {"old": None, "new": item["change"]}}).items()
        ]
        for change, address, path in changes:
            hits = [entry for entry in found if address in entry[0] and entry[1].startswith(path)]
            require(bool(hits), f"{change}: not in any drift report: {found}")
            self._display.show(f"{change}: {_short(hits[0])}")
        self._display.wait("the repair", self._repaired)
        self._display.show("AWS is repaired: rules, policies and retention are as before")
        self._display.wait("closed Slack threads", lambda: self._drift_threads_closed(before))
        for thread in self._stage.slack.threads()[before:]:
            self._display.show(f"Slack: {thread['text'].splitlines()[0][:100]}")

    def production(self) -> None:
        self._stage.push("Add a platform for prod", {"platforms/prod.yaml": self._prod(cost_center="4711")})
        first = self._display.wait("prod's plan", lambda: self._awaiting_approval(other_than=None))
        require(not self._aws.ecs.describe_clusters(clusters=["prod"])["clusters"], "prod was changed")
        self._display.show(f"prod/platform waits: {first['message'].split(';')[0]}; AWS has no cluster prod")
        self._stage.push("Change the cost center of prod", {"platforms/prod.yaml": self._prod(cost_center="4712")})
        outdated = first["plan"]["digest"]
        current = self._display.wait("the changed plan", lambda: self._awaiting_approval(other_than=outdated))
        refused = self._stage.reconciler("approve", "prod/platform", "--digest", outdated)
        require(refused.returncode != 0, "an approval of the outdated plan was accepted")
        reason = refused.stderr.strip().splitlines()[0][:100]
        self._display.show(f"the approval of the outdated plan is refused: {reason}")
        approved = self._stage.reconciler("approve", "prod/platform", "--digest", current["plan"]["digest"])
        require(approved.returncode == 0, f"approve: {approved.stderr.strip()}")
        self._display.wait("prod's platform", self._prod_ready)
        tags = self._aws.ecs.describe_clusters(clusters=["prod"], include=["TAGS"])["clusters"][0]["tags"]
        value = {tag["key"]: tag["value"] for tag in tags}["CostCenter"]
        require(value == "4712", f"the cluster's CostCenter is {value}")
        self._display.show("approved: the cluster prod runs, with the cost center of the approved plan")
        self._display.wait("closed Slack threads", self._all_threads_closed)
        opened, closed = check(self._stage.slack.transcript(), never=self._secrets())
        self._display.show(f"Slack: {opened} threads so far, {closed} closed, in order; no secret, no plan text")
        self._display.show(self._audit())

    def graphs(self) -> None:
        prometheus = self._stage.prometheus
        if prometheus is None:
            self._display.show("skipped: Prometheus is not installed and could not be downloaded")
            return
        latency = "reconciler_commit_to_applied_seconds"

        def scraped() -> tuple[tuple[float, float, float] | None, str]:
            counts = prometheus.values(f"sum(max_over_time({latency}_count[1h]))")
            sums = prometheus.values(f"sum(max_over_time({latency}_sum[1h]))")
            ages = prometheus.values("max(max_over_time(reconciler_instance_drift_age_seconds[1h]))")
            if counts and counts[0] and ages:
                return (counts[0], sums[0], ages[0]), ""
            return None, "not scraped yet"

        count, total, age = self._display.wait("a scrape by Prometheus", scraped)
        errors = prometheus.rule_errors()
        self._display.show(f"commit to applied: {count:.0f} applies, {total / count:.0f} s on average")
        self._display.show(f"greatest age of a drift: {age:.0f} s; failed rules: {len(errors)}")
        require(not errors, f"rules failed: {errors}")

    def lost_disk(self) -> None:
        self._wait_until_idle()
        self._stage.signal_daemon(signal.SIGTERM)
        self._display.wait("the daemon's stop", self._daemon_ended)
        container = self._stage.container
        table, bucket = container["RECONCILER__STORE__TABLE"], container["RECONCILER__STORE__BUCKET"]
        self._display.show(f"the task keeps its records in the table {table}, its trees in the bucket {bucket}")
        self._stage.start_daemon(container)
        self._wait_until_idle()
        items = self._aws.count_items(table)
        require(items > 0, f"the table {table} is empty")
        self._display.show(f"the daemon runs with the environment of its task and stores {items} items in DynamoDB")
        self._stage.signal_daemon(signal.SIGKILL)
        self._stage.wait_for_daemon(30)
        self._stage.lose_disk()
        mark = self._aws.mark()
        self._stage.start_daemon(container)
        self._wait_until_idle()
        calls = self._aws.terraform_calls(mark)
        require(not calls, f"after the loss of its disk Terraform made {len(calls)} calls: {calls[:3]}")
        self._display.show("killed, disk wiped, restarted: every instance was visited, Terraform made 0 calls")

    def _change_by_hand(self) -> list[tuple[str, str, str]]:
        """Make four changes outside Git. Returns each with the address and attribute that must report it."""
        self._aws.open_port("develop-orders", 8080, _EVERYWHERE)
        self._aws.open_port("develop-kafka-client", 22, "10.0.0.0/8")
        self._aws.iam.put_role_policy(RoleName="develop-orders-task", PolicyName="quick-fix", PolicyDocument=_POLICY)
        self._aws.logs.put_retention_policy(logGroupName="/ecs/develop/orders", retentionInDays=1)
        return [
            ("port 8080 of orders opened to the internet", "aws_security_group.this", "ingress"),
            ("SSH allowed to Kafka's clients", "aws_security_group.kafka_client", "ingress"),
            ("s3:* granted to the task role of orders", "aws_iam_role_policies_exclusive.task", "policy_names"),
            ("log retention of orders set to one day", "aws_cloudwatch_log_group.this", "retention_in_days"),
        ]

    def _repaired(self) -> tuple[bool | None, str]:
        self._require_daemon()
        present = {
            "port 8080": _EVERYWHERE in self._aws.sources("develop-orders"),
            "SSH": "10.0.0.0/8" in self._aws.sources("develop-kafka-client"),
            "s3:*": bool(self._aws.iam.list_role_policies(RoleName="develop-orders-task")["PolicyNames"]),
            "retention": self._aws.retention("/ecs/develop/orders") != 30,
        }
        left = [change for change, exists in present.items() if exists]
        return (None, f"not repaired yet: {', '.join(left)}") if left else (True, "")

    def _report(self, key: str) -> tuple[dict[str, Any] | None, str]:
        self._require_daemon()
        found = sorted((self._stage.folder / "data" / "reports" / key).glob("*.json"))
        return (json.loads(found[-1].read_text()), "") if found else (None, "no report yet")

    def _drift_threads_closed(self, before: int) -> tuple[bool | None, str]:
        threads = self._stage.slack.threads()[before:]
        open_ones = [thread for thread in threads if not thread["text"].startswith(":white_check_mark:")]
        if len(threads) < 2 or open_ones:
            return None, f"{len(threads)} threads, {len(open_ones)} open"
        require(len(threads) == 2, f"{len(threads)} threads were opened for two instances that drifted")
        return True, ""

    def _all_threads_closed(self) -> tuple[bool | None, str]:
        opened, closed = check(self._stage.slack.transcript(), never=self._secrets())
        return (True, "") if opened == closed else (None, f"{opened - closed} of {opened} threads are open")

    def _secrets(self) -> list[str]:
        """Return texts that no Slack message may contain: values of attributes and secrets, and the bot's token."""
        return [SECRET, self._stage.slack.token, _EVERYWHERE, "10.0.0.0/8", "quick-fix", "s3:*"]

    def _awaiting_approval(self, *, other_than: str | None) -> tuple[dict[str, Any] | None, str]:
        self._require_daemon()
        found = self._stage.api("instances/prod/platform")
        waits = found.get("reason") == Reason.AWAITING_APPROVAL and found["plan"]["digest"] != other_than
        return (found, "") if waits else (None, str(found.get("reason")))

    def _audit(self) -> str:
        """Return what people did, as the audit has it. Raises: StepFailed for an act without a proven actor."""
        entries = self._stage.api("audit")["entries"]
        unproven = [entry for entry in entries if not entry["by"] or entry["proof"] not in {"socket", "daemon"}]
        require(not unproven, f"the audit has acts that nobody is proven to have done: {unproven}")
        done = [f"{entry['action']} ({entry['result']})" for entry in reversed(entries)]
        people = {entry["by"] for entry in entries if entry["proof"] == "socket"}
        require(
            len(people) == 1 and {"approve (refused)", "approve (accepted)", "apply (applied)"} <= set(done), str(done)
        )
        return f"audit: {', '.join(done)}; by {people.pop()}, named by the kernel, and by the daemon for them"

    def _prod_ready(self) -> tuple[bool | None, str]:
        self._require_daemon()
        found = self._stage.api("instances/prod/platform")
        return (True, "") if found.get("ready") else (None, f"{found.get('reason')}: {found.get('message')}")


def _short(found: tuple[str, str, Any, Any]) -> str:
    address, path, old, new = found
    return f"{address.removeprefix('module.')} {path}: {_value(old)} → {_value(new)}"


def _value(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"
