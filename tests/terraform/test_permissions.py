"""The table of permissions: each service and level, planned, and evaluated against the requests of its clients."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploy.local.iam import Policies, Request, decide, read
from deploy.local.standin import StandIn
from desired_state.kinds.service.permissions import LEVELS
from tests.iam.flows.calls import CALLS, make_data, of
from tests.iam.flows.data import DATA, DATA_KEY, TRACES
from tests.iam.reference import faults, listed
from tests.standin.test_access import session
from tests.terraform.deliveries import write_root
from tests.terraform.inputs import ACCOUNT, KEY, REGION, Variables, but, internal_service
from tests.terraform.plans import Plan
from tests.terraform.runs import PROJECT
from tests.terraform.workbench import Workbench

pytestmark = pytest.mark.aws
OWNED_BY = {"StringEquals": {"aws:ResourceAccount": ACCOUNT}}
MANAGED = {"bedrock": "arn:aws:iam::aws:policy/AmazonBedrockReadOnly"}
# Every key lets the account's policies decide (terraform/modules/security).
BY_POLICIES = read(
    {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ]
    }
)
Documents = dict[str, list[dict[str, Any]]]


def service(access: str, **more: Any) -> Variables:
    """Return the service `orders` in develop, with the level of access to everything that has it."""
    grants = [
        {"service": name, "access": level, "resources": [data.name] if data.name else []}
        for name, data in DATA.items()
        for level in [access if access in LEVELS[name] else LEVELS[name][0]]
        if name != "secrets"
    ]
    named = but(internal_service("develop"), service={"name": "orders"}, image={"owner": "pipeline"}, **more)
    return named | {"permissions": {"grants": grants}, "runtime_secrets": ["orders/key"], "kafka": None}


CASES = {
    **{access: service(access) for access in ("read", "write", "readwrite")},
    "policies": internal_service("develop") | {"permissions": {"policies": MANAGED}},
    "arns": internal_service("develop")
    | {
        "permissions": {
            "grants": [
                {"service": "s3", "access": "read", "resources": ["arn:aws:s3:::partner-data", "ledger-own"]},
                {"service": "kms", "access": "read", "resources": [f"{KEY}9"]},
            ]
        }
    },
}


@pytest.fixture(scope="module")
def planned(workbench: Workbench) -> Plan:
    root = workbench.directory / "roots/permissions"
    return workbench.plan("roots/permissions", write_root(root, CASES))


@pytest.fixture(scope="module")
def documents(planned: Plan) -> dict[str, Documents]:
    """Return the statements of each case's task role, by the name of the policy."""
    found: dict[str, Documents] = {case: {} for case in CASES}
    for policy in planned.of("aws_iam_role_policy"):
        if policy.name == "task":
            case = policy.address.split(".")[1]
            found[case][policy.values["name"]] = policy.document("policy")["Statement"]
    return found


@pytest.fixture(scope="module")
def boundary(develop_platform: Plan) -> Any:
    return develop_platform.one("aws_iam_policy", "boundary").document("policy")


def allowed(request: Request, statements: Documents, boundary: Any) -> bool:
    policies = [read({"Statement": each}) for each in statements.values()]
    key = BY_POLICIES if request.resource == DATA_KEY else None
    return decide(request, Policies(identity=policies, boundary=read(boundary), resource=key)).allowed


def asked(service: str, access: str, name: str = "", environment: str = "develop") -> list[Request]:
    data = DATA[service]
    asks = [*data.of(access), *([TRACES] if service == "telemetry" and not name else [])]
    return [one for ask in asks for one in ask.requests(name or data.asked or data.name, environment)]


ROWS = [(service, access) for service, levels in LEVELS.items() for access in levels]


def test_the_table_has_every_service() -> None:
    assert set(DATA) == set(LEVELS)


@pytest.mark.parametrize(("service", "access"), ROWS, ids=str)
def test_a_level_allows_its_requests_and_no_others(
    documents: dict[str, Documents], boundary: Any, service: str, access: str
) -> None:
    granted = asked(service, access)
    refused = [one for one in asked(service, "readwrite") if one not in granted]
    assert granted
    assert [one for one in granted if not allowed(one, documents[access], boundary)] == []
    assert [one for one in refused if allowed(one, documents[access], boundary)] == []


