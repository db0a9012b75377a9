# Who did what: every region, every global service, in files that cannot be altered unseen and in a log group to search.

locals {
  log_group_arn = "${local.arn_prefix}:logs:${local.region}:${local.account}:log-group:${local.log_group}"

  # Without a source key: the role of a log group "doesn't support the use of aws:SourceArn and aws:SourceAccount", says
  # docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html
  trail_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TheTrail"
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })

  trail_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "WriteLogStream"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["${local.log_group_arn}:log-stream:${local.account}_CloudTrail_${local.region}*"]
    }]
  })
}

resource "aws_cloudwatch_log_group" "trail" {
  #checkov:skip=CKV_AWS_338:Logs are kept for 90 days in production and 30 elsewhere, as required
  name              = local.log_group
  retention_in_days = var.environment.tier == "prod" ? 90 : 30
  kms_key_id        = aws_kms_key.this.arn
}

resource "aws_iam_role" "trail" {
  name               = local.name
  description        = "CloudTrail writes to its log group"
  assume_role_policy = local.trail_trust
}

resource "aws_iam_role_policy" "trail" {
  name   = "write-log-stream"
  role   = aws_iam_role.trail.name
  policy = local.trail_policy
}

resource "aws_iam_role_policies_exclusive" "trail" {
  role_name    = aws_iam_role.trail.name
  policy_names = [aws_iam_role_policy.trail.name]
}

resource "aws_iam_role_policy_attachments_exclusive" "trail" {
  role_name   = aws_iam_role.trail.name
  policy_arns = []
}

resource "aws_cloudtrail" "this" {
  name                          = local.name
  s3_bucket_name                = aws_s3_bucket.this["trail"].id
  kms_key_id                    = aws_kms_key.this.arn
  sns_topic_name                = var.trail.topic_arn
  cloud_watch_logs_group_arn    = "${aws_cloudwatch_log_group.trail.arn}:*"
  cloud_watch_logs_role_arn     = aws_iam_role.trail.arn
  enable_logging                = true
  enable_log_file_validation    = true
  is_multi_region_trail         = true
  include_global_service_events = true

  depends_on = [aws_s3_bucket_policy.this, aws_iam_role_policy.trail]
}
