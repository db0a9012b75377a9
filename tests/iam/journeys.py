"""Journeys of people through an account: each step a request with the condition keys of its caller.

What callers carry, from docs.aws.amazon.com/IAM/latest/UserGuide: a console session of a user says whether there was
MFA and how long ago, a long-term access key says nothing of it, a session of a role neither
(reference_policies_condition-keys.html, id_credentials_mfa_configure-api-require.html). A session that was given a
source identity keeps it in every request and passes it on to the next role
(id_credentials_temp_control-access_monitor.html); an assertion of SAML has its audience
(reference_policies_iam-condition-keys.html).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from deploy.local.iam import Principal, Request, account_root, federated, role_session, service, user
from tests.terraform.inputs import ACCOUNT, ENGINEERS, REGION

IDENTITY = "210987654321"  # the account of those who come from elsewhere
IAM, THEIRS = f"arn:aws:iam::{ACCOUNT}", f"arn:aws:iam::{IDENTITY}"
# Ann has every policy for users; Bob runs no services; Dan and Fay got one policy each, without `require_mfa`.
ANN, BOB, DAN, FAY = (f"{IAM}:user/{name}" for name in ("ann", "bob", "dan", "fay"))
CAROL, ON_CALL = f"{THEIRS}:user/carol", f"{THEIRS}:role/on-call"
AUDITORS = ENGINEERS.replace("Engineers", "Auditors")
COMPANY = f"{IAM}:saml-provider/company"
CALLED = "AWSReservedSSO_Engineers_fedcba9876543210"  # the same permission set, made anew
AS_ENGINEER = role_session(f"{ENGINEERS.rpartition('/')[0]}/{CALLED}", "dora")

READER, OPERATOR, BREAK_GLASS = (f"{IAM}:role/account-{role}" for role in ("reader", "operator", "break-glass"))
SERVICE = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/prod/orders"
TASK = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/prod/0123456789abcdef"
PIPELINE = f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:prod-orders"
TRAIL_FILE = f"arn:aws:s3:::account-trail-{ACCOUNT}-{REGION}/AWSLogs/{ACCOUNT}/CloudTrail/file.json.gz"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:account-audit"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/of-the-audit"

Keys = dict[str, str]
NO_MFA: Keys = {"aws:MultiFactorAuthPresent": "false"}
MFA: Keys = {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "30"}
OLD_MFA: Keys = {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "40000"}
NOTHING: Keys = {}


@dataclass(frozen=True, slots=True)
class Step:
    """A request and whether AWS allows it.

    `strict` means an account that demands source identities and has MFA delete, and whose break-glass may look only.
    """

    says: str
    principal: Principal
    action: str
    resource: str
    carries: Keys = field(default_factory=dict)
    allowed: bool = True
    strict: bool = False

    @property
    def request(self) -> Request:
        return Request(
            self.action, self.resource, self.principal, {"aws:SecureTransport": "true", **self.carries}, ACCOUNT
        )

    def __str__(self) -> str:
        return f"{self.says}{'' if self.allowed else ' (refused)'}: {self.action}"


def can(says: str, principal: Principal, actions: str, resource: str, carries: Keys = NOTHING) -> list[Step]:
    """Return steps that AWS allows, one for each of the actions."""
    return [Step(says, principal, action, resource, carries) for action in actions.split()]


def cannot(says: str, principal: Principal, actions: str, resource: str, carries: Keys = NOTHING) -> list[Step]:
    """Return steps that AWS refuses."""
    return [Step(says, principal, action, resource, carries, allowed=False) for action in actions.split()]


def strictly(*steps: list[Step]) -> list[Step]:
    """Return the steps in the strict account."""
    return [Step(s.says, s.principal, s.action, s.resource, s.carries, s.allowed, True) for each in steps for s in each]


FIRST_SIGN_IN = [
    *can("a new user reads what a password needs", user(ANN), "iam:GetAccountPasswordPolicy", "*", NO_MFA),
    *can("a new user changes the password", user(ANN), "iam:ChangePassword iam:GetUser", ANN, NO_MFA),
    *cannot("not that of another", user(ANN), "iam:ChangePassword", BOB, NO_MFA),
    *cannot("and gets no further", user(ANN), "ecs:UpdateService ecs:DescribeServices", SERVICE, NO_MFA),
    *cannot("and gets no further", user(ANN), "codepipeline:StartPipelineExecution", PIPELINE, NO_MFA),
    *cannot("nor anybody else", user(BOB), "ecs:DescribeServices", SERVICE, NO_MFA),
    *cannot("nor who was given no other policy", user(DAN), "ecs:UpdateService", SERVICE, NO_MFA),
    *cannot("nor into a role", user(ANN), "sts:AssumeRole", OPERATOR, NO_MFA),
    *cannot("nor with an access key", user(ANN), "sts:AssumeRole", OPERATOR),
    *cannot("nor with an access key", user(ANN), "ecs:UpdateService", SERVICE),
]
MFA_DEVICE = [
    *can("a device is made", user(ANN), "iam:CreateVirtualMFADevice", f"{IAM}:mfa/ann", NO_MFA),
    *can("devices are listed", user(ANN), "iam:ListVirtualMFADevices", "*", NO_MFA),
    *can(
        "the device is the user's",
        user(ANN),
        "iam:EnableMFADevice iam:GetMFADevice iam:ListMFADevices iam:ResyncMFADevice",
        ANN,
        NO_MFA,
    ),
    *cannot("a device for another", user(ANN), "iam:EnableMFADevice", BOB, NO_MFA),
    *cannot("whoever has the password takes the device away", user(ANN), "iam:DeactivateMFADevice", ANN, NO_MFA),
    *cannot("not even without require_mfa", user(FAY), "iam:DeactivateMFADevice", FAY, NO_MFA),
    *can("the user takes it away", user(ANN), "iam:DeactivateMFADevice", ANN, OLD_MFA),
    *can("with MFA another user looks", user(BOB), "ecs:DescribeServices", SERVICE, MFA),
    *can("with MFA the user runs services", user(ANN), "ecs:UpdateService", SERVICE, MFA),
    *can("and pipelines", user(ANN), "codepipeline:StartPipelineExecution", PIPELINE, MFA),
    *cannot("and no more", user(ANN), "ecs:DeleteService", SERVICE, MFA),
]
LOOKING = [
    *can("a user takes on reader", user(ANN), "sts:AssumeRole", READER, MFA),
    *can("a user of the identity account takes on reader", user(CAROL), "sts:AssumeRole", READER, MFA),
    *cannot("with MFA of yesterday", user(ANN), "sts:AssumeRole", READER, OLD_MFA),
    *cannot("a user that is not named", user(BOB), "sts:AssumeRole", READER, MFA),
    *can("looks at a service", role_session(READER), "ecs:DescribeServices", SERVICE),
    *can("looks at the trail", role_session(READER), "s3:GetObject", TRAIL_FILE),
    *cannot("restarts a service", role_session(READER), "ecs:UpdateService", SERVICE),
]
OPERATING = [
    *can("a user takes on operator", user(ANN), "sts:AssumeRole", OPERATOR, MFA),
    *can("restarts a service", role_session(OPERATOR), "ecs:DescribeServices ecs:UpdateService", SERVICE),
    *can("stops a task", role_session(OPERATOR), "ecs:DescribeTasks ecs:StopTask", TASK),
    *can(
        "runs a pipeline",
        role_session(OPERATOR),
        "codepipeline:StartPipelineExecution codepipeline:StopPipelineExecution",
        PIPELINE,
    ),
    *can("retries a stage", role_session(OPERATOR), "codepipeline:RetryStageExecution", f"{PIPELINE}/Deploy"),
    *can("approves", role_session(OPERATOR), "codepipeline:PutApprovalResult", f"{PIPELINE}/Approve/Approve"),
    *cannot("deletes a service", role_session(OPERATOR), "ecs:DeleteService", SERVICE),
    *cannot("deletes files of the trail", role_session(OPERATOR), "s3:DeleteObject", TRAIL_FILE),
]
ALARM: Keys = {"aws:SourceArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:account-break-glass"}
OF_ANOTHER: Keys = {"aws:SourceArn": f"arn:aws:cloudwatch:{REGION}:{IDENTITY}:alarm:account-break-glass"}
CLOUDWATCH, CLOUDTRAIL = service("cloudwatch.amazonaws.com"), service("cloudtrail.amazonaws.com")
# A call of SNS for a publisher has the topic: docs.aws.amazon.com/sns/latest/dg/sns-enable-encryption-for-topic.html
OF_TOPIC: Keys = {"kms:EncryptionContext:aws:sns:topicArn": TOPIC}
EMERGENCY = [
    *can("a user takes on break-glass", user(ANN), "sts:AssumeRole", BREAK_GLASS, MFA),
    *cannot("without MFA", user(ANN), "sts:AssumeRole", BREAK_GLASS, NO_MFA),
    *can("deletes a service", role_session(BREAK_GLASS), "ecs:DeleteService", SERVICE),
    *can("deletes files of the trail", role_session(BREAK_GLASS), "s3:DeleteObject s3:DeleteObjectVersion", TRAIL_FILE),
    *cannot("makes a user", role_session(BREAK_GLASS), "iam:CreateUser", BOB),
    *cannot("the root user deletes files of the trail", account_root(ACCOUNT), "s3:DeleteObject", TRAIL_FILE),
    *can("the alarm rings", CLOUDWATCH, "sns:Publish", TOPIC, ALARM),
    *can("the alarm is encrypted", CLOUDWATCH, "kms:Decrypt kms:GenerateDataKey", KEY, OF_TOPIC),
    *cannot("an alarm of another account rings", CLOUDWATCH, "sns:Publish", TOPIC, OF_ANOTHER),
    *cannot("an alarm comes by plain HTTP", CLOUDWATCH, "sns:Publish", TOPIC, ALARM | {"aws:SecureTransport": "false"}),
    *cannot("alarms read the trail", CLOUDWATCH, "kms:Decrypt", KEY, {"kms:EncryptionContext:aws:cloudtrail:arn": "x"}),
    *cannot("the trail tells of each file there", CLOUDTRAIL, "sns:Publish", TOPIC),
    *strictly(
        can("with MFA delete the root user deletes", account_root(ACCOUNT), "s3:DeleteObjectVersion", TRAIL_FILE),
        can("whatever else break-glass may", role_session(BREAK_GLASS), "s3:DeleteObject", TRAIL_FILE),
    ),
]
AS_ANN: Keys = {"aws:SourceIdentity": "ann", "sts:SourceIdentity": "ann"}
AS_EVE: Keys = {"aws:SourceIdentity": "eve", "sts:SourceIdentity": "eve"}
SAYS_ANN: Keys = {"sts:SourceIdentity": "ann"}
CONSOLE: Keys = {"SAML:aud": "https://signin.aws.amazon.com/saml"}
REGIONAL: Keys = {"SAML:aud": f"https://{REGION}.signin.aws.amazon.com/saml"}
WITH_IDENTITY = "sts:AssumeRole sts:SetSourceIdentity"
ASSERTED = "sts:AssumeRoleWithSAML sts:SetSourceIdentity"
FEDERATED = [
    *can("a permission set takes on operator", AS_ENGINEER, "sts:AssumeRole", OPERATOR),
    *cannot("another permission set", role_session(AUDITORS), "sts:AssumeRole", OPERATOR),
    *can("a role takes on operator", role_session(ON_CALL), "sts:AssumeRole", OPERATOR),
    *can("and keeps its source identity", role_session(ON_CALL), WITH_IDENTITY, OPERATOR, AS_ANN),
    *can("a permission set keeps its source identity", AS_ENGINEER, WITH_IDENTITY, OPERATOR, AS_ANN),
    *cannot("another role", role_session(f"{THEIRS}:role/build"), "sts:AssumeRole", OPERATOR),
    *can("an assertion takes on operator", federated(COMPANY), "sts:AssumeRoleWithSAML", OPERATOR, CONSOLE),
    *can("with a regional sign-in too", federated(COMPANY), ASSERTED, OPERATOR, REGIONAL | AS_ANN),
    *cannot(
        "for another audience", federated(COMPANY), "sts:AssumeRoleWithSAML", OPERATOR, {"SAML:aud": "https://x/saml"}
    ),
    *cannot("of another provider", federated(f"{IAM}:saml-provider/x"), "sts:AssumeRoleWithSAML", OPERATOR, CONSOLE),
    *strictly(
        can("a role with a wanted identity", role_session(ON_CALL), WITH_IDENTITY, OPERATOR, AS_ANN),
        cannot("with another", role_session(ON_CALL), WITH_IDENTITY, OPERATOR, AS_EVE),
        cannot("with none", role_session(ON_CALL), "sts:AssumeRole", OPERATOR),
        cannot("with one that it sets itself", role_session(ON_CALL), WITH_IDENTITY, OPERATOR, SAYS_ANN),
        can("a permission set with a wanted identity", AS_ENGINEER, WITH_IDENTITY, OPERATOR, AS_ANN),
        cannot("a permission set with none", AS_ENGINEER, "sts:AssumeRole", OPERATOR),
        can("an assertion of a wanted identity", federated(COMPANY), ASSERTED, OPERATOR, CONSOLE | SAYS_ANN),
        cannot("an assertion of none", federated(COMPANY), "sts:AssumeRoleWithSAML", OPERATOR, CONSOLE),
    ),
]
JOURNEYS = {
    "first sign-in": FIRST_SIGN_IN,
    "MFA set-up": MFA_DEVICE,
    "reader": LOOKING,
    "operator restarts a service": OPERATING,
    "break-glass": EMERGENCY,
    "federated": FEDERATED,
}