@pytest.mark.parametrize(("service", "access"), ROWS, ids=str)
def test_what_is_another_teams_or_another_environments_is_denied(
    documents: dict[str, Documents], boundary: Any, service: str, access: str
) -> None:
    name = DATA[service].asked or DATA[service].name
    others = asked(service, access, name.replace("orders", "payments")) + asked(service, access, f"{name}x")
    shared = {"kafka-cluster:Connect", "kafka-cluster:DescribeCluster", "kafka-cluster:WriteDataIdempotently"}
    of_teams = [one for one in others if one.action not in shared]  # a cluster is the platform's
    foreign = [] if service == "secrets" else asked(service, access, name, "prod")
    assert of_teams
    assert [one for one in (*of_teams, *foreign) if allowed(one, documents[access], boundary)] == []


def test_no_bucket_and_no_key_is_used_from_another_account(documents: dict[str, Documents], boundary: Any) -> None:
    mine = asked("s3", "readwrite")
    taken = [Request(one.action, one.resource, one.principal, resource_account="999999999999") for one in mine]
    assert not any(allowed(one, documents["readwrite"], boundary) for one in taken)
    for request in asked("kms", "readwrite"):
        alone = {key: value for key, value in request.context.items() if key != "kms:ViaService"}
        direct = Request(request.action, request.resource, request.principal, alone)
        assert not allowed(direct, documents["readwrite"], boundary), "a key is used without its service"


def test_every_action_of_the_table_is_one_that_a_client_asks_for(
    documents: dict[str, Documents], boundary: Any
) -> None:
    whole = documents["readwrite"]
    requests = [one for service in DATA for one in asked(service, "readwrite")]
    requests += [Request("kms:Decrypt", f"{KEY}2", requests[0].principal, dict(asked("kms", "read")[0].context))]
    unneeded = []
    for policy, place, action in _actions(whole):
        less = deepcopy(whole)
        left = [one for one in listed(less[policy][place]["Action"]) if one != action]
        less[policy][place]["Action"] = left or "sts:GetCallerIdentity"
        if all(allowed(one, less, boundary) for one in requests if one.resource != f"{KEY}2"):
            unneeded.append((less[policy][place]["Sid"], action))
    # Both levels of DynamoDB and SQS ask for these, and the platform's key has a flow of its own.
    twice = {"ReadTables", "WriteTables", "ReceiveMessages", "SendMessages", "ReadTopics", "WriteTopics"}
    assert {sid for sid, _ in unneeded} <= {*twice, "DecryptSecrets"}


def _actions(documents: Documents) -> Iterator[tuple[str, int, str]]:
    for policy, statements in documents.items():
        for place, statement in enumerate(statements):
            for action in listed(statement["Action"]):
                yield policy, place, action


def test_the_statements_are_of_the_service_authorization_reference(documents: dict[str, Documents]) -> None:
    found = {
        fault for policies in documents.values() for each in policies.values() for fault in faults({"Statement": each})
    }
    assert found == set()


def test_named_resources_are_of_the_account_and_arns_are_taken_as_they_are(documents: dict[str, Documents]) -> None:
    found = {statement["Sid"]: statement for statement in documents["arns"]["use-data"]}
    assert found["ReadObjects"]["Resource"] == ["arn:aws:s3:::develop-ledger-own/*"]
    assert found["ReadObjects"]["Condition"] == OWNED_BY
    assert found["ReadObjectsElsewhere"]["Resource"] == ["arn:aws:s3:::partner-data/*"]
    assert "Condition" not in found["ReadObjectsElsewhere"]
    assert found["DecryptDataElsewhere"]["Resource"] == [f"{KEY}9"]
    assert found["DecryptDataElsewhere"]["Condition"] == {
        "StringEquals": {"kms:ViaService": [f"s3.{REGION}.amazonaws.com"]}
    }


