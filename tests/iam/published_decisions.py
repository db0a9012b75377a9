"""AWS's published decisions about policies of several kinds: whose Allow is enough, and what limits it."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.local.iam import Policies, Request, account_root, federated, read, role_session, service, user
from tests.iam.examples import (
    ACCOUNT,
    BUCKET,
    GUIDE,
    OTHER,
    ROLE,
    SESSION,
    USER,
    Example,
    allow,
    ask,
    deny,
    policy,
)

LOGIC = f"{GUIDE}reference_policies_evaluation-logic_policy-eval-denyallow.html"
BOUNDARIES = f"{GUIDE}access_policies_boundaries.html"
ACROSS = f"{GUIDE}reference_policies_evaluation-logic-cross-account.html"
PRINCIPAL = f"{GUIDE}reference_policies_elements_principal.html"
NOT_PRINCIPAL = f"{GUIDE}reference_policies_elements_notprincipal.html"
NOT_ACTION = f"{GUIDE}reference_policies_elements_notaction.html"
NOT_RESOURCE = f"{GUIDE}reference_policies_elements_notresource.html"
ACTION = f"{GUIDE}reference_policies_elements_action.html"
RESOURCE = f"{GUIDE}reference_policies_elements_resource.html"
VARIABLES = f"{GUIDE}reference_policies_variables.html"
SERVICE_CONTROL = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html"
KEY_POLICY = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html"
KEY_USE = "https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html"
TRUST = f"{GUIDE}access_policies-cross-account-resource-access.html"

OBJECT = f"{BUCKET}/photo.png"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
GET = ask("s3:GetObject", OBJECT)
GET_AS_ROLE = ask("s3:GetObject", OBJECT, SESSION)
ALL = policy(allow())
NOTHING = policy(allow("sqs:ListQueues"))
SHIRLEY = policy(allow(["s3:*", "cloudwatch:*", "ec2:*"]))
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def examples() -> Iterator[Example]:
    """Yield the examples of all pages."""
    yield from _one_account()
    yield from _boundaries()
    yield from _two_accounts()
    yield from _elements()
    yield from _excepted()
    yield from _variables()
    yield from _keys_and_roles()


def _one_account() -> Iterator[Example]:
    yield Example(LOGIC, GET, Policies(), False)  # by default all requests are denied
    yield Example(LOGIC, ask("s3:GetObject", OBJECT, account_root(ACCOUNT)), Policies(), True)  # except root's
    yield Example(LOGIC, GET, Policies([ALL]), True)
    yield Example(LOGIC, GET, Policies([ALL, policy(deny("s3:*"))]), False)
    yield Example(LOGIC, GET, Policies([ALL], resource=policy(deny(Principal="*"))), False)
    yield Example(LOGIC, GET, Policies([ALL], controls=[[policy(allow("ec2:*"))]]), False)
    yield Example(SERVICE_CONTROL, GET, Policies([ALL], controls=[[ALL], [policy(allow("s3:*"))]]), True)
    yield Example(SERVICE_CONTROL, GET, Policies([ALL], controls=[[ALL], [policy(allow("ec2:*"))]]), False)
    yield Example(SERVICE_CONTROL, GET, Policies([ALL], controls=[[policy(allow(), deny("s3:*"))]]), False)
    yield Example(LOGIC, GET_AS_ROLE, Policies([ALL], session=[NOTHING]), False)
    yield Example(LOGIC, GET_AS_ROLE, Policies([ALL], session=[policy(allow("s3:*"))]), True)
    for principal, request, granted in (
        (USER.arn, GET, True),  # a user's ARN: not limited by the boundary or by what identity policies lack
        (SESSION.arn, GET_AS_ROLE, True),  # the session's ARN: not limited by boundary and session policy
        (ROLE, GET_AS_ROLE, False),  # the role's ARN: limited by both
        (f"arn:aws:iam::{ACCOUNT}:root", GET, False),  # the account: its own policies have to allow it
    ):
        bucket = policy(allow("s3:*", OBJECT, Principal={"AWS": principal}))
        yield Example(LOGIC, request, Policies([NOTHING], boundary=NOTHING, resource=bucket), granted)
    bucket = policy(allow("s3:*", OBJECT, Principal={"AWS": ROLE}))
    yield Example(LOGIC, GET_AS_ROLE, Policies(resource=bucket), True)  # and needs no identity policy
    yield Example(LOGIC, GET_AS_ROLE, Policies(boundary=ALL, session=[NOTHING], resource=bucket), False)
    everyone = policy(allow("s3:*", OBJECT, Principal="*", Condition={"ArnEquals": {"aws:PrincipalArn": ROLE}}))
    yield Example(PRINCIPAL, GET_AS_ROLE, Policies(boundary=NOTHING, session=[NOTHING], resource=everyone), True)
    yield Example(PRINCIPAL, GET, Policies(resource=everyone), False)
    yield Example(PRINCIPAL, GET, Policies([ALL], resource=policy(allow(Principal={"AWS": ACCOUNT}))), True)


def _boundaries() -> Iterator[Example]:
    yield Example(BOUNDARIES, ask("iam:CreateUser", "*"), Policies([policy(allow("iam:CreateUser"))], SHIRLEY), False)
    yield Example(BOUNDARIES, GET, Policies(boundary=SHIRLEY), False)  # "does not provide permissions on its own"
    yield Example(BOUNDARIES, GET, Policies([policy(allow("s3:*"))], SHIRLEY), True)
    company = policy(
        allow(["s3:*", "ec2:*"]),
        allow(["iam:*AccessKey*", "iam:ChangePassword"], "arn:aws:iam::*:user/${aws:username}"),
        deny("s3:*", ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"]),
        deny("ec2:*", "arn:aws:ec2:*:*:instance/i-1234567890abcdef0"),
    )
    stop = "arn:aws:ec2:us-east-1:111122223333:instance/i-{}".format
    nikhil = user(f"arn:aws:iam::{ACCOUNT}:user/Nikhil")
    for request, allowed in (
        (ask("s3:GetObject", "arn:aws:s3:::logs/today", nikhil), False),
        (ask("s3:GetObject", "arn:aws:s3:::reports/today", nikhil), True),
        (ask("ec2:StopInstances", stop("1234567890abcdef0"), nikhil), False),
        (ask("ec2:StopInstances", stop("0000000000abcdef0"), nikhil), True),
        (ask("iam:CreateAccessKey", nikhil.arn, nikhil), True),
        (ask("iam:CreateAccessKey", USER.arn, nikhil), False),
    ):
        yield Example(BOUNDARIES, request, Policies([ALL], company), allowed)
    delegated = policy(
        allow("iam:CreateUser", Condition={"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::1:policy/X"}})
    )
    for boundary, allowed in (("arn:aws:iam::1:policy/X", True), ("arn:aws:iam::1:policy/Y", False)):
        request = Request("iam:CreateUser", "*", nikhil, {"iam:PermissionsBoundary": boundary})
        yield Example(BOUNDARIES, request, Policies([ALL], delegated), allowed)
    yield Example(BOUNDARIES, ask("iam:CreateUser", "*", nikhil), Policies([ALL], delegated), False)


def _two_accounts() -> Iterator[Example]:
    carlos = user(f"arn:aws:iam::{ACCOUNT}:user/Carlos")
    logs = policy(allow("s3:GetObject*", "arn:aws:s3:::production/*"), deny("s3:*", "arn:aws:s3:::*log*"))
    theirs = policy(allow(["s3:GetObject*", "s3:PutObject*"], "arn:aws:s3:::production/*", Principal=ROOT))
    read_theirs = Request("s3:GetObject", "arn:aws:s3:::production/a", carlos, resource_account=OTHER)
    write_theirs = Request("s3:PutObject", "arn:aws:s3:::production/a", carlos, resource_account=OTHER)
    log_theirs = Request("s3:GetObject", "arn:aws:s3:::production/log", carlos, resource_account=OTHER)
    yield Example(ACROSS, read_theirs, Policies([logs], resource=theirs), True)
    yield Example(ACROSS, write_theirs, Policies([logs], resource=theirs), False)  # only the other account allows it
    yield Example(ACROSS, read_theirs, Policies([logs]), False)  # only his own account allows it
    yield Example(ACROSS, log_theirs, Policies([logs], resource=theirs), False)
    direct = policy(allow("s3:*", "*", Principal={"AWS": carlos.arn}))
    yield Example(ACROSS, read_theirs, Policies(resource=direct), False)  # his own account has to allow it too


def _elements() -> Iterator[Example]:
    yield Example(ACTION, ask("iam:ListAccessKeys", "*"), Policies([policy(allow("iam:*AccessKey*"))]), True)
    yield Example(ACTION, ask("iam:ListAccessKeys", "*"), Policies([policy(allow("IAM:listaccesskeys"))]), True)
    yield Example(ACTION, ask("s3:PutObject", OBJECT), Policies([policy(allow("s3:Get*"))]), False)
    not_iam = policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})
    yield Example(NOT_ACTION, GET, Policies([not_iam]), True)
    yield Example(NOT_ACTION, ask("iam:CreateUser", "*"), Policies([not_iam]), False)
    only_with_mfa = policy(
        allow(),
        {
            "Effect": "Deny",
            "NotAction": "iam:*",
            "Resource": "*",
            "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
        },
    )
    yield Example(NOT_ACTION, GET, Policies([only_with_mfa]), False)
    yield Example(
        NOT_ACTION, ask("s3:GetObject", OBJECT, aws__MultiFactorAuthPresent="true"), Policies([only_with_mfa]), True
    )
    yield Example(NOT_ACTION, ask("iam:CreateUser", "*"), Policies([only_with_mfa]), True)
    payroll = ["arn:aws:s3:::HRBucket/Payroll", "arn:aws:s3:::HRBucket/Payroll/*"]
    but_payroll = policy(allow(), {"Effect": "Deny", "Action": "s3:*", "NotResource": payroll})
    yield Example(NOT_RESOURCE, ask("s3:GetObject", "arn:aws:s3:::HRBucket/Payroll/may"), Policies([but_payroll]), True)
    yield Example(NOT_RESOURCE, ask("s3:GetObject", "arn:aws:s3:::HRBucket/Plans/may"), Policies([but_payroll]), False)
    accounting = policy(allow("iam:*", f"arn:aws:iam::{ACCOUNT}:user/accounting/*"))
    yield Example(
        RESOURCE, ask("iam:GetUser", f"arn:aws:iam::{ACCOUNT}:user/accounting/Bob"), Policies([accounting]), True
    )
    yield Example(RESOURCE, ask("iam:GetUser", f"arn:aws:iam::{ACCOUNT}:user/Bob"), Policies([accounting]), False)
    corporate = policy(allow("s3:*", "arn:aws:s3:::my_corporate_bucket/*"))
    yield Example(RESOURCE, ask("s3:GetObject", "arn:aws:s3:::my_corporate_bucket/a/b"), Policies([corporate]), True)
    yield Example(RESOURCE, ask("s3:ListBucket", "arn:aws:s3:::my_corporate_bucket"), Policies([corporate]), False)
    yield Example(RESOURCE, ask("s3:GetObject", "arn:aws:s3:::My_Corporate_Bucket/a"), Policies([corporate]), False)


def _excepted() -> Iterator[Example]:
    bob = user(f"arn:aws:iam::{OTHER}:user/Bob")
    account = f"arn:aws:iam::{OTHER}:root"
    role = f"arn:aws:iam::{OTHER}:role/cross-account-read-only-role"
    audit = role_session(role, "cross-account-audit-app")

    def but(*names: str) -> Policies:
        statement = {"Effect": "Deny", "NotPrincipal": {"AWS": list(names)}, "Action": "s3:*", "Resource": "*"}
        return Policies([ALL], resource=policy(statement, allow("s3:*", Principal={"AWS": account})))

    get = "s3:GetObject"
    yield Example(NOT_PRINCIPAL, ask(get, OBJECT, bob), but(bob.arn, account), True)
    yield Example(
        NOT_PRINCIPAL, ask(get, OBJECT, bob), but(bob.arn), False
    )  # "might deny access to the entire account"
    yield Example(NOT_PRINCIPAL, ask(get, OBJECT, user(f"{bob.arn}by")), but(bob.arn, account), False)
    yield Example(NOT_PRINCIPAL, ask(get, OBJECT, audit), but(audit.arn, role, account), True)
    yield Example(NOT_PRINCIPAL, ask(get, OBJECT, audit), but(audit.arn, account), False)  # the role is not listed
    yield Example(NOT_PRINCIPAL, ask(get, OBJECT, role_session(role, "other")), but(audit.arn, role, account), False)
    spared = but(bob.arn, account)
    bounded = Policies(spared.identity, boundary=ALL, resource=spared.resource)
    yield Example(BOUNDARIES, ask(get, OBJECT, bob), bounded, False)  # "will always deny" one that has a boundary


def _variables() -> Iterator[Example]:
    home = [allow("s3:*", "arn:aws:s3:::mybucket/${aws:username}/*")]
    david = user(f"arn:aws:iam::{ACCOUNT}:user/team/David")
    yield Example(
        VARIABLES, ask("s3:GetObject", "arn:aws:s3:::mybucket/David/a", david), Policies([policy(*home)]), True
    )
    yield Example(
        VARIABLES, ask("s3:GetObject", "arn:aws:s3:::mybucket/Ana/a", david), Policies([policy(*home)]), False
    )
    yield Example(
        VARIABLES, ask("s3:GetObject", "arn:aws:s3:::mybucket/David/a", SESSION), Policies([policy(*home)]), False
    )
    old = read({"Version": "2008-10-17", "Statement": home})
    yield Example(VARIABLES, ask("s3:GetObject", "arn:aws:s3:::mybucket/David/a", david), Policies([old]), False)
    listing = policy(
        allow("s3:ListBucket", Condition={"StringLike": {"s3:prefix": ["", "home/", "home/${aws:username}/"]}})
    )
    for prefix, allowed in (("home/David/", True), ("home/Ana/", False), ("home/", True)):
        request = Request("s3:ListBucket", "arn:aws:s3:::mybucket", david, {"s3:prefix": prefix})
        yield Example(VARIABLES, request, Policies([listing]), allowed)
    team = policy(allow("s3:*", "arn:aws:s3:::amzn-s3-demo-bucket-${aws:PrincipalTag/team, 'company-wide'}"))
    tagged = {"aws:PrincipalTag/team": "yellow"}
    yellow, shared = (f"arn:aws:s3:::amzn-s3-demo-bucket-{name}" for name in ("yellow", "company-wide"))
    yield Example(VARIABLES, Request("s3:ListBucket", yellow, david, tagged), Policies([team]), True)
    yield Example(VARIABLES, Request("s3:ListBucket", shared, david, tagged), Policies([team]), False)
    yield Example(VARIABLES, Request("s3:ListBucket", shared, david), Policies([team]), True)
    star = policy(allow("s3:*", "arn:aws:s3:::bucket/${*}/a"))
    yield Example(VARIABLES, ask("s3:GetObject", "arn:aws:s3:::bucket/*/a"), Policies([star]), True)
    yield Example(VARIABLES, ask("s3:GetObject", "arn:aws:s3:::bucket/b/a"), Policies([star]), False)


def _keys_and_roles() -> Iterator[Example]:
    decrypt = ask("kms:Decrypt", KEY, SESSION)
    use = policy(allow("kms:Decrypt", KEY))
    default = policy(allow("kms:*", Principal=ROOT))
    yield Example(KEY_POLICY, decrypt, Policies([use], resource=default), True)
    yield Example(KEY_POLICY, decrypt, Policies(resource=default), False)  # the account delegates, IAM has to allow
    yield Example(KEY_POLICY, decrypt, Policies([use]), False)  # "IAM policies … are ineffective" without the key's
    yield Example(KEY_USE, decrypt, Policies(resource=policy(allow("kms:Decrypt", Principal={"AWS": ROLE}))), True)
    logs = policy(
        allow(
            "kms:Decrypt",
            Principal={"Service": "logs.us-east-1.amazonaws.com"},
            Condition={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:us-east-1:{ACCOUNT}:*"}},
        )
    )
    group = {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:a"}
    cloudwatch = service("logs.us-east-1.amazonaws.com")
    page = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"
    yield Example(page, Request("kms:Decrypt", KEY, cloudwatch, group), Policies(resource=logs), True)
    yield Example(page, Request("kms:Decrypt", KEY, cloudwatch), Policies(resource=logs), False)
    yield Example(
        page, Request("kms:Decrypt", KEY, service("sns.amazonaws.com"), group), Policies(resource=logs), False
    )
    assume = ask("sts:AssumeRole", ROLE)
    trust_account = read({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": ROOT}})
    trust_user = read({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": USER.arn}}})
    yield Example(TRUST, assume, Policies([ALL]), False)  # a trust policy has to allow it explicitly
    yield Example(TRUST, assume, Policies(resource=trust_account), False)
    yield Example(TRUST, assume, Policies([ALL], resource=trust_account), True)
    yield Example(TRUST, assume, Policies(resource=trust_user), True)
    with_identity = Policies([ALL], resource=trust_account)
    source_identity = (
        f"{GUIDE}id_credentials_temp_control-access_monitor.html"  # a permission of its own, on both sides
    )
    yield Example(source_identity, ask("sts:SetSourceIdentity", ROLE), with_identity, False)
    provider = f"arn:aws:iam::{ACCOUNT}:saml-provider/corporate"
    saml = policy({"Effect": "Allow", "Action": "sts:AssumeRoleWithSAML", "Principal": {"Federated": provider}})
    assertion = ask("sts:AssumeRoleWithSAML", ROLE, federated(provider))
    yield Example(PRINCIPAL, assertion, Policies(resource=saml), True)
    yield Example(
        PRINCIPAL, ask("sts:AssumeRoleWithSAML", ROLE, federated(f"{provider}2")), Policies(resource=saml), False
    )
