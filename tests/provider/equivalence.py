"""Two tellings of one story, plain terraform and the warm provider, each against an AWS of its own, and what they saw.

The two meet nothing of each other, so they can be told at once. What may differ is named, never blanked: an id that
AWS made up gets the name of the place where it first appears, so that a wrong reference still shows. Everything else
(changes, drift, outputs, diagnostics, the state in the backend, the changes asked of AWS) has to be the same text.
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

from deploy.local.standin import StandIn, start
from reconciler.provider.client import Attachment, WarmProvider
from reconciler.provider.package import Binary
from tests.provider.naming import MADE_UP, Names
from tests.provider.terraform_runs import PLAIN, Terraform
from tests.terraform.inputs import REGION, Variables, but, platform_output

TREE = Path(__file__).resolve().parents[2] / "terraform"
BUCKET = "states"
READS = ("Describe", "Get", "List", "Head", "AssumeRole")
BACKEND = {"s3", "dynamodb"}


@dataclass
class Telling:
    """One side: terraform in a root of a copy of the product's tree."""

    terraform: Terraform
    side: Attachment
    root: Path
    names: Names
    seen: list[Any] = field(default_factory=list)

    @property
    def aws(self) -> StandIn:
        return self.terraform.standin

    def given(self, variables: Mapping[str, Any]) -> None:
        """Write the variables, as the reconciler does."""
        text = json.dumps(variables)
        self.names.given += text
        (self.root / "terraform.tfvars.json").write_text(text)

    def replace(self, file: str, old: str, new: str) -> None:
        """Edit a file of the root."""
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
        return await self.terraform.run(self.root, environment, self.side, *arguments, code=code)

    async def plan(self, *options: str, code: int = 2) -> dict[str, Any]:
        """Plan, and note what terraform showed and said. Returns the plan as shown."""
        said = await self.run("plan", "-json", "-input=false", "-out=p", "-detailed-exitcode", *options, code=code)
        shown: dict[str, Any] = {}
        if code != 1:
            shown = json.loads(await self.run("show", "-json", "p"))
        self.note(code=code, said=messages(said), shown=shown)
        return shown

    async def apply(self, *, code: int = 0) -> None:
        """Apply the last plan, and note what was said and the state that is in the backend then."""
        said = await self.run("apply", "-json", "-input=false", "p", code=code)
        self.note(code=code, said=messages(said), state=self.state())

    def state(self) -> Any:
        """The state that the backend has."""
        return json.load(self.aws.client("s3").get_object(Bucket=BUCKET, Key="state")["Body"])

    def note(self, **seen: Any) -> None:
        self.names.learn(resources(seen.get("state") or {}))
        self.names.learn(resources(seen.get("shown") or {}))
        self.seen.append(self.names.rename(seen))


def resources(document: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a state or plan by address: the same places in every telling."""
    found: dict[str, Any] = {}
    for resource in document.get("resources", []):
        for instance in resource["instances"]:
            where = f"{resource.get('module', '')}.{resource['type']}.{resource['name']}.{instance.get('index_key')}"
            found[where] = instance["attributes"]
    for change in [*document.get("resource_changes", []), *document.get("resource_drift", [])]:
        found[f"{change['address']} {change['change']['actions']}"] = change["change"]
    return found


def messages(output: str) -> list[Any]:
    """What terraform said, without the times: diagnostics, what is planned or done, the summary."""
    kept = []
    for line in output.splitlines():
        message = json.loads(line)
        if message["type"] in ("diagnostic", "change_summary", "planned_change", "resource_drift", "outputs"):
            found = {name: value for name, value in message.items() if name not in ("@timestamp", "@module")}
            kept.append(found)
        elif message["type"] in ("apply_complete", "apply_errored"):
            hook = message["hook"]
            kept.append({"type": message["type"], "address": hook["resource"]["addr"], "action": hook["action"]})
    return sorted(kept, key=lambda message: MADE_UP.sub("", json.dumps(message, sort_keys=True)))


def asked(aws: StandIn, since: int) -> Counter[tuple[str, str]]:
    """The changes asked of AWS; the backend's own traffic is terraform's, not the provider's."""
    calls = [(call["service"], call["operation"]) for call in aws.requests(since) if call["service"] not in BACKEND]
    return Counter(call for call in calls if not call[1].startswith(READS))


def differences(plain: Any, warm: Any, where: str = "") -> Iterator[str]:
    """Where two documents differ, as a person wants to read it."""
    if isinstance(plain, dict) and isinstance(warm, dict) and plain.keys() == warm.keys():
        for key in plain:
            yield from differences(plain[key], warm[key], f"{where}.{key}")
    elif isinstance(plain, list) and isinstance(warm, list) and len(plain) == len(warm):
        for n, (one, other) in enumerate(zip(plain, warm, strict=True)):
            yield from differences(one, other, f"{where}[{n}]")
    elif plain != warm or type(plain) is not type(warm):
        yield f"{where}: {plain!r} plainly, {warm!r} warm"


Story = Callable[[Telling], Awaitable[None]]


@dataclass
class Comparison:
    """The two sides: an AWS and a directory each, and the warm provider of the one."""

    directory: Path
    binary: Binary
    warm: WarmProvider
    worlds: tuple[StandIn, StandIn]

    async def tell(self, root: str, story: Story, tree: Path = TREE) -> tuple[Telling, Telling]:
        """Tell a story plainly and warm, at once; the two have to agree in all they saw and did."""
        for world in self.worlds:
            world.reset()
        before = [world.last_request() for world in self.worlds]
        plain, warm = await asyncio.gather(
            self._told(root, story, tree, self.worlds[0], None),
            self._told(root, story, tree, self.worlds[1], self.warm),
        )
        assert plain.seen, "the story has something to see"
        found = list(differences(plain.seen, warm.seen))
        assert not found, "\n".join(found)
        changes = [asked(world, since) for world, since in zip(self.worlds, before, strict=True)]
        assert changes[0] == changes[1]
        return plain, warm

    async def _told(self, root: str, story: Story, tree: Path, aws: StandIn, provider: WarmProvider | None) -> Telling:
        directory = self.directory / ("warm" if provider else "plain")
        copied = directory / "tree"
        shutil.copytree(tree, copied, ignore=shutil.ignore_patterns(".terraform", "*.tfstate*"))
        (copied / root).mkdir(exist_ok=True)
        terraform = Terraform(directory, self.binary, aws)
        names = Names({aws.endpoint: "<endpoint>", str(directory): "<directory>"})
        if provider is None:
            telling = Telling(terraform, PLAIN, copied / root, names)
            await story(telling)
            return telling
        async with provider.attach(
            binary=self.binary, environment=terraform.environment(), workspace=copied / root
        ) as side:
            assert side.warm, side.reason
            telling = Telling(terraform, side, copied / root, names)
            await story(telling)
        assert side.trouble is None
        return telling


def two_worlds() -> Iterator[tuple[StandIn, StandIn]]:
    with ExitStack() as stack:
        yield stack.enter_context(start(region=REGION)), stack.enter_context(start(region=REGION))


def make_platform(aws: StandIn, names: Names) -> Variables:
    """The least that services need, made through the API: Terraform waits minutes for a load balancer."""
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