def test_managed_policies_are_attached_and_are_the_only_ones(planned: Plan) -> None:
    module = "module.policies."
    attached = planned.one("aws_iam_role_policy_attachment", "task", module).values
    assert (attached["role"], attached["policy_arn"]) == ("develop-ledger-task", MANAGED["bedrock"])
    alone = planned.one("aws_iam_role_policy_attachments_exclusive", "task", module).values
    assert alone["policy_arns"] == list(MANAGED.values())
    assert planned.one("aws_iam_role_policies_exclusive", "task", module).values["policy_names"] == []
    for case in ("read", "readwrite"):
        written = planned.one("aws_iam_role_policies_exclusive", "task", f"module.{case}.").values["policy_names"]
        assert sorted(written) == ["read-secrets", "use-data"]


@pytest.fixture(scope="module")
def code(stand_in: StandIn, documents: dict[str, Documents], boundary: Any) -> Iterator[Callable[[str], Any]]:
    """Return clients with the credentials of a role that has the planned policies, in an account with data of teams."""
    make_data(stand_in)
    iam = stand_in.client("iam")
    limit = iam.create_policy(PolicyName="code-boundary", PolicyDocument=json.dumps(boundary))["Policy"]["Arn"]
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    made = iam.create_role(
        RoleName="code", AssumeRolePolicyDocument=json.dumps({"Statement": trust}), PermissionsBoundary=limit
    )
    for name, statements in documents["readwrite"].items():
        policy = {"Version": "2012-10-17", "Statement": statements}
        iam.put_role_policy(RoleName="code", PolicyName=name, PolicyDocument=json.dumps(policy))
    stand_in.configure(enforce_roles=True)
    yield session(stand_in.client("sts"), stand_in, made["Role"]["Arn"])
    stand_in.configure()


@pytest.mark.parametrize("call", CALLS)
def test_a_real_client_is_allowed_its_own_data_and_refused_another_teams(
    stand_in: StandIn, code: Callable[[str], Any], call: str
) -> None:
    service, operation, parameters = CALLS[call]
    ask = getattr(code(service), operation)
    ask(**of("orders", parameters, stand_in))
    with pytest.raises(ClientError, match="no identity-based policy allows"):
        ask(**of("payments", parameters, stand_in))


def test_the_page_shows_the_statements(documents: dict[str, Documents]) -> None:
    page = (PROJECT / "docs/permissions.md").read_text()
    rows = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}", *_rows(documents)]
    assert "\n".join(rows) in page, "\n".join(rows)


COLUMNS = ("service", "access", "statement", "actions", "resources", "condition")


def _rows(documents: dict[str, Documents]) -> Iterator[str]:
    """Yield a row of the page for each statement, with the levels that have it."""
    found = {
        (_service(statement), statement["Sid"]): statement
        for case in ("read", "readwrite")
        for policy in ("use-data", "read-secrets")
        for statement in documents[case][policy]
    }
    for (service, sid), statement in sorted(found.items(), key=lambda item: list(LEVELS).index(item[0][0])):
        sids = {case: {each["Sid"] for of in documents[case].values() for each in of} for case in LEVELS["s3"]}
        levels = ", ".join(f"`{level}`" for level in LEVELS[service] if sid in sids[level])
        keys = [item for each in statement.get("Condition", {}).values() for item in each.items()]
        cells = (
            f"`{service}`",
            levels,
            sid,
            ", ".join(f"`{action}`" for action in listed(statement["Action"])),
            ", ".join(f"`{_shown(arn)}`" for arn in listed(statement["Resource"])),
            "; ".join(f"`{key}`: {', '.join(f'`{_shown(one)}`' for one in listed(values))}" for key, values in keys),
        )
        yield f"| {' | '.join(cells)} |"


def _service(statement: dict[str, Any]) -> str:
    prefix = listed(statement["Action"])[0].partition(":")[0]
    of = {"kafka-cluster": "kafka", "secretsmanager": "secrets", "servicediscovery": "service"}
    of |= dict.fromkeys(("xray", "cloudwatch", "logs"), "telemetry")
    return "secrets" if statement["Sid"] == "DecryptSecrets" else of.get(prefix, prefix)


def _shown(text: str) -> str:
    for part, shown in (
        (f"{REGION}:{ACCOUNT}", "…"),
        (f"{KEY.rpartition('/')[2]}2", "<of secrets>"),
        ("ns-0123456789abcdef", "…"),
    ):
        text = text.replace(part, shown)
    return text.replace(REGION, "<region>").replace(ACCOUNT, "<account>")
