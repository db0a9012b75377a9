"""The image repository of a service, proven: its own, scanned, immutable, tidy, and for nobody else."""

from __future__ import annotations

import re

from tests.terraform.inputs import Variables
from tests.terraform.properties import strategies
from tests.terraform.properties.laboratory import Instance, Laboratory
from tests.terraform.properties.proof import Edit, proof
from tests.terraform.properties.services import MODULE, SERVICE, containers, depends_on, full_name

ECR, IAM = f"{MODULE}ecr.tf", f"{MODULE}iam.tf"
PULL = {"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
# Amazon ECR API reference, CreateRepository
REPOSITORY = re.compile(r"(?=.{2,256}$)[a-z0-9]+(?:[._-][a-z0-9]+)*(?:/[a-z0-9]+(?:[._-][a-z0-9]+)*)*")


@proof(
    7,
    "ECR vulnerability scanning",
    of=SERVICE,
    broken_by=[Edit(ECR, "scan_on_push = true", "scan_on_push = false", says="scanned")],
)
def test_property_07_ecr_vulnerability_scanning(instance: Instance) -> None:
    """Every image is scanned when it is pushed."""
    repository = instance.plan.one("aws_ecr_repository").values
    assert repository["image_scanning_configuration"] == [{"scan_on_push": True}], "images are not scanned"


@proof(
    17,
    "ECR repository per service",
    of=SERVICE,
    broken_by=[
        Edit(f"{MODULE}locals.tf", 'repository     = "${var.environment.name}/${local.name}"',
             'repository = "${var.environment.name}/shared"', says="its own"),
        Edit(f"{MODULE}locals.tf", 'repository     = "${var.environment.name}/${local.name}"',
             "repository = local.name", says="its own"),
    ],
)  # fmt: skip
def test_property_17_ecr_repository_per_service(instance: Instance) -> None:
    """A service has one repository, named after environment and service, and runs images from there."""
    service = instance.variables["service"]["name"]
    repository = instance.plan.one("aws_ecr_repository").values
    assert repository["name"] == f"{instance.environment}/{service}", "the repository is not its own"
    assert REPOSITORY.fullmatch(repository["name"]), "AWS would refuse the name"


def test_services_of_all_environments_have_repositories_of_their_own(laboratory: Laboratory) -> None:
    batch = laboratory.batch(SERVICE)
    services = {(instance.environment, instance.variables["service"]["name"]) for instance in batch}
    names = {instance.plan.one("aws_ecr_repository").values["name"] for instance in batch}
    assert len(names) == len(services)


@proof(
    18,
    "ECR tag immutability",
    of=SERVICE,
    broken_by=[Edit(ECR, '"IMMUTABLE"', '"MUTABLE"', says="move")],
)
def test_property_18_ecr_tag_immutability(instance: Instance) -> None:
    """A tag stays at the image that it was given to."""
    assert instance.plan.one("aws_ecr_repository").values["image_tag_mutability"] == "IMMUTABLE", "tags can move"


def deploys_by_git(variables: Variables) -> bool:
    """Return whether Git deploys an image of the service's own repository."""
    image, own = variables["image"], f"/{variables['environment']['name']}/{variables['service']['name']}:"
    return image["owner"] == "git" and own in (image["uri"] or "")


@proof(
    19,
    "ECR lifecycle policy",
    of=SERVICE,
    broken_by=[
        Edit(ECR, "countNumber = 7", "countNumber = 70", says="untagged"),
        Edit(ECR, "rulePriority = 2 +", "rulePriority = 1 +", says="one priority"),
        Edit(ECR, "for tag in local.deployed_tags :", "for tag in [] :", says="can expire", where=deploys_by_git),
        Edit(ECR, 'tagPatternList = ["deployed-*"]', 'tagPatternList = ["latest-*"]', says="can expire"),
        Edit(ECR, 'tagStatus = "any", countType', 'tagStatus = "untagged", countType', says="last"),
    ],
)  # fmt: skip
def test_property_19_ecr_lifecycle_policy(instance: Instance) -> None:
    """Untagged images go after seven days. The one that Git deploys is kept, of those that ran a number, and of the
    others as many.
    """
    rules = instance.plan.one("aws_ecr_lifecycle_policy").document("policy")["rules"]
    untagged = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 7}
    assert [rule["selection"] for rule in rules if rule["selection"]["countType"] == "sinceImagePushed"] == [
        untagged
    ], "untagged images do not expire after 7 days"
    assert len({rule["rulePriority"] for rule in rules}) == len(rules), "two rules have one priority"
    own = f"/{instance.plan.one('aws_ecr_repository').values['name']}:"
    _, _, deployed = (instance.variables["image"]["uri"] or "").partition(own)
    kept = [rule["selection"]["tagPatternList"] for rule in rules if rule["selection"]["tagStatus"] == "tagged"]
    marked = [[deployed]] * deploys_by_git(instance.variables) + [["deployed-*"]]
    assert kept == marked, "an image that runs can expire"
    # ECR wants the rule for any tag to come last.
    last = max(rules, key=lambda rule: rule["rulePriority"])["selection"]
    assert (last["tagStatus"], last["countType"]) == ("any", "imageCountMoreThan"), "the last images are not kept"
    number = 100 if instance.tier == "prod" else 30
    ran = next(rule["selection"] for rule in rules if rule["selection"].get("tagPatternList") == ["deployed-*"])
    assert ran["countNumber"] == last["countNumber"] == number
    assert {rule["action"]["type"] for rule in rules} == {"expire"}


