# One key for everything that is recorded here. Services use it for what is this root's only; people need IAM permission.

locals {
  account    = var.environment.account_id
  region     = var.environment.region
  arn_prefix = "arn:${var.environment.partition}"
  name       = "${var.environment.name}-trail"
  trail_arn  = "${local.arn_prefix}:cloudtrail:${local.region}:${local.account}:trail/${local.name}"
  key_alias  = "alias/${var.environment.name}-audit"
  log_group  = "/audit/${var.environment.name}/trail"

  key_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Root"
        Effect    = "Allow"
        Principal = { AWS = "${local.arn_prefix}:iam::${local.account}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "TrailFiles"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "kms:GenerateDataKey*"
        Resource  = "*"
        Condition = {
          StringEquals = { "aws:SourceArn" = local.trail_arn }
          StringLike   = { "kms:EncryptionContext:aws:cloudtrail:arn" = "${local.arn_prefix}:cloudtrail:*:${local.account}:trail/*" }
        }
      },
      {
        Sid       = "TrailDescribesItsKey"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "kms:DescribeKey"
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
      },
      {
        Sid       = "TrailLogGroup"
        Effect    = "Allow"
        Principal = { Service = "logs.${local.region}.amazonaws.com" }
        Action    = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
        Resource  = "*"
        Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "${local.arn_prefix}:logs:${local.region}:${local.account}:log-group:${local.log_group}" } }
      },
      {
        # Without this right alarms to an encrypted topic are lost without an error. AWS names no source key for it; SNS
        # always gives the topic: docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
        # and docs.aws.amazon.com/sns/latest/dg/sns-enable-encryption-for-topic.html
        Sid       = "Alarms"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = { StringEquals = { "kms:EncryptionContext:aws:sns:topicArn" = local.alarm_topic } }
      },
    ]
  })
}

resource "aws_kms_key" "this" {
  description             = "${var.environment.name}: audit trail and compliance record"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = local.key_policy
}

resource "aws_kms_alias" "this" {
  name          = local.key_alias
  target_key_id = aws_kms_key.this.key_id
}
