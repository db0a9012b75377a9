# AWS Config: what every resource looked like and when, and which of AWS's own rules it breaks.
# The order matters to AWS: recorder, channel, recording, rules.

locals {
  recorder_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TheRecorder"
      Effect    = "Allow"
      Principal = { Service = "config.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })

  recorder_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "Deliver", Effect = "Allow", Action = ["s3:PutObject"], Resource = ["${local.bucket_arns.config}/AWSLogs/${local.account}/Config/*"] },
      { Sid = "LookAtTheBucket", Effect = "Allow", Action = ["s3:GetBucketAcl"], Resource = [local.bucket_arns.config] },
      { Sid = "Tell", Effect = "Allow", Action = ["sns:Publish"], Resource = [local.topic_arn] },
      {
        Sid       = "Encrypt"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = ["${local.arn_prefix}:kms:${local.region}:${local.account}:key/*"]
        Condition = { "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = local.key_alias } }
      },
    ]
  })

  rules = {
    CLOUD_TRAIL_ENABLED                      = {}
    CLOUD_TRAIL_ENCRYPTION_ENABLED           = {}
    CMK_BACKING_KEY_ROTATION_ENABLED         = {}
    ECS_CONTAINERS_NONPRIVILEGED             = {}
    ECS_CONTAINERS_READONLY_ACCESS           = {}
    ELB_LOGGING_ENABLED                      = {}
    IAM_USER_MFA_ENABLED                     = {}
    MFA_ENABLED_FOR_IAM_CONSOLE_ACCESS       = {}
    REQUIRED_TAGS                            = { tag1Key = "Environment", tag2Key = "Owner", tag3Key = "CostCenter", tag4Key = "Compliance" }
    S3_BUCKET_PUBLIC_READ_PROHIBITED         = {}
    S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED = {}
    SECRETSMANAGER_ROTATION_ENABLED_CHECK    = {}
    SNS_ENCRYPTED_KMS                        = {}
    VPC_FLOW_LOGS_ENABLED                    = {}
  }

  aggregators = length(var.aggregated_account_ids) > 0 ? toset(["this"]) : toset([])
}

resource "aws_iam_role" "recorder" {
  name               = "${var.environment.name}-config"
  description        = "AWS Config reads the account and delivers its record"
  assume_role_policy = local.recorder_trust
}

resource "aws_iam_role_policy" "recorder" {
  name   = "deliver"
  role   = aws_iam_role.recorder.name
  policy = local.recorder_policy
}

resource "aws_iam_role_policy_attachment" "recorder" {
  role       = aws_iam_role.recorder.name
  policy_arn = "${local.arn_prefix}:iam::aws:policy/service-role/AWS_ConfigRole"
}

resource "aws_iam_role_policies_exclusive" "recorder" {
  role_name    = aws_iam_role.recorder.name
  policy_names = [aws_iam_role_policy.recorder.name]
}

resource "aws_iam_role_policy_attachments_exclusive" "recorder" {
  role_name   = aws_iam_role.recorder.name
  policy_arns = [aws_iam_role_policy_attachment.recorder.policy_arn]
}

resource "aws_config_configuration_recorder" "this" {
  name     = var.environment.name
  role_arn = aws_iam_role.recorder.arn

  recording_group {
    all_supported                 = true
    include_global_resource_types = var.record_global_resources
  }

  recording_mode {
    recording_frequency = var.environment.tier == "prod" ? "CONTINUOUS" : "DAILY"
  }
}

resource "aws_config_delivery_channel" "this" {
  name           = var.environment.name
  s3_bucket_name = aws_s3_bucket.this["config"].id
  s3_kms_key_arn = aws_kms_key.this.arn
  sns_topic_arn  = aws_sns_topic.this.arn

  depends_on = [aws_config_configuration_recorder.this, aws_s3_bucket_policy.this, aws_iam_role_policy.recorder]
}

resource "aws_config_configuration_recorder_status" "this" {
  name       = aws_config_configuration_recorder.this.name
  is_enabled = true

  depends_on = [aws_config_delivery_channel.this]
}

resource "aws_config_config_rule" "this" {
  for_each = local.rules

  name             = lower(replace("${var.environment.name}-${each.key}", "_", "-"))
  input_parameters = length(each.value) > 0 ? jsonencode(each.value) : null

  source {
    owner             = "AWS"
    source_identifier = each.key
  }

  depends_on = [aws_config_configuration_recorder_status.this]
}

resource "aws_config_configuration_aggregator" "this" {
  for_each = local.aggregators

  name = var.environment.name

  account_aggregation_source {
    account_ids = var.aggregated_account_ids
    all_regions = true
  }
}
