"""Attempts of one tenant on another: each is refused with file and line, and nothing of the others changes.

The counter-example, which shows that the table can fail, is the intruder's ordinary repository: all of it is accepted.
"""

from typing import Any

import pytest

from desired_state.instance import Key
from tests.desired_state.attempt_files import Files, at, file, secret, sidecar
from tests.desired_state.manifests import platform, public, service, to_yaml
from tests.desired_state.tenants import BEFORE, FILE, attempt, named, overridden, own, queue

FORGED = {"permissions_boundary_arn": None, "cluster": {"name": "prod"}}


NAME, FORMER, SECRET, IMAGE, PATH = (
    "may not use the name",
    "may not take over",
    "may not read",
    "may not run the image",
    "may not serve",
)
IMPORTING: dict[str, Any] = {"import": [{"to": "aws_s3_bucket.this", "id": "orders-data"}]}
IGNORE = [{"address": "aws_iam_role.this", "path": "policy", "owner": "me", "until": "2099-01-01"}]
LABEL, LANGUAGE = "DNS label", "the name of a secret in Secrets Manager"
SECRETS_ARN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:"
PARAMETERS_ARN = "arn:aws:ssm:eu-central-1:111122223333:parameter/"
FAR = "no tenant of the configuration has files here"

GROUP = "sg-0123456789abcdef0"
ATTEMPTS: dict[str, tuple[Files, str, str]] = {
    # names
    "the name of another's service": (file(own("orders")), NAME, '"orders"'),
    "the name in an environment where it is free": (file(own("orders", environments=["test"])), NAME, '"orders"'),
    "the name of a Platform": (file(queue("platform")), NAME, '"platform"'),
    "a name below another's beginning": (file(own("orders-2")), NAME, '"orders-2"'),
    "a name that another tenant names closer": (file(own("intruder-eu")), "this one belongs to partner", "intruder-eu"),
    "the name of an environment": (file(own("prod")), NAME, '"prod"'),
    "a Cyrillic letter in a name": (file(own("\N{CYRILLIC SMALL LETTER O}rders")), LABEL, '"name"'),
    "a letter of full width": (file(own("\N{FULLWIDTH LATIN SMALL LETTER O}rders")), LABEL, '"name"'),
    "a character without width": (file(own("orders\u200b")), LABEL, '"name"'),
    "another case": (file(own("ORDERS")), LABEL, '"name"'),
    "a name written from right to left": (file(own("\u202esredro")), LABEL, '"name"'),
    # former names
    "the former name of another's service": (file(named(own(), formerName="orders")), FORMER, '"formerName"'),
    "the former name of a Platform": (file(named(queue(), formerName="platform")), FORMER, '"formerName"'),
    "a former name in an environment without it": (
        file(named(own(environments=["test"]), formerName="orders")),
        FORMER,
        '"formerName"',
    ),
    "a former name that another tenant names closer": (
        file(named(own(), formerName="intruder-eu")),
        "this one belongs to partner",
        '"formerName"',
    ),
    "a former name in a broken manifest": (
        file(named(own(colour="red"), formerName="orders")),
        "unknown field",
        '"colour"',
    ),
    "a former name with a look-alike": (
        file(named(own(), formerName="\N{CYRILLIC SMALL LETTER O}rders")),
        LABEL,
        '"formerName"',
    ),
    # imports
    "an import by a service": (file(own(**IMPORTING)), "may not import", '"import"'),
    "an import by a Module": (file(queue(**IMPORTING)), "may not import", '"import"'),
    "an import in an override": (file(overridden(own(), **IMPORTING)), "may not import", '"import"'),
    # secrets and parameters
    "a secret of another service": (secret("orders/database-url"), SECRET, "orders/database-url"),
    "a secret with its environment": (secret("develop/orders/database-url"), SECRET, "develop/orders"),
    "a secret with a slash before it": (secret("/develop/orders/database-url"), SECRET, "develop/orders"),
    "a secret of another environment": (secret("prod/intruder/key"), SECRET, "prod/intruder"),
    "a secret that begins like the own name": (secret("intruders/key"), SECRET, "intruders/key"),
    "a secret that begins like shared": (secret("sharedkeys/key"), SECRET, "sharedkeys"),
    "a secret with the environment twice": (secret("develop/develop/orders/x"), SECRET, "develop/develop"),
    "a secret in another case": (secret("Intruder/key"), SECRET, "Intruder/key"),
    "a secret without a folder": (secret("intruder"), SECRET, "STOLEN"),
    "a secret that the code reads": (file(own(runtimeSecrets=["orders/database-url"])), SECRET, "orders/"),
    "a secret of a sidecar": (file(own(sidecars=sidecar(secrets={"S": "orders/x"}))), SECRET, "orders/x"),
    "a secret in an override": (file(overridden(own(), secrets={"S": "orders/x"})), SECRET, "orders/x"),
    "a secret with a look-alike": (secret("\N{CYRILLIC SMALL LETTER O}rders/database-url"), LANGUAGE, "STOLEN"),
    "a secret with a wildcard": (secret("intruder/*"), LANGUAGE, "STOLEN"),
    "a secret by its ARN": (secret(f"{SECRETS_ARN}orders/database-url-AbCdEf"), SECRET, "STOLEN"),
    "the own secret by its ARN": (secret(f"{SECRETS_ARN}intruder/key-AbCdEf"), SECRET, "STOLEN"),
    "a part of a secret": (secret("orders/database-url:password::"), SECRET, "STOLEN"),
    "a version of a secret": (secret({"secret": "orders/key", "stage": "AWSPREVIOUS"}), SECRET, "STOLEN"),
    "a secret of a database": (secret("rds!db-0a1b:password"), SECRET, "STOLEN"),
    "a parameter": (secret({"parameter": "/orders/key"}), SECRET, "STOLEN"),
    "a parameter with its environment": (secret({"parameter": "/develop/orders/key"}), SECRET, "STOLEN"),
    "a parameter by its ARN": (secret(f"{PARAMETERS_ARN}orders/key"), SECRET, "STOLEN"),
    "the own parameter by its ARN": (secret({"parameter": f"{PARAMETERS_ARN}intruder/key"}), SECRET, "STOLEN"),
    "a parameter of a sidecar": (file(own(sidecars=sidecar(secrets={"S": {"parameter": "/a/b"}}))), SECRET, '"S"'),
    "a parameter through Secrets Manager": (secret("/aws/reference/ssm/orders/key"), SECRET, "/aws/reference"),
    # file systems and files of variables
    "a file system": (file(own(volumes={"a": {"efs": {"fileSystem": "fs-0a1b2c3d"}}})), "may not use", "fs-0a1b"),
    "a file of variables": (file(own(envFiles=["arn:aws:s3:::orders/x.env"])), "may not use", "orders/x.env"),
    # registries
    "a sidecar of a public registry": (file(own(sidecars=sidecar("docker.io/evil/miner:1"))), IMAGE, "docker.io"),
    "a repository that begins like a granted one": (
        file(own(sidecars=sidecar("public.ecr.aws/aws-observability-evil/x:1"))),
        IMAGE,
        "evil",
    ),
    "a registry that begins like a granted one": (
        file(own(sidecars=sidecar("public.ecr.aws.evil.example/aws-observability/x:1"))),
        IMAGE,
        "evil.example",
    ),
    "another port of a granted registry": (
        file(own(sidecars=sidecar("public.ecr.aws:8443/aws-observability/x:1"))),
        IMAGE,
        ":8443",
    ),
    "an image of another service": (
        file(own(sidecars=sidecar("111122223333.dkr.ecr.eu-central-1.amazonaws.com/develop-orders:1"))),
        IMAGE,
        "orders",
    ),
    "a scanner of a public registry": (
        file(own(delivery={"scanner": f"docker.io/evil/scan@sha256:{'0' * 64}"})),
        IMAGE,
        "scanner",
    ),
    "a sidecar in an override": (file(overridden(own(), sidecars=sidecar("docker.io/evil/x:1"))), IMAGE, "docker.io"),
    "the source code of another service": (file(own(repository="acme/orders")), "may not build", "acme/orders"),
    "source code that another tenant names closer": (
        file(own(repository="acme/intruder-eu")),
        "may not build",
        "intruder-eu",
    ),
    # paths and hosts
    "a part of another's path at priority 1": (at("/orders/c*"), PATH, "/orders/c*"),
    "another's path": (at("/orders/*"), PATH, "/orders/*"),
    "another's path without a wildcard": (at("/orders"), PATH, "/orders"),
    "all paths": (at("/*"), PATH, '"/*"'),
    "any letter in another's path": (at("/?rders/*"), PATH, "/?rders"),
    "a wildcard in the middle": (at("/o*s/checkout"), PATH, "/o*s"),
    "a wildcard at the end of the own name": (at("/intruder*"), PATH, "/intruder*"),
    "a path in an override": (
        file(overridden(public("intruder", paths=["/intruder"], priority=9), routing={"paths": ["/orders/*"]})),
        PATH,
        "/orders/*",
    ),
    "a path that another tenant names closer": (at("/intruder/eu/*"), "belong to the tenant partner", "/intruder/eu"),
    "another's priority": (at("/intruder/*", 120), "priority 120 is already used by develop/orders", "120"),
    "a host": (
        file(own(type="public", routing={"paths": ["/intruder"], "priority": 9, "hosts": ["orders.example.org"]})),
        'may not serve "orders.example.org/intruder", none is granted',
        "/intruder",
    ),
    "a security group": (file(own(security={"groups": [GROUP]})), f'may not use "{GROUP}", none is granted', GROUP),
    "a name of Service Connect": (file(own(connect={"alias": "orders"})), 'may not be reached as "orders"', "orders"),
    # permissions
    "permissions": (file(own(permissions=[{"service": "iam"}])), "is not a choice", '"iam"'),
    "a role": (file(own(taskRoleArn="arn:aws:iam::111122223333:role/admin")), "unknown field", '"taskRoleArn"'),
    # module roots and inputs, forged platform
    "the root account": (file(queue(root="account", inputs={"people": {}})), "may not run the root account", "account"),
    "the root service with a forged platform": (
        file(queue(root="service", inputs={"platform": FORGED, "image": {"uri": "docker.io/evil/x:1"}})),
        "may not run the root service",
        '"service"',
    ),
    "the root job with a forged platform": (
        file(queue(root="job", inputs={"platform": FORGED})),
        "may not run the root job",
        '"job"',
    ),
    "the root platform": (file(queue(root="platform", inputs={})), "may not run the root platform", '"platform"'),
    "a root that is not granted": (file(queue(root="audit")), "may not run the root audit", '"audit"'),
    "a root in an override": (
        file(overridden(queue(), root="account", inputs={"people": {}})),
        "may not run the root account",
        "account",
    ),
    "a forged platform for a granted root": (
        file(queue(inputs={"retention": 1, "platform": FORGED})),
        'has no variable "platform"',
        '"platform"',
    ),
    "the daemon's own inputs": (
        file(queue(inputs={"retention": 1, "aws": {"role_arn": "arn"}})),
        "aws is set by the daemon",
        '"aws"',
    ),
    "a second Platform": (file(platform(name="intruder")), "may not declare a Platform", '"Platform"'),
    "the first Platform of an environment": (
        file(platform("test", name="intruder")),
        "may not declare a Platform",
        '"Platform"',
    ),
    "a broken Platform": (file(platform(name="intruder", colour="red")), "unknown field", '"colour"'),
    # ignore rules
    "an ignore rule": (file(own(policy={"ignore": IGNORE})), "may not ignore drift", '"ignore"'),
    "an ignore rule in an override": (
        file(overridden(queue(), policy={"ignore": IGNORE})),
        "may not ignore drift",
        '"ignore"',
    ),
    # environments
    "an environment that is not granted": (file(own(environments=["prod"])), "may not deploy to prod", '"prod"'),
    "one of several environments": (file(own(environments=["qa", "develop"])), "may not deploy to qa", '"qa"'),
    "an override for an environment that is not named": (
        file({**own(), "overrides": {"prod": {"cpu": 512}}}),
        "not in spec.environments",
        '"prod"',
    ),
    "an environment with a look-alike": (file(own(environments=["\N{CYRILLIC SMALL LETTER ER}rod"])), LABEL, '"'),
    # moved files
    "a file outside of all folders": (file(own("orders"), path="orders.yaml"), FAR, '"orders"'),
    "a folder with a look-alike": (
        file(own("orders"), path="teams/\N{CYRILLIC SMALL LETTER DZE}hop/orders.yaml"),
        FAR,
        '"orders"',
    ),
    "a folder in another case": (file(own("orders"), path="Teams/shop/orders.yaml"), FAR, '"orders"'),
    "a folder that begins like another's": (file(own("orders"), path="teams/shop-2/orders.yaml"), FAR, '"orders"'),
    "a folder of two tenants": (file(own(), path="both/own.yaml"), "both have files here", '"intruder"'),
    "a copy of another's file": (file(service("basket"), path="teams/intruder/basket.yaml"), NAME, '"basket"'),
    # several documents
    "the second document of a file": (file(own(), own("orders")), NAME, '"orders"'),
    "a document after a broken one": (file(own(colour="red"), own("orders")), NAME, '"orders"'),
    "a name that is written twice": (
        {FILE: to_yaml(own()).replace(b'"name": "intruder"', b'"name": "intruder",\n"name": "orders"')},
        "duplicate key",
        '"orders"',
    ),
    "an alias": ({FILE: b"a: &a {name: orders}\nkind: Service\nmetadata: *a\n"}, "alias", "*a"),
    "a merge key": ({FILE: b"kind: Service\nmetadata:\n  <<: {name: orders}\n"}, "merge keys", "<<"),
    # dependencies, which would hold up a removal
    "a dependency of another's service": (file(own(dependsOn=["orders"])), "may not depend on", '"orders"'),
    "a circle with another's service": (file(own(dependsOn=["basket"])), "may not depend on", '"basket"'),
    # limits, big and deep documents
    "too many tasks": (file(own(scaling={"max": 5000})), "20 tasks are the limit", "5000"),
    "too many tasks in an override": (file(overridden(own(), scaling={"max": 5000})), "20 tasks", "5000"),
    "a task that is too big": (file(own(cpu=16384, memory=32768)), "4096 is the limit", "16384"),
    "too many instances": (file(*(own(f"intruder-{n}") for n in range(51))), "50 are its limit", "intruder-"),
    "a big document": ({FILE: b"#" * 1_048_577}, "larger than", "#"),
    "a deep document": ({FILE: b"a: " + b"[" * 20_000}, "", "["),
    "a file that cannot be read": ({FILE: b"metadata: {name: orders\n"}, "", ""),
    "bytes that are no text": ({FILE: b"name: orders\xff"}, "not UTF-8", "orders"),
}


