# Five keys, one per purpose, so that a permission for one kind of data does not open another.
# No policy names a role: KMS refuses principals that do not exist yet. `Root` lets the account's IAM policies decide, so
# that roles and their boundary are what limits principals of this account; conditions limit AWS's services only.

module "settings" {
  source = "../settings"

  tier = var.environment.tier
}

locals {
  settings     = module.settings.settings
  account      = var.environment.account_id
  region       = var.environment.region
  arn_prefix   = "arn:${var.environment.partition}"
  account_root = "${local.arn_prefix}:iam::${local.account}:root"

  purposes = {
    ecs     = "exec sessions and ephemeral storage of tasks"
    ecr     = "container images"
    secrets = "secrets in Secrets Manager"
    logs    = "CloudWatch log groups"
    s3      = "build artifacts in S3"
  }

  root_statement = {
    Sid       = "Root"
    Effect    = "Allow"
    Principal = { AWS = local.account_root }
    Action    = "kms:*"
    Resource  = "*"
  }

  # Says through which AWS service a key is used for principals of this account. It narrows nothing, because `Root` allows
  # the account more: "Key policies in AWS KMS", "Allows access to the AWS account and enables IAM policies",
  # docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html. What a role may do is in its own policy.
  via_service = {
    for purpose, service in { ecr = "ecr", secrets = "secretsmanager", s3 = "s3" } : purpose => {
      Sid                         = "ThroughTheService"
      Effect                      = "Allow"
      Principal                   = { AWS = local.account_root }
      Action                      = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:RetireGrant", "kms:DescribeKey"]
      Resource                    = "*"
      Condition = {
        StringEquals = {
          "kms:CallerAccount" = local.account
          "kms:ViaService"    = "${service}.${local.region}.amazonaws.com"
        }
      }
    }
  }

  logs_statement = {
    Sid       = "LogGroupsOfThisEnvironment"
    Effect    = "Allow"
    Principal = { Service = "logs.${local.region}.amazonaws.com" }
    Action    = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
    Resource  = "*"
    Condition = {
      ArnLike = {
        "kms:EncryptionContext:aws:logs:arn" = [
          "${local.arn_prefix}:logs:${local.region}:${local.account}:log-group:/*/${var.environment.name}/*",
          "${local.arn_prefix}:logs:${local.region}:${local.account}:log-group:aws-waf-logs-${var.environment.name}",
        ]
      }
    }
  }

  fargate_context = {
    "kms:EncryptionContext:aws:ecs:clusterAccount" = [local.account]
    "kms:EncryptionContext:aws:ecs:clusterName"    = [var.environment.name]
  }
  fargate_statements = [
    {
      Sid       = "FargateDataKeys"
      Effect    = "Allow"
      Principal = { Service = "fargate.amazonaws.com" }
      Action    = "kms:GenerateDataKeyWithoutPlaintext"
      Resource  = "*"
      Condition = { StringEquals = local.fargate_context }
    },
    {
      Sid       = "FargateGrants"
      Effect    = "Allow"
      Principal = { Service = "fargate.amazonaws.com" }
      Action    = "kms:CreateGrant"
      Resource  = "*"
      Condition = {
        StringEquals                = local.fargate_context
        "ForAllValues:StringEquals" = { "kms:GrantOperations" = ["Decrypt"] }
      }
    },
    {
      Sid       = "FargateDescribe"
      Effect    = "Allow"
      Principal = { Service = "fargate.amazonaws.com" }
      Action    = "kms:DescribeKey"
      Resource  = "*"
    },
  ]

  policies = {
    ecs     = jsonencode({ Version = "2012-10-17", Statement = concat([local.root_statement], local.fargate_statements) })
    ecr     = jsonencode({ Version = "2012-10-17", Statement = [local.root_statement, local.via_service.ecr] })
    secrets = jsonencode({ Version = "2012-10-17", Statement = [local.root_statement, local.via_service.secrets] })
    logs    = jsonencode({ Version = "2012-10-17", Statement = [local.root_statement, local.logs_statement] })
    s3      = jsonencode({ Version = "2012-10-17", Statement = [local.root_statement, local.via_service.s3] })
  }
}

resource "aws_kms_key" "this" {
  for_each = local.purposes

  description             = "${var.environment.name}: ${each.value}"
  enable_key_rotation     = true
  deletion_window_in_days = local.settings.key_deletion_days
  policy                  = local.policies[each.key]
}

resource "aws_kms_alias" "this" {
  for_each = local.purposes

  name          = "alias/${var.environment.name}-${each.key}"
  target_key_id = aws_kms_key.this[each.key].key_id
}
