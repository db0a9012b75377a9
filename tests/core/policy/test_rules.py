"""The rules for every plan: denied changes, allowed ones, and those that need approval."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.core.decide import verdict
from reconciler.core.decide.verdict import Apply, AwaitApproval, Report, VerdictLimits
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.model import Plan
from reconciler.core.plan.read import read
from reconciler.core.plan.state_file import StateVersion
from reconciler.core.policy.rules import Rules, violations
from reconciler.core.record.consent import Approval
from reconciler.core.record.state import FromEmpty, KnownState, StatePlace, StateSeen
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.events import Approved, Removed
from reconciler.core.vocabulary import Reason, Sync
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, IMAGE, NOW, applied, fold, new

TAGS = frozenset({"Owner", "CostCenter"})
RULES = Rules(mandatory_tags=TAGS)
KEY = "develop/orders"


def plan(*changes: Mapping[str, Any]) -> Plan:
    return read(document(*changes), Redactor(b"a key for tests"))


def violated(*changes: Mapping[str, Any], rules: Rules = RULES) -> list[str]:
    return [str(violation) for violation in violations(plan(*changes), rules, KEY)]


def created(address: str, **after: Any) -> Mapping[str, Any]:
    return change(address, ["create"], None, after)


def updated(address: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Mapping[str, Any]:
    return change(address, ["update"], before, after)


def deleted(address: str, **before: Any) -> Mapping[str, Any]:
    return change(address, ["delete"], before, None)


def rule(port: int | None, *cidrs: str, to: int | None = None, protocol: str = "tcp", six: str = "") -> dict[str, Any]:
    last = port if to is None else to
    six_blocks = [six] if six else []
    return {
        "from_port": port,
        "to_port": last,
        "protocol": protocol,
        "cidr_blocks": list(cidrs),
        "ipv6_cidr_blocks": six_blocks,
    }


def open_policy(**statement: Any) -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", **statement}]})


GROUP = "module.orders.aws_security_group.this"
ENTRANCE = "module.alb.aws_security_group.this"
PUBLIC_ACCESS = {
    "block_public_acls": True,
    "block_public_policy": True,
    "ignore_public_acls": True,
    "restrict_public_buckets": True,
}

DENIED: dict[str, tuple[Mapping[str, Any], str]] = {
    "no tags": (created("aws_vpc.this", tags_all={}), "mandatory tags: without CostCenter, Owner"),
    "a tag less": (
        updated("aws_vpc.this", {"tags_all": {"Owner": "a", "CostCenter": "1"}}, {"tags_all": {"Owner": "a"}}),
        "without CostCenter",
    ),
    "an empty tag": (created("aws_vpc.this", tags_all={"Owner": "", "CostCenter": "1"}), "without Owner"),
    "SSH open to the internet": (
        created(GROUP, ingress=[rule(22, "0.0.0.0/0")]),
        "port 22/tcp would be open to 0.0.0.0/0",
    ),
    "half the internet": (created(GROUP, ingress=[rule(443, "128.0.0.0/1")]), "128.0.0.0/1"),
    "the internet over IPv6": (created(GROUP, ingress=[rule(8080, six="::/0")]), "port 8080/tcp would be open to ::/0"),
    "443 of a service": (created(GROUP, ingress=[rule(443, "0.0.0.0/0")]), "port 443/tcp"),
    "all ports of the load balancer": (
        updated(ENTRANCE, {"ingress": []}, {"ingress": [rule(0, "0.0.0.0/0", to=65535)]}),
        "ports 0-65535/tcp",
    ),
    "every protocol of the load balancer": (
        created(ENTRANCE, ingress=[rule(0, "0.0.0.0/0", protocol="-1")]),
        "every port",
    ),
    "a rule resource": (
        created(
            "aws_vpc_security_group_ingress_rule.ssh",
            cidr_ipv4="0.0.0.0/0",
            from_port=22,
            to_port=22,
            ip_protocol="tcp",
        ),
        "port 22/tcp",
    ),
    "a rule resource of the old generation": (
        created("aws_security_group_rule.ssh", type="ingress", **rule(22, "0.0.0.0/0")),
        "22/tcp",
    ),
    "a public database": (
        created("aws_db_instance.a", publicly_accessible=True, storage_encrypted=True),
        "publicly_accessible",
    ),
    "tasks with public addresses": (
        created("aws_ecs_service.a", network_configuration=[{"assign_public_ip": True}]),
        "public addresses",
    ),
    "a bucket without its block": (
        deleted("aws_s3_bucket_public_access_block.a", bucket="a"),
        "block of public access",
    ),
    "a block that is off": (
        created("aws_s3_bucket_public_access_block.a", **{**PUBLIC_ACCESS, "block_public_policy": False}),
        "block_public_policy would be off",
    ),
    "a public ACL": (created("aws_s3_bucket_acl.a", acl="public-read"), "the ACL public-read"),
    "a policy for any principal": (created("aws_s3_bucket_policy.a", policy=open_policy()), "allow everyone"),
    "a policy for every account": (
        created("aws_sns_topic_policy.a", policy=open_policy(Principal={"AWS": ["*"]})),
        "everyone",
    ),
    "an unencrypted volume": (created("aws_ebs_volume.a", encrypted=False), "encrypted is off"),
    "an unencrypted file system": (created("aws_efs_file_system.a", encrypted=None), "encrypted is off"),
    "a log group that loses its key": (
        updated("aws_cloudwatch_log_group.a", {"kms_key_id": "arn:1"}, {"kms_key_id": ""}),
        "kms_key_id would be removed",
    ),
    "a table that loses its encryption": (
        updated(
            "aws_dynamodb_table.a", {"server_side_encryption": [{"enabled": True}]}, {"server_side_encryption": []}
        ),
        "server_side_encryption would be removed",
    ),
    "a table whose encryption is switched off": (
        updated(
            "aws_dynamodb_table.a",
            {"server_side_encryption": [{"enabled": True}]},
            {"server_side_encryption": [{"enabled": False}]},
        ),
        "server_side_encryption.0.enabled would be removed",
    ),
    "a bucket that loses its encryption": (
        deleted("aws_s3_bucket_server_side_encryption_configuration.a", bucket="a"),
        "the bucket's encryption would be removed",
    ),
    "a disabled key": (
        updated("aws_kms_key.a", {"is_enabled": True}, {"is_enabled": False}),
        "the key would be disabled",
    ),
}


@pytest.mark.parametrize("name", DENIED)
def test_a_rule_denies(name: str) -> None:
    entry, what = DENIED[name]
    found = violated(entry)
    assert len(found) == 1, found
    assert found[0].startswith(f"{entry['address']}: ")
    assert what in found[0]


ALLOWED: dict[str, Mapping[str, Any]] = {
    "all tags": created("aws_vpc.this", tags_all={"Owner": "a", "CostCenter": "1", "Name": "x"}),
    "a type without tags": created("aws_route.a", destination_cidr_block="0.0.0.0/0"),
    "tags that are not known yet": change("aws_vpc.this", ["create"], None, {}, unknown={"tags_all": True}),
    "HTTPS of the load balancer": created(
        ENTRANCE, ingress=[rule(80, "0.0.0.0/0"), rule(443, "0.0.0.0/0", six="::/0")]
    ),
    "a group that is not known yet": change(GROUP, ["create"], None, {}, unknown={"ingress": True}),
    "the network of a company": created(GROUP, ingress=[rule(22, "10.0.0.0/8")]),
    "egress to the internet": created(GROUP, ingress=[], egress=[rule(443, "0.0.0.0/0")]),
    "an egress rule resource": created("aws_security_group_rule.out", type="egress", **rule(443, "0.0.0.0/0")),
    "any principal under a condition": created(
        "aws_s3_bucket_policy.a", policy=open_policy(Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}})
    ),
    "a denial of any principal": created("aws_s3_bucket_policy.a", policy=open_policy(Effect="Deny")),
    "a key instead of another": updated("aws_cloudwatch_log_group.a", {"kms_key_id": "arn:1"}, {"kms_key_id": "arn:2"}),
    "a key that is not known yet": change(
        "aws_cloudwatch_log_group.a", ["update"], {"kms_key_id": "arn:1"}, {}, unknown={"kms_key_id": True}
    ),
    "a log group that never had a key": created("aws_cloudwatch_log_group.a", retention_in_days=30),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_no_rule_denies(name: str) -> None:
    assert violated(ALLOWED[name]) == []


def test_a_bucket_is_destroyed_together_with_its_guards() -> None:
    parts = ("aws_s3_bucket_public_access_block.a", "aws_s3_bucket_server_side_encryption_configuration.a")
    assert violated(deleted("aws_s3_bucket.a", bucket="a"), *(deleted(part, bucket="a") for part in parts)) == []


def test_an_exception_allows_one_address_of_one_instance() -> None:
    opened = created("aws_s3_bucket_policy.site", policy=open_policy())
    rules = Rules(exceptions=frozenset({(KEY, "aws_s3_bucket_policy.site")}))
    assert violated(opened, rules=rules) == []
    assert violations(plan(opened), rules, "prod/orders")


class TestVerdict:
    """The verdict on a plan under the rules."""

    def decided(self, *changes: Mapping[str, Any], record: Any = None, rules: Rules = RULES) -> verdict.Verdict:
        limits = VerdictLimits(rules=rules)
        updated = DriftFinding(Sync.PENDING, None, ())
        return verdict.verdict(
            plan(*changes), updated, record or applied(), DEVELOP, image=IMAGE, now=NOW, limits=limits
        )

    def test_a_denied_plan_is_not_applied_even_if_approved(self) -> None:
        entry, _ = DENIED["SSH open to the internet"]
        approved = fold(applied(), Approved(Approval(plan(entry).digest, "ann", NOW)))
        found = self.decided(entry, record=approved)
        assert isinstance(found, Report)
        assert found.reason == Reason.POLICY_DENIED
        assert f"{GROUP}: public exposure: port 22/tcp would be open to 0.0.0.0/0" in found.message
        assert f'`policy.exceptions: ["develop/orders {GROUP}"]`' in found.message

    @pytest.mark.parametrize(
        "kind", ["aws_ecr_repository", "aws_kms_key", "aws_s3_bucket", "aws_lb", "aws_vpc", "aws_secretsmanager_secret"]
    )
    def test_a_stateful_resource_is_destroyed_or_replaced_only_with_approval(self, kind: str) -> None:
        for actions in (["delete"], ["delete", "create"], ["create", "delete"]):
            entry = change(f"{kind}.this", actions, {"name": "a"}, {"name": "b"} if len(actions) == 2 else None)
            found = self.decided(entry, rules=Rules())
            assert isinstance(found, AwaitApproval)
            assert f"{kind}.this" in found.message
            approved = fold(applied(), Approved(Approval(plan(entry).digest, "ann", NOW)))
            assert self.decided(entry, record=approved, rules=Rules()) == Apply()

    def test_a_prune_destroys_disposable_resources_and_waits_for_approval_of_the_rest(self) -> None:
        removed = fold(applied(), Removed(None))
        disposable = deleted("aws_ecr_repository.this", name="orders", force_delete=True)
        assert self.decided(disposable, record=removed) == Apply()
        assert isinstance(self.decided(disposable), AwaitApproval), "only a prune destroys it without approval"
        assert isinstance(
            self.decided(deleted("aws_ecr_repository.this", name="orders"), record=removed), AwaitApproval
        )

    def test_a_large_plan_needs_approval_and_a_first_apply_does_not(self) -> None:
        rules = Rules(most_changes=3, most_destroys=1)
        changes = [updated(f"aws_thing.n{n}", {"a": 1}, {"a": 2}) for n in range(4)]
        destroys = [deleted(f"aws_thing.n{n}", a=1) for n in range(2)]
        assert self.decided(*changes[:3], rules=rules) == Apply()
        found = self.decided(*changes, rules=rules)
        assert isinstance(found, AwaitApproval)
        assert "changes 4 resources, more than 3" in found.message
        assert isinstance(self.decided(*destroys, rules=rules), AwaitApproval)
        assert self.decided(*destroys, record=fold(applied(), Removed(None)), rules=rules) == Apply()
        many = [created(f"aws_thing.n{n}") for n in range(50)]
        assert self.decided(*many, record=new(), rules=rules) == Apply()

    def test_creations_count_once_an_instance_was_applied(self) -> None:
        creations = [created(f"aws_thing.n{n}") for n in range(11)]
        change_too = updated("aws_thing.other", {"a": 1}, {"a": 2})
        assert self.decided(*creations[:10], change_too) == Apply()
        found = self.decided(*creations)
        assert isinstance(found, AwaitApproval)
        assert "it creates 11 resources in what was applied, more than 10 (`policy.max_creates`)" in found.message
        total = self.decided(*creations[:3], change_too, rules=Rules(most_changes=3))
        assert isinstance(total, AwaitApproval)
        assert "it changes 4 resources, more than 3" in total.message
        place = StatePlace("123456789012", "eu-central-1", "states", "develop/orders/terraform.tfstate")
        allowed = KnownState(StateSeen(place, StateVersion()), from_empty=FromEmpty("ann", "a new account", NOW))
        assert self.decided(*creations, record=applied().replace(state=allowed)) == Apply()
