# Three private, versioned buckets: the trail's files, Config's record, and who touched either (server access logs).
# S3 writes access logs only to buckets encrypted with its own keys, so that one has AES256.

locals {
  bucket_names = { for purpose in ["trail", "config", "access"] : purpose => "${var.environment.name}-${purpose}-${local.account}-${local.region}" }
  bucket_arns  = { for purpose, name in local.bucket_names : purpose => "${local.arn_prefix}:s3:::${name}" }
  mfa_delete   = var.mfa_delete != "disabled"
  kept_days    = { trail = var.trail.retention_days, config = 2557, access = 365 }
  expiring     = { for purpose, name in local.bucket_names : purpose => name if !(purpose == "trail" && local.mfa_delete) }
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_145:Load balancers and S3 itself write logs only to buckets encrypted with S3's own keys
  #checkov:skip=CKV_AWS_144:Copies in another region are not asked for; versions are kept
  for_each = local.bucket_names

  bucket        = each.value
  force_destroy = false
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.bucket_names

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.bucket_names

  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = local.bucket_names

  bucket = aws_s3_bucket.this[each.key].id
  mfa    = each.key == "trail" ? var.mfa_device : null

  versioning_configuration {
    status     = "Enabled"
    mfa_delete = each.key == "trail" && local.mfa_delete ? "Enabled" : null
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.bucket_names

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    bucket_key_enabled = each.key != "access"

    apply_server_side_encryption_by_default {
      sse_algorithm     = each.key == "access" ? "AES256" : "aws:kms"
      kms_master_key_id = each.key == "access" ? null : aws_kms_key.this.arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = local.expiring

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {}

    expiration {
      days = local.kept_days[each.key]
    }

    noncurrent_version_expiration {
      noncurrent_days = 90
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

# Not of the bucket of the access logs: each delivery would be a line of the next, for ever, as AWS warns:
# docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
resource "aws_s3_bucket_logging" "this" {
  for_each = { for purpose, name in local.bucket_names : purpose => name if purpose != "access" }

  bucket        = aws_s3_bucket.this[each.key].id
  target_bucket = aws_s3_bucket.this["access"].bucket
  target_prefix = "${each.key}/"

  depends_on = [aws_s3_bucket_policy.this]
}

resource "aws_s3_bucket_notification" "this" {
  for_each = local.bucket_names

  bucket      = aws_s3_bucket.this[each.key].id
  eventbridge = true
}

resource "aws_s3_bucket_policy" "this" {
  for_each = local.bucket_names

  bucket = aws_s3_bucket.this[each.key].id
  policy = local.bucket_policies[each.key]

  depends_on = [aws_s3_bucket_public_access_block.this]
}

check "mfa_delete" {
  assert {
    condition     = local.mfa_delete
    error_message = "MFA delete of bucket ${local.bucket_names.trail} is off: only the root user can switch it on. docs/access.md says how; then set mfa_delete to enabled_out_of_band."
  }
}
