"""Session policies: the bounds of Terraform's credentials, whatever the code of a root says.

A session has what both the role and its session policy allow (IAM user guide, "Policies and permissions", "Session
policies"). The policy is passed as text, of at most 2,048 characters (STS API reference, AssumeRole, `Policy`).
"""

import json
from typing import Final

LONGEST: Final = 2048
# Another role would be another session, without these bounds; so would credentials made for a user or a federation.
_NEW_IDENTITIES: Final = ("iam:CreateAccessKey", "iam:CreateLoginProfile", "sts:AssumeRole*", "sts:Get*Token")
# Actions of the shipped root `service`; tests hold them to the actions that its resource types need.
_OF_A_SERVICE: Final = (
    "application-autoscaling:*Sc*", "application-autoscaling:*Resource", "cloudwatch:*Alarm*",
    "cloudwatch:*Resource", "codebuild:*Project*", "codeconnections:*Connection", "codepipeline:*Pipeline",
    "codepipeline:*Resource", "codestar-connections:*Connection", "codestar-notifications:*", "dynamodb:*Item",
    "dynamodb:DescribeTable", "ec2:*SecurityGroup*", "ec2:*Tags", "ec2:DescribeNetworkInterfaces", "ecr:*",
    "ecs:*Service*", "ecs:*TaskDefinition", "ecs:*Resource", "elasticfilesystem:*AccessPoint*",
    "elasticfilesystem:*Resource", "elasticloadbalancing:*Rule*", "elasticloadbalancing:*Tags",
    "elasticloadbalancing:*TargetGroup*", "iam:*Role", "iam:*RolePolicies",
    "iam:*RolePolicy", "iam:CreateServiceLinkedRole", "iam:ListInstanceProfilesForRole",
    "iam:PutRolePermissionsBoundary", "iam:UpdateAssumeRolePolicy", "iam:UpdateRoleDescription", "kms:CreateGrant",
    "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncrypt*", "kms:RetireGrant",
    "logs:*KmsKey", "logs:*LogGroup*", "logs:*RetentionPolicy", "logs:*agResource", "logs:ListTagsForResource",
    "s3:*Object", "s3:ListBucket", "servicediscovery:*", "ssm:*Parameter*", "ssm:*Resource", "sts:GetCallerIdentity",
)  # fmt: skip


def session_policy(root: str, *, may_change_role: bool = False) -> str:
    """Return the policy of the sessions in which a root is planned and applied, as JSON.

    `may_change_role`: the configuration allows the roots of this daemon to take on roles of their own.
    """
    actions = list(_OF_A_SERVICE) if root == "service" else ["*"]
    statements = [{"Effect": "Allow", "Action": actions, "Resource": "*"}]
    if not may_change_role:
        statements.append({"Effect": "Deny", "Action": list(_NEW_IDENTITIES), "Resource": "*"})
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
