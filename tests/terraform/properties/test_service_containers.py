"""The settings of a service's containers, proven: each container has its own, and no more than was asked for."""

from __future__ import annotations

from tests.terraform.inputs import Variables
from tests.terraform.properties.laboratory import Instance
from tests.terraform.properties.proof import Edit, proof
from tests.terraform.properties.services import MODULE, SERVICE, containers, logins, secret_arns
from tests.terraform.properties.test_service_task import reads


def with_login(variables: Variables) -> bool:
    """Return whether a registry gets a login whose secret no variable has as well."""
    injected = {*variables["secrets"].values(), *variables["admitted_secrets"]}
    injected |= {name for sidecar in variables["sidecars"] for name in sidecar["secrets"].values()}
    return not logins(variables) <= injected


@proof(
    26,
    "Secrets injection",
    part="logins",
    of=SERVICE,
    broken_by=[
        Edit(f"{MODULE}iam.tf", ", local.logins)", ")", says="cannot log in", where=with_login),
        Edit(f"{MODULE}registries.tf", "credentialsParameter = secret", 'credentialsParameter = "x"',
             says="another login", where=with_login),
    ],
)  # fmt: skip
def test_property_26_secrets_injection_logins(instance: Instance) -> None:
    """A registry gets the login that its image names and no other, and the execution role may read it."""
    variables = instance.variables
    given = {one["name"]: one["credentials"] for one in variables["sidecars"]}
    given[variables["service"]["name"]] = variables["image"]["credentials"]
    found = {
        one["name"]: one.get("repositoryCredentials", {}).get("credentialsParameter") for one in containers(instance)
    }
    assert found == given, "a registry gets another login"
    assert secret_arns(instance, logins(variables)) <= reads(instance, "execution"), "ECS cannot log in at a registry"
