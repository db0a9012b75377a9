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

  # Rules come to regions one by one. Of ours these are in no region of a partition, says their page; where a region lacks
  # another one, `absent_rules` names it: docs.aws.amazon.com/config/latest/developerguide/elb-logging-enabled.html
  absent_in_partitions = {
    aws        = []
    aws-cn     = ["ELB_LOGGING_ENABLED"]
    aws-us-gov = ["ELB_LOGGING_ENABLED"]
  }
  absent_rules = concat(var.absent_rules, local.absent_in_partitions[var.environment.partition])

  # An account has one recorder per region, and it may stand already: Control Tower makes one.
  recorders   = var.recorder ? 1 : 0
  aggregators = length(var.aggregated_account_ids) > 0 ? toset(["this"]) : toset([])
}

resource "aws_iam_role" "recorder" {
  count = local.recorders

  name               = "${var.environment.name}-config"
  description        = "AWS Config reads the account and delivers its record"
  assume_role_policy = local.recorder_trust
}

resource "aws_iam_role_policy" "recorder" {
  count = local.recorders

  name   = "deliver"
  role   = aws_iam_role.recorder[0].name
  policy = local.recorder_policy
}

resource "aws_iam_role_policy_attachment" "recorder" {
  count = local.recorders

  role       = aws_iam_role.recorder[0].name
  policy_arn = "${local.arn_prefix}:iam::aws:policy/service-role/AWS_ConfigRole"
}

resource "aws_iam_role_policies_exclusive" "recorder" {
  count = local.recorders

  role_name    = aws_iam_role.recorder[0].name
  policy_names = [aws_iam_role_policy.recorder[0].name]
}

resource "aws_iam_role_policy_attachments_exclusive" "recorder" {
  count = local.recorders

  role_name   = aws_iam_role.recorder[0].name
  policy_arns = [aws_iam_role_policy_attachment.recorder[0].policy_arn]
}

resource "aws_config_configuration_recorder" "this" {
  count = local.recorders

  name     = var.environment.name
  role_arn = aws_iam_role.recorder[0].arn

  recording_group {
    all_supported                 = true
    include_global_resource_types = var.record_global_resources
  }

  recording_mode {
    recording_frequency = var.environment.tier == "prod" ? "CONTINUOUS" : "DAILY"
  }
}

resource "aws_config_delivery_channel" "this" {
  count = local.recorders

  name           = var.environment.name
  s3_bucket_name = aws_s3_bucket.this["config"].id
  s3_kms_key_arn = aws_kms_key.this.arn

  # AWS Config writes a file when the channel is made, with a key that its role knows by its alias.
  depends_on = [aws_config_configuration_recorder.this, aws_s3_bucket_policy.this, aws_iam_role_policy.recorder, aws_kms_alias.this]
}

resource "aws_config_configuration_recorder_status" "this" {
  count = local.recorders

  name       = aws_config_configuration_recorder.this[0].name
  is_enabled = true

  depends_on = [aws_config_delivery_channel.this]
}

resource "aws_config_config_rule" "this" {
  for_each = { for rule, parameters in local.rules : rule => parameters if !contains(local.absent_rules, rule) }

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

# Without it an aggregator of single accounts gets nothing from here:
# docs.aws.amazon.com/config/latest/developerguide/aggregated-add-authorization.html
resource "aws_config_aggregate_authorization" "this" {
  for_each = { for aggregator in var.aggregated_by : "${aggregator.account_id}/${aggregator.region}" => aggregator }

  account_id = each.value.account_id
  region     = each.value.region
}
