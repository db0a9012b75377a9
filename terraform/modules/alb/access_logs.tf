# The bucket for access logs. Load balancers can write only to buckets encrypted with S3's own keys (AES256),
# so this is the one place without a customer-managed key.

locals {
  log_bucket     = "${var.environment.name}-alb-logs-${var.environment.account_id}-${var.environment.region}"
  log_bucket_arn = "arn:${var.environment.partition}:s3:::${local.log_bucket}"
  log_prefix     = "alb"
  disposable     = contains(["develop", "test"], var.environment.tier)

  log_bucket_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "LoadBalancersOfThisAccount"
        Effect    = "Allow"
        Principal = { Service = "logdelivery.elasticloadbalancing.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${local.log_bucket_arn}/${local.log_prefix}/AWSLogs/${var.environment.account_id}/*"
        Condition = {
          ArnLike = { "aws:SourceArn" = "arn:${var.environment.partition}:elasticloadbalancing:${var.environment.region}:${var.environment.account_id}:loadbalancer/*" }
        }
      },
      {
        Sid       = "DenyInsecureTransport"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [local.log_bucket_arn, "${local.log_bucket_arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_s3_bucket" "logs" {
  #checkov:skip=CKV_AWS_145:Load balancers and S3 itself write logs only to buckets encrypted with S3's own keys
  #checkov:skip=CKV_AWS_144:Copies in another region are not asked for; versions are kept
  bucket        = local.log_bucket
  force_destroy = local.disposable
}

resource "aws_s3_bucket_ownership_controls" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "logs" {
  bucket                  = aws_s3_bucket.logs.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "logs" {
  bucket = aws_s3_bucket.logs.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {}

    expiration {
      days = var.environment.tier == "prod" ? 365 : 30
    }

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.logs]
}

resource "aws_s3_bucket_policy" "logs" {
  bucket = aws_s3_bucket.logs.id
  policy = local.log_bucket_policy

  depends_on = [aws_s3_bucket_public_access_block.logs]
}
