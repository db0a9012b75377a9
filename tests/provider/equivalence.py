"""Comparison of one scenario on two sides: plain terraform and the warm provider, each with its own AWS stand-in.

The sides share nothing, so they run concurrently. Values that may differ are renamed, never blanked: a generated id
gets the name of the place where it first appears, so that a wrong reference still shows. Everything else (changes,
drift, outputs, diagnostics, the state in the backend, the write calls to AWS) must be equal as text.
"""

import asyncio
import json
import shutil
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.standin import StandIn
from reconciler.provider.client import Attachment, WarmProvider
from reconciler.provider.package import Binary
from tests.provider.naming import GENERATED, Names
from tests.provider.terraform_runs import PLAIN, Terraform
from tests.standins import borrowed
from tests.terraform.inputs import REGION, Variables, but, platform_output

TREE = Path(__file__).resolve().parents[2] / "terraform"
BUCKET = "states"
READS = ("Describe", "Get", "List", "Head", "AssumeRole")
BACKEND = {"s3", "dynamodb"}


@dataclass
class Side:
    """One side: terraform in a root of a copy of the product's tree, and its results."""

    terraform: Terraform
    attachment: Attachment
    root: Path
    names: Names
    results: list[Any] = field(default_factory=list)

    @property
    def aws(self) -> StandIn:
        return self.terraform.standin

    def set_variables(self, variables: Mapping[str, Any]) -> None:
        """Write the variables of the root, as the reconciler does."""
        text = json.dumps(variables)
        self.names.given += text
        (self.root / "terraform.tfvars.json").write_text(text)

    def replace(self, file: str, old: str, new: str) -> None:
        """Replace a text in a file of the root, in which it must occur."""
        text = (self.root / file).read_text()
        assert old in text, f"{file} has no {old!r}"
        (self.root / file).write_text(text.replace(old, new))

    async def init(self) -> None:
        self.aws.client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": self.aws.region}
        )
        settings = {
            "bucket": BUCKET, "key": "state", "region": self.aws.region, "use_path_style": "true",
            "skip_credentials_validation": "true", "skip_requesting_account_id": "true",
            "skip_metadata_api_check": "true", "skip_s3_checksum": "true",
        }  # fmt: skip
        options = [f"-backend-config={name}={value}" for name, value in settings.items()]
        await self.run("init", "-input=false", *options)

    async def run(self, *arguments: str, code: int = 0) -> str:
        environment = self.terraform.environment()
        return await self.terraform.run(self.root, environment, self.attachment, *arguments, code=code)

    async def plan(self, *options: str, code: int = 2) -> dict[str, Any]:
        """Plan, and record the plan and the messages. Returns the plan as `terraform show -json` prints it."""
        output = await self.run("plan", "-json", "-input=false", "-out=p", "-detailed-exitcode", *options, code=code)
        plan: dict[str, Any] = {}
        if code != 1:
            plan = json.loads(await self.run("show", "-json", "p"))
        self.record(code=code, messages=messages(output), plan=plan)
        return plan

    async def apply(self, *, code: int = 0) -> None:
        """Apply the last plan, and record the messages and the state in the backend afterwards."""
        output = await self.run("apply", "-json", "-input=false", "p", code=code)
        self.record(code=code, messages=messages(output), state=self.state())

    def state(self) -> Any:
        """Return the state in the backend."""
        return json.load(self.aws.client("s3").get_object(Bucket=BUCKET, Key="state")["Body"])

    def record(self, **result: Any) -> None:
        self.names.learn(resources(result.get("state") or {}))
        self.names.learn(resources(result.get("plan") or {}))
        self.results.append(self.names.rename(result))


