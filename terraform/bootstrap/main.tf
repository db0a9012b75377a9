# Where Terraform keeps its states: applied once per account and region, with a local state of its own.

provider "aws" {
  region              = var.account.region
  allowed_account_ids = [var.account.id]
  s3_use_path_style   = var.aws.s3_use_path_style

  dynamic "assume_role" {
    for_each = var.aws.role_arn == null ? [] : [var.aws.role_arn]

    content {
      role_arn     = assume_role.value
      session_name = "reconciler"
    }
  }

  default_tags {
    tags = {
      Environment = "account"
      Owner       = var.tags.owner
      CostCenter  = var.tags.cost_center
      Compliance  = var.tags.compliance
      ManagedBy   = "reconciler"
    }
  }
}

locals {
  arn_prefix   = "arn:${var.account.partition}"
  account_root = "${local.arn_prefix}:iam::${var.account.id}:root"
  bucket_arn   = "${local.arn_prefix}:s3:::${var.state.bucket}"

  access_logs = var.state.access_logs_bucket == null ? toset([]) : toset([var.state.access_logs_bucket])

  # The account's IAM policies decide who may use the key.
  key_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Root"
      Effect    = "Allow"
      Principal = { AWS = local.account_root }
      Action    = "kms:*"
      Resource  = "*"
    }]
  })

  keys = compact([
    aws_kms_key.state.arn, "alias/${var.state.bucket}", "${local.arn_prefix}:kms:${var.account.region}:${var.account.id}:alias/${var.state.bucket}",
    var.state.kms_key_id,
  ])

  # S3 API reference, PutObject: a request without x-amz-server-side-encryption gets the bucket's default, which is the
  # key; `aws:kms` without a key id gets the account's own key aws/s3 instead. A key may be asked for by its ARN or alias.
  # An absent key matches StringNotEquals (IAM user guide, "Condition operators"), hence each Null.
  encryption_statements = [
    {
      Sid       = "DenyOtherAlgorithms"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:PutObject"
      Resource  = ["${local.bucket_arn}/*"]
      Condition = {
        Null            = { "s3:x-amz-server-side-encryption" = "false" }
        StringNotEquals = { "s3:x-amz-server-side-encryption" = "aws:kms" }
      }
    },
    {
      Sid       = "DenyOtherKeys"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:PutObject"
      Resource  = ["${local.bucket_arn}/*"]
      Condition = {
        Null            = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = "false" }
        StringNotEquals = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = local.keys }
      }
    },
    {
      Sid       = "DenyTheKeyOfS3"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:PutObject"
      Resource  = ["${local.bucket_arn}/*"]
      Condition = {
        StringEquals = { "s3:x-amz-server-side-encryption" = "aws:kms" }
        Null         = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = "true" }
      }
    },
    {
      Sid       = "DenyKeysOfCallers"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:PutObject"
      Resource  = ["${local.bucket_arn}/*"]
      Condition = { Null = { "s3:x-amz-server-side-encryption-customer-algorithm" = "false" } }
    },
  ]

  bucket_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([{
      Sid       = "DenyInsecureTransport"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }], local.encryption_statements)
  })
}

resource "aws_kms_key" "state" {
  description             = "Encrypts Terraform states and their locks"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = local.key_policy
}

resource "aws_kms_alias" "state" {
  name          = "alias/${var.state.bucket}"
  target_key_id = aws_kms_key.state.key_id
}

resource "aws_s3_bucket" "state" {
  #checkov:skip=CKV_AWS_144:Copies in another region are not asked for; versions are kept
  bucket = var.state.bucket

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_ownership_controls" "state" {
  bucket = aws_s3_bucket.state.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "state" {
  bucket                  = aws_s3_bucket.state.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "state" {
  bucket = aws_s3_bucket.state.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "state" {
  bucket = aws_s3_bucket.state.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.state.arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "state" {
  bucket = aws_s3_bucket.state.id

  rule {
    id     = "old-versions"
    status = "Enabled"

    filter {}

    # Old versions are the way back from a damaged state; locks come and go and would pile up for ever.
    noncurrent_version_expiration {
      noncurrent_days           = 90
      newer_noncurrent_versions = 20
    }

    expiration {
      expired_object_delete_marker = true
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.state]
}

resource "aws_s3_bucket_policy" "state" {
  bucket = aws_s3_bucket.state.id
  policy = local.bucket_policy

  depends_on = [aws_s3_bucket_server_side_encryption_configuration.state, aws_s3_bucket_public_access_block.state]
}

resource "aws_s3_bucket_notification" "state" {
  bucket      = aws_s3_bucket.state.id
  eventbridge = true
}

resource "aws_s3_bucket_logging" "state" {
  for_each = local.access_logs

  bucket        = aws_s3_bucket.state.id
  target_bucket = each.value
  target_prefix = "${var.state.bucket}/"
}

resource "aws_dynamodb_table" "lock" {
  name                        = var.state.lock_table
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "LockID"
  deletion_protection_enabled = true

  attribute {
    name = "LockID"
    type = "S"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.state.arn
  }

  lifecycle {
    prevent_destroy = true
  }
}