@pytest.mark.parametrize("title", ATTEMPTS)
def test_an_attempt_is_refused_at_its_line_and_the_others_keep_their_wanted_state(title: str) -> None:
    files, message, written = ATTEMPTS[title]
    outcome = attempt(files)
    found = outcome.lines(message)
    assert any(written in line for line in found), [str(problem) for problem in outcome.after.problems]
    outcome.check_others()


def test_there_are_at_least_sixty_attempts() -> None:
    assert len(ATTEMPTS) >= 60


def test_ordinary_manifests_of_the_same_tenant_are_accepted() -> None:
    outcome = attempt(
        file(
            public(
                "intruder",
                paths=["/intruder", "/intruder/*"],
                priority=200,
                secrets={"A": "intruder/a", "B": "develop/intruder/b", "C": "/develop/intruder/c", "D": "shared/d"},
                runtimeSecrets=["intruder/e"],
                sidecars=sidecar(),
                environments=["develop"],
            ),
            queue("intruder-queue", dependsOn=["intruder"]),
            named(service("intruder-new", repository="acme/intruder"), formerName="intruder-old"),
        )
    )
    assert outcome.after.problems == ()
    names = ("intruder", "intruder-queue", "intruder-new")
    assert outcome.after.instances.keys() - BEFORE.instances.keys() == {Key("develop", name) for name in names}
    outcome.check_others()


def test_the_messages_say_what_is_granted() -> None:
    outcome = attempt(secret("orders/database-url"))
    assert [problem.message for problem in outcome.after.problems] == [
        'the tenant intruder may not read "orders/database-url" for intruder, only intruder/*, shared/*'
    ]