def resources(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a state or plan by address, which is the same on both sides."""
    found: dict[str, Any] = {}
    for resource in document.get("resources", []):
        for instance in resource["instances"]:
            where = f"{resource.get('module', '')}.{resource['type']}.{resource['name']}.{instance.get('index_key')}"
            found[where] = instance["attributes"]
    for change in [*document.get("resource_changes", []), *document.get("resource_drift", [])]:
        found[f"{change['address']} {change['change']['actions']}"] = change["change"]
    return found


def messages(output: str) -> list[Any]:
    """Return terraform's JSON messages without times: diagnostics, planned and completed changes, the summary."""
    kept = []
    for line in output.splitlines():
        message = json.loads(line)
        if message["type"] in ("diagnostic", "change_summary", "planned_change", "resource_drift", "outputs"):
            found = {name: value for name, value in message.items() if name not in ("@timestamp", "@module")}
            kept.append(found)
        elif message["type"] in ("apply_complete", "apply_errored"):
            hook = message["hook"]
            kept.append({"type": message["type"], "address": hook["resource"]["addr"], "action": hook["action"]})
    return sorted(kept, key=lambda message: GENERATED.sub("", json.dumps(message, sort_keys=True)))


def write_calls(aws: StandIn, since: int) -> Counter[tuple[str, str]]:
    """Count the write calls to AWS by service and operation, without those of terraform's own backend."""
    calls = [(call["service"], call["operation"]) for call in aws.requests(since) if call["service"] not in BACKEND]
    return Counter(call for call in calls if not call[1].startswith(READS))


def differences(plain: Any, warm: Any, where: str = "") -> Iterator[str]:
    """Yield the differences of two documents, one readable line each."""
    if isinstance(plain, dict) and isinstance(warm, dict) and plain.keys() == warm.keys():
        for key in plain:
            yield from differences(plain[key], warm[key], f"{where}.{key}")
    elif isinstance(plain, list) and isinstance(warm, list) and len(plain) == len(warm):
        for n, (one, other) in enumerate(zip(plain, warm, strict=True)):
            yield from differences(one, other, f"{where}[{n}]")
    elif plain != warm or type(plain) is not type(warm):
        yield f"{where}: {plain!r} plainly, {warm!r} warm"


Scenario = Callable[[Side], Awaitable[None]]


@dataclass
class Comparison:
    """The two sides, each with a stand-in and a directory, and the warm provider of one of them."""

    directory: Path
    binary: Binary
    warm: WarmProvider
    standins: tuple[StandIn, StandIn]

    async def compare(self, root: str, scenario: Scenario, tree: Path = TREE) -> tuple[Side, Side]:
        """Run a scenario plainly and warm, concurrently; fail unless results and write calls are equal."""
        for aws in self.standins:
            aws.reset()
        before = [aws.last_request() for aws in self.standins]
        plain, warm = await asyncio.gather(
            self._run(root, scenario, tree, self.standins[0], None),
            self._run(root, scenario, tree, self.standins[1], self.warm),
        )
        assert plain.results, "the scenario records results"
        found = list(differences(plain.results, warm.results))
        assert not found, "\n".join(found)
        changes = [write_calls(aws, since) for aws, since in zip(self.standins, before, strict=True)]
        assert changes[0] == changes[1]
        return plain, warm

    async def _run(
        self, root: str, scenario: Scenario, tree: Path, aws: StandIn, provider: WarmProvider | None
    ) -> Side:
        directory = self.directory / ("warm" if provider else "plain")
        copied = directory / "tree"
        shutil.copytree(tree, copied, ignore=shutil.ignore_patterns(".terraform", "*.tfstate*"))
        (copied / root).mkdir(exist_ok=True)
        terraform = Terraform(directory, self.binary, aws)
        names = Names({aws.endpoint: "<endpoint>", str(directory): "<directory>"})
        if provider is None:
            side = Side(terraform, PLAIN, copied / root, names)
            await scenario(side)
            return side
        async with provider.attach(
            binary=self.binary, environment=terraform.environment(), workspace=copied / root
        ) as attachment:
            assert attachment.warm, attachment.reason
            side = Side(terraform, attachment, copied / root, names)
            await scenario(side)
        assert attachment.trouble is None
        return side


def two_standins() -> Iterator[tuple[StandIn, StandIn]]:
    with ExitStack() as stack:
        yield stack.enter_context(borrowed()), stack.enter_context(borrowed())


def make_platform(aws: StandIn, names: Names) -> Variables:
    """Create the minimal platform of a service through the API, because Terraform waits minutes for a load balancer.

    Returns the platform's outputs."""
    ec2, elb, discovery = aws.client("ec2"), aws.client("elbv2"), aws.client("servicediscovery")
    offered = platform_output("develop")
    vpc = ec2.create_vpc(CidrBlock=offered["vpc_cidr"])["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.10.{16 * n}.0/20", AvailabilityZone=f"{REGION}{zone}")["Subnet"]
        for n, zone in enumerate("abc")
    ]
    ids = [subnet["SubnetId"] for subnet in subnets]
    groups = [
        ec2.create_security_group(VpcId=vpc, GroupName=name, Description=name)["GroupId"]
        for name in ("alb", "internal-services", "kafka-client")
    ]
    cluster = aws.client("ecs").create_cluster(clusterName="develop", capacityProviders=["FARGATE"])["cluster"]
    balancer = elb.create_load_balancer(Name="develop", Subnets=ids)["LoadBalancers"][0]["LoadBalancerArn"]
    nothing = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    listening = elb.create_listener(LoadBalancerArn=balancer, Port=80, Protocol="HTTP", DefaultActions=[nothing])
    discovery.create_private_dns_namespace(Name="develop.internal", Vpc=vpc)
    namespace = next(n for n in discovery.list_namespaces()["Namespaces"] if n["Name"] == "develop.internal")
    made = {
        "vpc_id": vpc,
        "private_subnet_ids": ids,
        "cluster": {"name": "develop", "arn": cluster["clusterArn"], "spot": False},
        "alb": {
            "arn": balancer,
            "listener_arn": listening["Listeners"][0]["ListenerArn"],
            "security_group_id": groups[0],
        },
        "service_discovery": {"namespace_id": namespace["Id"], "namespace_name": "develop.internal"},
        "kms": dict.fromkeys(offered["kms"], aws.client("kms").create_key()["KeyMetadata"]["Arn"]),
        "security_groups": {"internal_services": groups[1], "kafka_client": groups[2]},
    }
    names.learn({"platform": made})
    return but(offered, **made)
