# Policies for IAM users, never for roles. Attach `require_mfa` and `self_service` to every user; `operate` to those who
# run services.

locals {
  account    = var.environment.account_id
  arn_prefix = "arn:${var.environment.partition}"
  regional   = "${var.environment.region}:${local.account}"
  own_user   = "${local.arn_prefix}:iam::${local.account}:user/$${aws:username}"
  own_device = "${local.arn_prefix}:iam::${local.account}:mfa/*"

  with_mfa = { Bool = { "aws:MultiFactorAuthPresent" = "true" } }

  # Permissions of a user without MFA to get it. A new password, asked for at the first sign-in, needs the first two:
  # docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_my-sec-creds-self-manage.html
  setting_up_mfa = [
    "iam:ChangePassword",
    "iam:GetAccountPasswordPolicy",
    "iam:CreateVirtualMFADevice",
    "iam:EnableMFADevice",
    "iam:GetMFADevice",
    "iam:GetUser",
    "iam:ListMFADevices",
    "iam:ListVirtualMFADevices",
    "iam:ResyncMFADevice",
    "sts:GetSessionToken",
  ]

  require_mfa = {
    Sid       = "NothingWithoutMfa"
    Effect    = "Deny"
    NotAction = local.setting_up_mfa
    Resource  = "*"
    Condition = { BoolIfExists = { "aws:MultiFactorAuthPresent" = "false" } }
  }

  documents = {
    require_mfa = [local.require_mfa]

    self_service = [
      {
        Sid      = "OwnMfaDevice"
        Effect   = "Allow"
        Action   = ["iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:GetMFADevice", "iam:ListMFADevices", "iam:ResyncMFADevice"]
        Resource = [local.own_device, local.own_user]
      },
      {
        Sid      = "OwnPassword"
        Effect   = "Allow"
        Action   = ["iam:ChangePassword", "iam:GetUser"]
        Resource = [local.own_user]
      },
      {
        # AWS knows no resource for them.
        Sid      = "Lists"
        Effect   = "Allow"
        Action   = ["iam:GetAccountPasswordPolicy", "iam:ListVirtualMFADevices"]
        Resource = ["*"]
      },
      {
        Sid       = "OwnDeviceAway"
        Effect    = "Allow"
        Action    = ["iam:DeactivateMFADevice"]
        Resource  = [local.own_user]
        Condition = local.with_mfa
      },
    ]

    operate = concat([local.require_mfa], local.operating)
  }

  # Of users and of the role `operator`, whose sessions carry no MFA: users are stopped by the Deny.
  operating = [
    {
      Sid      = "RunServices"
      Effect   = "Allow"
      Action   = ["ecs:UpdateService", "ecs:StopTask", "ecs:DescribeServices", "ecs:DescribeTasks"]
      Resource = ["${local.arn_prefix}:ecs:${local.regional}:service/*", "${local.arn_prefix}:ecs:${local.regional}:task/*"]
    },
    {
      Sid      = "RunPipelines"
      Effect   = "Allow"
      Action   = ["codepipeline:StartPipelineExecution", "codepipeline:StopPipelineExecution", "codepipeline:RetryStageExecution", "codepipeline:PutApprovalResult"]
      Resource = ["${local.arn_prefix}:codepipeline:${local.regional}:*"]
    },
  ]

  policy_descriptions = {
    require_mfa  = "Nothing is allowed without MFA but a new password and setting MFA up"
    self_service = "One's own MFA device and password"
    operate      = "Restart and scale services, start and approve pipelines, with MFA only"
  }
}

resource "aws_iam_policy" "people" {
  for_each = local.documents

  name        = "${var.environment.name}-${replace(each.key, "_", "-")}"
  description = local.policy_descriptions[each.key]
  policy      = jsonencode({ Version = "2012-10-17", Statement = each.value })
}

resource "aws_iam_account_password_policy" "this" {
  minimum_password_length        = 16
  require_lowercase_characters   = true
  require_uppercase_characters   = true
  require_numbers                = true
  require_symbols                = true
  allow_users_to_change_password = true
  max_password_age               = 90
  password_reuse_prevention      = 24
}
