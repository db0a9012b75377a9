# The daemon as an ECS service: one task, never two, on a cluster of its own.

locals {
  account    = var.account.id
  region     = var.account.region
  arn_prefix = "arn:${var.account.partition}"
  dns_suffix = var.account.partition == "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com"

  log_group      = "/ecs/${var.name}"
  log_group_arn  = "${local.arn_prefix}:logs:${local.region}:${local.account}:log-group:${local.log_group}"
  bucket         = "${var.name}-${local.account}-${local.region}"
  bucket_arn     = "${local.arn_prefix}:s3:::${local.bucket}"
  table_arn      = "${local.arn_prefix}:dynamodb:${local.region}:${local.account}:table/${var.name}"
  repository_arn = "${local.arn_prefix}:ecr:${local.region}:${local.account}:repository/${var.name}"
  repository_url = "${local.account}.dkr.ecr.${local.region}.${local.dns_suffix}/${var.name}"

  # The account's IAM policies decide who may use the key; log groups are encrypted by CloudWatch Logs itself.
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
        Sid       = "LogGroupOfTheDaemon"
        Effect    = "Allow"
        Principal = { Service = "logs.${local.region}.amazonaws.com" }
        Action    = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
        Resource  = "*"
        Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = local.log_group_arn } }
      },
    ]
  })
}

resource "aws_kms_key" "this" {
  description             = "${var.name}: records, trees, reports, images and logs of the daemon"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = local.key_policy
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}

resource "aws_cloudwatch_log_group" "this" {
  name              = local.log_group
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.this.arn
}

resource "aws_ecs_cluster" "this" {
  name = var.name

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecr_repository" "this" {
  name                 = var.name
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = aws_kms_key.this.arn
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "keep the last 30 images"
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 30 }
      action       = { type = "expire" }
    }]
  })
}