@proof(
    20,
    "ECR access restrictions",
    of=SERVICE,
    part="pull",
    broken_by=[
        Edit(ECR, "{ AWS = local.execution_arn }", '{ AWS = "*" }', says="anybody"),
        Edit(ECR, '"ecr:BatchGetImage", "ecr:GetDown', '"ecr:*", "ecr:GetDown', says="more than"),
        Edit(ECR, "depends_on = [aws_iam_role.execution", "depends_on = [aws_iam_role.task", says="exists"),
    ],
)  # fmt: skip
def test_property_20_ecr_access_restrictions_pull(instance: Instance) -> None:
    """The service's execution role pulls, and nobody is let in by a wildcard. ECR refuses unknown principals."""
    statements = instance.plan.one("aws_ecr_repository_policy").document("policy")["Statement"]
    assert "*" not in str([statement["Principal"] for statement in statements]), "anybody may use the repository"
    assert "*" not in str([statement["Action"] for statement in statements]), "more than single actions is allowed"
    pull = next(statement for statement in statements if statement["Sid"] == "PullByTheService")
    execution = strategies.arn(
        instance.variables["environment"], "iam", f"role/{full_name(instance)}-execution", region=False
    )
    assert pull["Principal"] == {"AWS": execution}, "somebody else pulls"
    assert set(pull["Action"]) == PULL, "more than pulling is allowed"
    assert "aws_iam_role.execution" in depends_on(instance, "aws_ecr_repository_policy.this"), (
        "the policy may come before the role exists"
    )


# Amazon ECR user guide, private registry: the two forms of a registry's address.
IN_ECR = re.compile(r"([0-9]{12})\.dkr[.-]ecr\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)/([^:@]+)[:@].+")


def repositories(variables: Variables) -> set[str]:
    """Return the ARNs of the repositories in ECR that the containers of a service name, and of its own."""
    environment = variables["environment"]
    named = [variables["image"]["uri"] or "", *(sidecar["image"] for sidecar in variables["sidecars"])]
    places = [found.groups() for image in named if (found := IN_ECR.fullmatch(image))]
    own = f"{environment['name']}/{variables['service']['name']}"
    return {
        f"arn:{environment['partition']}:ecr:{region}:{account}:repository/{name}"
        for account, region, name in [*places, (environment["account_id"], environment["region"], own)]
    }


def has_private_sidecar(variables: Variables) -> bool:
    return len(repositories(variables)) > 1


@proof(
    20,
    "ECR access restrictions",
    of=SERVICE,
    part="sidecars",
    broken_by=[
        Edit(IAM, "Resource = local.pulled_repositories", "Resource = [local.repository_arn]", says="cannot be pulled",
             where=has_private_sidecar),
        Edit(IAM, "Resource = local.pulled_repositories", 'Resource = ["*"]', says="no container names"),
    ],
)  # fmt: skip
def test_property_20_ecr_access_restrictions_sidecars(instance: Instance) -> None:
    """ECS may pull the image of every container, and from no repository that no container names."""
    execution = next(policy for policy in instance.plan.of("aws_iam_role_policy") if policy.name == "execution")
    statements = execution.document("policy")["Statement"]
    pulled = {arn for s in statements if "ecr:BatchGetImage" in s["Action"] for arn in s["Resource"]}
    wanted = repositories(instance.variables)
    images = [container["image"] for container in containers(instance)]
    assert not any("*" in arn for arn in pulled), "it pulls what no container names"
    assert wanted <= pulled, f"{wanted - pulled} cannot be pulled, of {images}"
    assert pulled == wanted, f"{pulled - wanted} is what no container names"
