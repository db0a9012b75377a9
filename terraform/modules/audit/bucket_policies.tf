# Who may write to the buckets, and that nobody but the break-glass role deletes what the trail wrote. With MFA delete S3
# lets only the root user do so, who is then let through here: docs.aws.amazon.com/AmazonS3/latest/userguide/MultiFactorAuthenticationDelete.html

locals {
  this_trail   = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
  this_account = { StringEquals = { "aws:SourceAccount" = local.account } }
  full_control = { "s3:x-amz-acl" = "bucket-owner-full-control" }

  may_delete = local.mfa_delete ? [var.break_glass_role_arn, "${local.arn_prefix}:iam::${local.account}:root"] : [var.break_glass_role_arn]

  insecure = {
    for purpose, arn in local.bucket_arns : purpose => {
      Sid       = "DenyInsecureTransport"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [arn, "${arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }
  }

  undeletable = {
    Sid       = "DenyDeletion"
    Effect    = "Deny"
    Principal = "*"
    Action    = ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:DeleteBucket"]
    Resource  = [local.bucket_arns.trail, "${local.bucket_arns.trail}/*"]
    Condition = { ArnNotEquals = { "aws:PrincipalArn" = local.may_delete } }
  }

  statements = {
    trail = [
      {
        Sid       = "TrailLooksAtTheBucket"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:GetBucketAcl"
        Resource  = local.bucket_arns.trail
        Condition = local.this_trail
      },
      {
        Sid       = "TrailWrites"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${local.bucket_arns.trail}/AWSLogs/${local.account}/*"
        Condition = { StringEquals = merge(local.this_trail.StringEquals, local.full_control) }
      },
      local.undeletable,
    ]
    config = [
      {
        Sid       = "RecorderLooksAtTheBucket"
        Effect    = "Allow"
        Principal = { Service = "config.amazonaws.com" }
        Action    = ["s3:GetBucketAcl", "s3:ListBucket"]
        Resource  = local.bucket_arns.config
        Condition = local.this_account
      },
      {
        Sid       = "RecorderWrites"
        Effect    = "Allow"
        Principal = { Service = "config.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${local.bucket_arns.config}/AWSLogs/${local.account}/Config/*"
        Condition = { StringEquals = merge(local.this_account.StringEquals, local.full_control) }
      },
    ]
    access = [{
      Sid       = "AccessLogs"
      Effect    = "Allow"
      Principal = { Service = "logging.s3.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "${local.bucket_arns.access}/*"
      Condition = local.this_account
    }]
  }

  bucket_policies = {
    for purpose, statements in local.statements : purpose => jsonencode({
      Version   = "2012-10-17"
      Statement = concat(statements, [local.insecure[purpose]])
    })
  }
}
