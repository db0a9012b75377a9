"""The 34 tasks."""

from __future__ import annotations

from tests.requirements.entry import Task

SERVICE = "terraform/modules/service"
MODULES = "terraform/modules"
TESTS = "tests/terraform"
CONVENTIONS = f"{TESTS}/test_conventions.py"
PLATFORM = f"{TESTS}/test_platform.py"
SERVICES = f"{TESTS}/test_service.py"
APPLIED = f"{TESTS}/test_on_the_stand_in.py"
DELIVERY = f"{TESTS}/test_delivery.py"
DELIVERED = f"{TESTS}/test_delivery_on_the_stand_in.py"
LIVE = f"{TESTS}/test_verify_on_the_stand_in.py"

TASKS = (
    Task(1, "Project structure and backend", ("terraform/bootstrap", "terraform/roots"), tests=(CONVENTIONS,)),
    Task(2, "Networking module", (f"{MODULES}/network",), (8, 34, 36), (PLATFORM,)),
    Task(3, "Keys and IAM", (f"{MODULES}/security", f"{SERVICE}/iam.tf", f"{SERVICE}/delivery_iam.tf"), (5,),
         (DELIVERY,)),
    Task(4, "Secrets Manager", (f"{MODULES}/secrets",), (45, 26, 43)),
    Task(5, "ECS cluster module", (f"{MODULES}/cluster",), (11, 47), (PLATFORM,)),
    Task(6, "Image repositories", (f"{SERVICE}/ecr.tf",), (7, 17, 18, 19, 20), (SERVICES,)),
    Task(7, "Load balancer module", (f"{MODULES}/alb",), (6, 31, 40), (PLATFORM,)),
    Task(8, "Monitoring", (f"{MODULES}/monitoring", f"{SERVICE}/alarms.tf"), (9, 29, 30)),
    Task(9, "Security groups", (f"{MODULES}/security/groups.tf", f"{SERVICE}/service.tf"), (10, 35), (APPLIED,)),
    Task(10, "Task definitions", (f"{SERVICE}/task.tf",), (22, 26, 28, 43, 44), (SERVICES,)),
    Task(11, "ECS services", (f"{SERVICE}/service.tf",), (21, 24, 25, 27, 37, 42), (SERVICES, APPLIED)),
    Task(12, "Auto-scaling", (f"{SERVICE}/autoscaling.tf",), (23,), (SERVICES,)),
    Task(13, "Target groups and listener rules", (f"{SERVICE}/ingress.tf",), (33, 38, 39, 41), (SERVICES,)),
    Task(14, "CodeBuild project", (f"{SERVICE}/codebuild.tf",), (13,), (DELIVERY, DELIVERED)),
    Task(15, "Buildspec", (f"{SERVICE}/templates/buildspec.yml.tftpl",), (14, 48), (f"{TESTS}/test_buildspec.py",)),
    Task(16, "Pipeline of feature branches", (f"{SERVICE}/pipeline.tf",), (12, 15), (DELIVERY, DELIVERED)),
    Task(17, "Pipeline of release branches", (f"{SERVICE}/pipeline.tf",), (15, 32), (DELIVERY,)),
    Task(18, "Pipeline of production branches", (f"{SERVICE}/pipeline.tf",), (15, 32), (DELIVERY, DELIVERED)),
    Task(19, "Deployments without downtime", (f"{SERVICE}/service.tf",), (16,), ("tests/standin/test_deployments.py",)),
    Task(20, "Reusable service module", (SERVICE, "terraform/roots/service"), (1, 2, 3, 4, 15), (CONVENTIONS,)),
    Task(21, "Differences between environments", (f"{MODULES}/settings",), (46, 50)),
    Task(22, "Isolation of production", (f"{MODULES}/network", "desired_state/examples/platforms"), (49,)),
    Task(23, "Tags", ("terraform/roots/platform/providers.tf", "terraform/roots/service/providers.tf"), (51, 55)),
    Task(24, "CloudTrail", (f"{MODULES}/audit", "terraform/roots/account"), (52, 53)),
    Task(25, "People and MFA", (f"{MODULES}/access", "terraform/roots/account"), (54,)),
    Task(26, "AWS Config", (f"{MODULES}/audit", "terraform/roots/account"), (56,)),
    Task(27, "Example services", ("desired_state/examples/services", "docs/manifests.md"),
         tests=("tests/desired_state/test_manifest.py", "tests/desired_state/test_snapshot.py")),
    Task(28, "Settings per environment", ("desired_state/examples/platforms", "terraform/environments"), (46,)),
    Task(29, "Documentation of delivery", ("docs/delivery.md", "docs/troubleshooting.md", "docs/deployment.md"),
         tests=("tests/requirements/test_delivery_pages.py", "tests/e2e/test_readme.py")),
    Task(30, "Test framework", (f"{TESTS}/workbench.py", f"{TESTS}/plans.py", f"{TESTS}/properties/laboratory.py"),
         tests=(f"{TESTS}/properties/test_proof.py",)),
    Task(31, "Generators", (f"{TESTS}/properties/strategies.py", f"{TESTS}/properties/deliveries.py"),
         tests=(f"{TESTS}/properties/test_proof.py",)),
    Task(32, "All tests pass", ("Makefile", ".ci/run"), tests=("tests/requirements/test_requirements.py",)),
    Task(33, "README and module reference",
         ("README.md", "docs/manifests.md", "docs/prerequisites.md", "docs/security.md", "docs/cost.md"),
         tests=("tests/e2e/test_readme.py", "tests/cli/test_reference.py", PLATFORM, CONVENTIONS)),
    Task(34, "Validation in a real account: `reconciler verify ENVIRONMENT`, `make acceptance`",
         ("reconciler/core/verification", "reconciler/edges/aws/account", "reconciler/cli/commands/verification.py",
          "deploy/acceptance"),
         tests=("tests/core/verification/test_verify.py", LIVE, APPLIED, DELIVERED,
                "tests/acceptance/test_acceptance.py")),
)  # fmt: skip
