"""What happens to a platform that lives: changes by hand, a production that waits, graphs, and a lost disk."""

import json
import signal
from functools import partial
from typing import Any

from deploy.local import ecs
from deploy.local.demo.conversation import check
from deploy.local.demo.display import require
from deploy.local.demo.evidence import SECRET
from deploy.local.demo.scene import SERVICE_TAKES, Scene
from deploy.local.demo.stage import ACCOUNT, REGION, ROOT
from reconciler.core.vocabulary import Reason

_POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::*"}]}
)
_EVERYWHERE = "0.0.0.0/0"
_PROD_TAKES = 420.0
_ROLE = f"arn:aws:iam::{ACCOUNT}:role/reconciler"


class DayTwo(Scene):
    """Steps that need a platform and services that run."""

    def drift(self) -> None:
        self._quiet()
        told = len(self._stage.slack.threads())
        made = self._by_hand()
        for key in ("develop/orders", "develop/platform"):
            asked = self._stage.reconciler("reconcile", key)
            require(asked.returncode == 0, f"reconcile {key}: {asked.stderr.strip()}")
        reports = {
            key: self._display.wait(f"the report on {key}", partial(self._report, key), within=SERVICE_TAKES)
            for key in ("develop/orders", "develop/platform")
        }
        found = [
            (item["address"], path, value["old"], value["new"])
            for report in reports.values()
            for item in report["drift"]["resources"]
            for path, value in (item["attributes"] or {"": {"old": None, "new": item["change"]}}).items()
        ]
        for what, address, path in made:
            hits = [entry for entry in found if address in entry[0] and entry[1].startswith(path)]
            require(bool(hits), f"{what} is in no report: {found}")
            self._display.shows(f"{what}: {_short(hits[0])}")
        self._display.wait("everything to be healed", self._as_before, within=SERVICE_TAKES)
        self._display.shows("AWS is as before: rules, policies and retention are back")
        self._display.wait("Slack to hear of it", lambda: self._closed(told), within=60)
        for thread in self._stage.slack.threads()[told:]:
            self._display.shows(f"Slack: {thread['text'].splitlines()[0][:100]}")

    def production(self) -> None:
        self._stage.push("A platform for prod", {"platforms/prod.yaml": self._prod(cost_center="4711")})
        shown = self._display.wait("prod's plan", lambda: self._waiting(but=None), within=SERVICE_TAKES)
        require(not self._aws.ecs.describe_clusters(clusters=["prod"])["clusters"], "prod was touched")
        self._display.shows(f"prod/platform waits: {shown['message'].split(';')[0]}; in AWS there is no cluster prod")
        self._stage.push("Prod: another cost center", {"platforms/prod.yaml": self._prod(cost_center="4712")})
        now = self._display.wait("the changed plan", lambda: self._waiting(but=shown["plan"]["digest"]), within=60)
        late = self._stage.reconciler("approve", "prod/platform", "--digest", shown["plan"]["digest"])
        require(late.returncode != 0, "an approval of the old plan was taken")
        self._display.shows(f"the approval of the plan before is refused: {late.stderr.strip().splitlines()[0][:100]}")
        agreed = self._stage.reconciler("approve", "prod/platform", "--digest", now["plan"]["digest"])
        require(agreed.returncode == 0, f"approve: {agreed.stderr.strip()}")
        self._display.wait("prod's platform", self._prod_stands, within=_PROD_TAKES)
        tags = self._aws.ecs.describe_clusters(clusters=["prod"], include=["TAGS"])["clusters"][0]["tags"]
        value = {tag["key"]: tag["value"] for tag in tags}["CostCenter"]
        require(value == "4712", f"the cluster's CostCenter is {value}")
        self._display.shows("approved: the cluster prod runs, with the cost center of the plan that was approved")
        self._display.wait("Slack to close its threads", self._conversation, within=60)
        opened, closed = check(self._stage.slack.transcript(), never=self._secrets())
        self._display.shows(f"Slack: {opened} threads so far, {closed} closed, in order; no secret, no plan text")

    def graphs(self) -> None:
        prometheus = self._stage.prometheus
        if prometheus is None:
            self._display.shows("left out: there is no Prometheus here, and none could be fetched")
            return
        latency = "reconciler_commit_to_applied_seconds"

        def scraped() -> tuple[tuple[float, float, float] | None, str]:
            counts = prometheus.values(f"sum(max_over_time({latency}_count[1h]))")
            sums = prometheus.values(f"sum(max_over_time({latency}_sum[1h]))")
            ages = prometheus.values("max(max_over_time(reconciler_instance_drift_age_seconds[1h]))")
            if counts and counts[0] and ages:
                return (counts[0], sums[0], ages[0]), ""
            return None, "not scraped yet"

        count, total, age = self._display.wait("Prometheus to scrape", scraped, within=30)
        self._display.shows(f"commit to applied: {count:.0f} applies, {total / count:.0f} s on average")
        self._display.shows(f"the drift's age reached {age:.0f} s; rules that fail: {len(prometheus.rule_troubles())}")
        require(not prometheus.rule_troubles(), f"rules fail: {prometheus.rule_troubles()}")

    def lost_disk(self) -> None:
        self._quiet()
        self._stage.signal_daemon(signal.SIGTERM)
        self._display.wait("the daemon to stop", self._ended, within=120)
        with self._display.busy("Terraform applies deploy/ecs"):
            container = self._container()
        table, bucket = container["RECONCILER__STORE__TABLE"], container["RECONCILER__STORE__BUCKET"]
        self._display.shows(f"deploy/ecs is applied: table {table}, bucket {bucket}")
        self._stage.start_daemon(container)
        self._quiet()
        kept = self._aws.count_items(table)
        require(kept > 0, f"the table {table} is empty")
        self._display.shows(f"the daemon runs from its task's environment and keeps {kept} items in DynamoDB")
        self._stage.signal_daemon(signal.SIGKILL)
        self._stage.wait_for_daemon(30)
        self._stage.lose_disk()
        mark = self._aws.mark()
        self._stage.start_daemon(container)
        self._quiet()
        calls = self._aws.terraform_calls(mark)
        require(not calls, f"after the loss of its disk Terraform made {len(calls)} calls: {calls[:3]}")
        self._display.shows("killed, its disk wiped, restarted: every instance was visited, Terraform made 0 calls")

    def _by_hand(self) -> list[tuple[str, str, str]]:
        """Four changes behind Git's back: what was done, and the address and attribute that have to tell of it."""
        orders, kafka = self._aws.group("develop-orders"), self._aws.group("develop-kafka-client")
        rule = {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "IpRanges": [{"CidrIp": _EVERYWHERE}]}
        self._aws.ec2.authorize_security_group_ingress(GroupId=orders, IpPermissions=[rule])
        ssh = rule | {"FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
        self._aws.ec2.authorize_security_group_ingress(GroupId=kafka, IpPermissions=[ssh])
        self._aws.iam.put_role_policy(RoleName="develop-orders-task", PolicyName="quick-fix", PolicyDocument=_POLICY)
        self._aws.logs.put_retention_policy(logGroupName="/ecs/develop/orders", retentionInDays=1)
        return [
            ("port 8080 of orders opened to the world", "aws_security_group.this", "ingress"),
            ("SSH allowed to Kafka's clients", "aws_security_group.kafka_client", "ingress"),
            ("s3:* given to the code of orders", "aws_iam_role_policies_exclusive.task", "policy_names"),
            ("the logs of orders kept for a day", "aws_cloudwatch_log_group.this", "retention_in_days"),
        ]

    def _as_before(self) -> tuple[bool | None, str]:
        self._alive()
        left = {
            "port 8080": _EVERYWHERE in self._aws.sources("develop-orders"),
            "SSH": "10.0.0.0/8" in self._aws.sources("develop-kafka-client"),
            "s3:*": bool(self._aws.iam.list_role_policies(RoleName="develop-orders-task")["PolicyNames"]),
            "retention": self._aws.retention("/ecs/develop/orders") != 30,
        }
        still = [what for what, there in left.items() if there]
        return (None, f"still there: {', '.join(still)}") if still else (True, "")

    def _report(self, key: str) -> tuple[dict[str, Any] | None, str]:
        self._alive()
        found = sorted((self._stage.folder / "data" / "reports" / key).glob("*.json"))
        return (json.loads(found[-1].read_text()), "") if found else (None, "no report yet")

    def _closed(self, told: int) -> tuple[bool | None, str]:
        threads = self._stage.slack.threads()[told:]
        open_ones = [thread for thread in threads if not thread["text"].startswith(":white_check_mark:")]
        if len(threads) < 2 or open_ones:
            return None, f"{len(threads)} threads, {len(open_ones)} open"
        require(len(threads) == 2, f"{len(threads)} threads were opened for two instances that drifted")
        return True, ""

    def _conversation(self) -> tuple[bool | None, str]:
        opened, closed = check(self._stage.slack.transcript(), never=self._secrets())
        return (True, "") if opened == closed else (None, f"{opened - closed} of {opened} threads are open")

    def _secrets(self) -> list[str]:
        """What Slack must never hear: values of attributes, of secrets, and of the bot's own token."""
        return [SECRET, self._stage.slack.token, _EVERYWHERE, "10.0.0.0/8", "quick-fix", "s3:*"]

    def _waiting(self, *, but: str | None) -> tuple[dict[str, Any] | None, str]:
        self._alive()
        found = self._api("instances/prod/platform")
        ready = found.get("reason") == Reason.AWAITING_APPROVAL and found["plan"]["digest"] != but
        return (found, "") if ready else (None, str(found.get("reason")))

    def _prod_stands(self) -> tuple[bool | None, str]:
        self._alive()
        found = self._api("instances/prod/platform")
        return (True, "") if found.get("ready") else (None, f"{found.get('reason')}: {found.get('message')}")

    def _container(self) -> dict[str, str]:
        """The environment of the daemon's container, with what differs on this machine."""
        environment = {"account": ACCOUNT, "region": REGION, "role": _ROLE, "endpoint": self._stage.aws.endpoint}
        return ecs.deploy(
            self._stage.aws,
            self._stage.folder,
            manifests={"url": self._stage.repository},
            environments={
                "develop": environment | {"tier": "develop"},
                "prod": environment | {"tier": "prod", "floor": {"mode": "approve"}},
            },
            settings={
                "RECONCILER__DATA": str(self._stage.disk),
                "RECONCILER__HTTP__PORT": str(self._stage.http_port),
                "RECONCILER__TERRAFORM__SOURCE__PATH": str(ROOT / "terraform"),
            },
        )


def _short(found: tuple[str, str, Any, Any]) -> str:
    address, path, old, new = found
    return f"{address.removeprefix('module.')} {path}: {_value(old)} → {_value(new)}"


def _value(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"
