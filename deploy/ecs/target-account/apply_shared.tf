# Statements that more than one root needs.

locals {
  keys_made = {
    Sid      = "MakeKeys"
    Effect   = "Allow"
    Action   = ["kms:CreateKey"]
    Resource = ["*"] # the action knows no resource
  }
  aliases_listed = {
    Sid      = "ListAliases"
    Effect   = "Allow"
    Action   = ["kms:ListAliases"]
    Resource = ["*"] # the action knows no resource
  }
  keys_kept = {
    Sid    = "Keys"
    Effect = "Allow"
    Action = [
      "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey", "kms:EnableKey", "kms:EnableKeyRotation",
      "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion",
      "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
    ]
    Resource = ["${local.arn_in["kms"]}:alias/*", "${local.arn_in["kms"]}:key/*"]
  }

  buckets_kept = {
    Sid    = "Buckets"
    Effect = "Allow"
    Action = [
      "s3:CreateBucket", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:DeleteObject", "s3:DeleteObjectVersion",
      "s3:GetAccelerateConfiguration", "s3:GetBucketAcl", "s3:GetBucketCORS", "s3:GetBucketLogging", "s3:GetBucketNotification",
      "s3:GetBucketObjectLockConfiguration", "s3:GetBucketOwnershipControls", "s3:GetBucketPolicy",
      "s3:GetBucketPublicAccessBlock", "s3:GetBucketRequestPayment", "s3:GetBucketTagging", "s3:GetBucketVersioning",
      "s3:GetBucketWebsite", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration",
      "s3:ListBucket", "s3:ListBucketVersions", "s3:PutBucketLogging", "s3:PutBucketNotification",
      "s3:PutBucketOwnershipControls", "s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging",
      "s3:PutBucketVersioning", "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration",
    ]
    Resource = local.named.buckets
  }

  topics_kept = {
    Sid    = "Topics"
    Effect = "Allow"
    Action = [
      "sns:CreateTopic", "sns:DeleteTopic", "sns:GetTopicAttributes", "sns:ListTagsForResource", "sns:SetTopicAttributes",
      "sns:TagResource", "sns:UntagResource",
    ]
    Resource = local.named.topics
  }

  subscriptions_made = {
    Sid      = "Subscribe"
    Effect   = "Allow"
    Action   = ["sns:Subscribe"]
    Resource = local.named.topics
  }

  subscriptions_kept = {
    Sid      = "Subscriptions"
    Effect   = "Allow"
    Action   = ["sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes", "sns:Unsubscribe"]
    Resource = ["*"] # these actions know no resource
  }

  alarms_kept = {
    Sid    = "Alarms"
    Effect = "Allow"
    Action = [
      "cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource", "cloudwatch:PutMetricAlarm",
      "cloudwatch:TagResource", "cloudwatch:UntagResource",
    ]
    Resource = local.named.alarms
  }

  log_groups_found = {
    Sid      = "FindLogGroups"
    Effect   = "Allow"
    Action   = ["logs:DescribeLogGroups"]
    Resource = ["*"] # the action knows no resource
  }
  log_groups_kept = {
    Sid    = "LogGroups"
    Effect = "Allow"
    Action = [
      "logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DeleteRetentionPolicy", "logs:DisassociateKmsKey",
      "logs:ListTagsForResource", "logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource",
    ]
    Resource = local.named.groups_of_logs
  }

  roles_read = {
    Sid      = "ReadRoles"
    Effect   = "Allow"
    Action   = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole", "iam:ListRolePolicies"]
    Resource = local.named.roles
  }
  roles_kept = {
    Sid    = "Roles"
    Effect = "Allow"
    Action = [
      "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy",
      "iam:UpdateRole", "iam:UpdateRoleDescription",
    ]
    Resource = local.named.roles
  }

  # A role is made, and given permissions, only within the boundary of an environment, or within that of the tenant.
  roles_bounded = {
    Sid       = "RolesWithinTheirBoundary"
    Effect    = "Allow"
    Action    = ["iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
    Resource  = local.named.roles
    Condition = { StringEquals = { "iam:PermissionsBoundary" = local.role_boundaries } }
  }

  roles_passed = {
    Sid      = "HandRolesToServices"
    Effect   = "Allow"
    Action   = ["iam:PassRole"]
    Resource = local.named.roles
  }
  service_roles = {
    Sid      = "RolesOfServicesThemselves"
    Effect   = "Allow"
    Action   = ["iam:CreateServiceLinkedRole"]
    Resource = ["${local.iam_arn}:role/aws-service-role/*"]
  }
}
