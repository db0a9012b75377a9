"""Section for tenants: the teams that share a repository of manifests, and what each may ask for.

Each field's description is the sentence that `docs/configuration.md` prints for it. A list may name what begins alike
with one `*` at the end of an entry. What is not granted is refused.
"""

from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from desired_state.instance import Kind
from desired_state.tenants.tenant import Tenant
from reconciler.config.sources import Allow
from reconciler.config.values import EnvironmentName, Section, explained

PathGlob = Annotated[
    str,
    explained(
        r"(?!/)(?!.*//)(?!(?:.*/)?\.{1,2}(?:/|$))[^\x00-\x1f\x7f\\]{1,512}",
        "must be a path below git.path: a folder such as teams/shop/, or a pattern such as teams/shop-*.yaml or **",
    ),
]
Name = Annotated[
    str, explained(r"\*|[a-z][a-z0-9-]{0,23}\*?", "must be a name, or its beginning and *, such as shop or shop-*")
]
Root = Annotated[
    str, explained(r"\*|[a-z][a-z0-9-]{0,62}\*?", "must be a root, or its beginning and *, such as queue or shop-*")
]
Repository = Annotated[
    str,
    explained(
        r"[A-Za-z0-9_.-]+/(?:[A-Za-z0-9_.-]+\*?|\*)",
        "must be owner/name, or an owner and *, such as acme/orders or acme/*",
    ),
]
Secret = Annotated[
    str,
    explained(
        r"\*|[A-Za-z0-9_+=.@-][A-Za-z0-9/_+=.@!:-]{0,600}\*?",
        "must be the name of a secret without its environment, or its beginning and *, such as payments/*, or an ARN",
    ),
]
Parameter = Annotated[
    str,
    explained(
        r"\*|[A-Za-z0-9_.-][A-Za-z0-9/_.:-]{0,1010}\*?",
        "must be the name of a parameter without the first slash and its environment, or its beginning and *, such as "
        "payments/*, or an ARN",
    ),
]
Storage = Annotated[
    str,
    explained(
        r"fs-[0-9a-f]{8,40}|arn:aws[a-z-]*:s3:::[a-z0-9.-]{3,63}/[A-Za-z0-9!_.'()/-]*\*?",
        "must be the id of a file system, or the ARN of a file of variables or its beginning after the bucket and *",
    ),
]
# A `*` before the first slash would also stand for the rest of a host name, which belongs to anybody.
Registry = Annotated[
    str,
    explained(
        r"[a-z0-9.-]+(?::[0-9]+)?/(?:[a-z0-9._/-]*\*|[a-z0-9._/-]*[a-z0-9])",
        "must be registry/repository without a tag, or its beginning and *, such as public.ecr.aws/datadog/*",
    ),
]
Route = Annotated[
    str,
    explained(
        r"/|(?:/[A-Za-z0-9_.$~@:+-]+)+",
        "must be the beginning of paths up to a slash, without wildcards, such as /orders",
    ),
]
Host = Annotated[
    str,
    explained(
        r"(?:\*\.)?(?:[a-z0-9-]+\.)+[a-z]+(?:/[A-Za-z0-9_.$~@:+-]+)*",
        "must be a host in lower case, or *. and its end, and may have the beginning of paths: shop.example.com/orders",
    ),
]
SecurityGroup = Annotated[
    str,
    explained(r"sg-(?:[0-9a-f]{8}|[0-9a-f]{17})", "must be the id of a security group, such as sg-0123456789abcdef0"),
]
Permission = Annotated[
    str,
    explained(
        r"(?:s3|dynamodb|sqs|sns|events|kafka|secrets|ssm|kms|service|policy):(?:\*|[A-Za-z0-9][A-Za-z0-9:/_+=.@-]*\*?)",
        "must be a service, a colon, and a name without its environment, its beginning and *, or an ARN, such as "
        "sqs:payments-events or policy:bedrock",
    ),
]


class TenantSettings(Section):
    """One team: the paths of its manifests, and its grants."""

    paths: tuple[PathGlob, ...] = Field(
        description="Paths of its manifests below `git.path`: folders (`teams/shop/`) or patterns, in which `*` and "
        "`?` stop at a slash and `**` does not; a file belongs to exactly one tenant",
    )
    environments: tuple[EnvironmentName, ...] = Field(description="Environments that its manifests may name")
    kinds: tuple[Kind, ...] = Field(("Service",), description="Kinds of manifests: Service, Job, Module, Platform")
    roots: tuple[Root, ...] = Field(
        (), description="Roots of its Modules; account, platform, service and job only when written in full"
    )
    names: tuple[Name, ...] | None = Field(
        None,
        description="Names of its manifests, present and former; null is the tenant's name, and what begins with it "
        "and a hyphen",
    )
    repositories: tuple[Repository, ...] | None = Field(
        None,
        description="Repositories that its services are built from; null is any owner's, named as its manifests may be",
    )
    depends_on: tuple[Name, ...] = Field((), description="Names of other tenants that its manifests may depend on")
    secrets: tuple[Secret, ...] = Field(
        (), description="Secrets beyond those below a service's own name (`<name>/`) and below `shared/`"
    )
    parameters: tuple[Parameter, ...] = Field((), description="Parameters of SSM beyond those, likewise")
    storage: tuple[Storage, ...] = Field((), description="File systems by id, and files of variables in S3 by ARN")
    registries: tuple[Registry, ...] = Field(
        (), description="Images of sidecars and scanners, as registry and repository without a tag"
    )
    routes: tuple[Route, ...] = Field(
        (), description="Prefixes of paths beyond a service's own (`/<name>`); the narrowest grant owns a request"
    )
    hosts: tuple[Host, ...] = Field(
        (),
        description="Hosts that its rules may name, with all paths or those below a prefix; its rules without a host "
        "are those of `routes`",
    )
    security_groups: tuple[SecurityGroup, ...] = Field(
        (), description="Security groups that its services may wear or reach by `security`"
    )
    permissions: tuple[Permission, ...] = Field(
        (),
        description="Resources beyond those of its own names that `permissions` of its services may name, as service, "
        "colon and name (`sqs:payments-*`), and managed policies (`policy:bedrock`)",
    )
    imports: bool = Field(False, description="true: may adopt existing resources with `spec.import`")
    ignore: bool = Field(False, description="true: may ignore drift with `policy.ignore`")
    allow: Allow | None = Field(
        None,
        description="What the code of its Modules' roots may do on the daemon's machine, with the keys of "
        "`terraform.allow` and in place of it; null: what `terraform.allow` allows",
    )
    instances: int = Field(50, ge=1, le=10_000, description="Most instances, over all environments")
    tasks: int = Field(20, ge=1, le=5_000, description="Most tasks of a service in an environment (`scaling.max`)")
    cpu: int = Field(4096, ge=256, le=16_384, description="Most CPU units of a task")

    @field_validator("paths", "environments")
    @classmethod
    def _some(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("must have at least one entry")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.roots and "Module" not in self.kinds:
            raise ValueError("roots are of Modules: add Module to kinds, or remove roots")
        return self

    def tenant(self, name: str) -> Tenant:
        """Return the tenant as the value that manifests are checked with."""
        return Tenant(
            name=name, **{field: getattr(self, field) for field in type(self).model_fields if field != "allow"}
        )
