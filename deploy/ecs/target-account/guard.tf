# What the role may never do, whatever else allows it: change itself, the boundaries of the roles that it makes, or the
# place and key of the states. IAM's evaluation logic: an explicit deny wins over every allow.

locals {
  kept_boundaries = sort([for name in setsubtract(var.environments, var.changeable_boundaries) : format(local.patterns.boundary[0], name)])

  guard = concat(
    [for boundaries in [local.kept_boundaries] : {
      Sid      = "KeepBoundaries"
      Effect   = "Deny"
      Action   = ["iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:SetDefaultPolicyVersion"]
      Resource = boundaries
    } if length(boundaries) > 0],
    # Also where policies of your own allow more, such as IAMFullAccess. The root account makes the roles of people.
    [for statement in [
      {
        Sid       = "OnlyRolesWithinThem"
        Effect    = "Deny"
        Action    = ["iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
        Resource  = ["${local.iam_arn}:role/*"]
        Condition = { StringNotEquals = { "iam:PermissionsBoundary" = local.role_boundaries } }
      },
      {
        Sid    = "NoIdentitiesThatAreNoRoles"
        Effect = "Deny"
        Action = [
          "iam:AddUserToGroup", "iam:AttachGroupPolicy", "iam:AttachUserPolicy", "iam:CreateAccessKey", "iam:CreateLoginProfile",
          "iam:CreateUser", "iam:PutGroupPolicy", "iam:PutUserPolicy", "iam:UpdateLoginProfile",
        ]
        Resource = ["*"]
      },
      ] : statement if !contains(var.roots, "account")
    ],
    [
      {
        Sid      = "KeepRolesWithinThem"
        Effect   = "Deny"
        Action   = ["iam:DeleteRolePermissionsBoundary"]
        Resource = ["${local.iam_arn}:role/*"]
      },
      {
        Sid    = "KeepTheRolesOfTheDaemon"
        Effect = "Deny"
        Action = [
          "iam:AttachRolePolicy", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:PassRole",
          "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy",
        ]
        Resource = ["${local.iam_arn}:role/${var.name}", var.daemon.role_arn]
      },
      {
        Sid      = "KeepThePoliciesOfThisRole"
        Effect   = "Deny"
        Action   = ["iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:SetDefaultPolicyVersion"]
        Resource = ["${local.iam_arn}:policy/${var.name}-*"]
      },
      {
        Sid    = "KeepTheBucketOfTheStates"
        Effect = "Deny"
        Action = [
          "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:DeleteObjectVersion", "s3:PutBucketOwnershipControls", "s3:PutBucketPolicy",
          "s3:PutBucketPublicAccessBlock", "s3:PutBucketVersioning", "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration",
        ]
        Resource = [local.bucket_arn, "${local.bucket_arn}/*"]
      },
      {
        Sid    = "KeepTheKeyOfTheStates"
        Effect = "Deny"
        Action = [
          "kms:CreateAlias", "kms:CreateGrant", "kms:DeleteAlias", "kms:DisableKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion",
          "kms:UpdateAlias",
        ]
        Resource = ["${local.arn_in["kms"]}:alias/${var.state.bucket}", var.state.kms_key_arn]
      },
    ],
  )
}
