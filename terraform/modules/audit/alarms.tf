# Alarms for uses of the two keys to everything, the root user and the break-glass role. Their topic carries alarms and
# nothing else, so that its subscribers read what comes.

locals {
  alarm_topic = "${local.arn_prefix}:sns:${local.region}:${local.account}:${var.environment.name}-audit"

  # docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html, "Allow Amazon CloudWatch alarms to publish"
  topic_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Alarms"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = local.alarm_topic
        Condition = { ArnLike = { "aws:SourceArn" = "${local.arn_prefix}:cloudwatch:${local.region}:${local.account}:alarm:${var.environment.name}-*" } }
      },
      {
        Sid       = "DenyInsecureTransport"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = local.alarm_topic
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })

  # The break-glass role is taken on with AssumeRole or, from a SAML provider, with AssumeRoleWithSAML.
  alarming = {
    break-glass = "{ ($.eventName = \"AssumeRole*\") && ($.requestParameters.roleArn = \"${var.break_glass_role_arn}\") }"
    root-user   = "{ ($.userIdentity.type = \"Root\") && ($.userIdentity.invokedBy NOT EXISTS) && ($.eventType != \"AwsServiceEvent\") }"
  }
}

resource "aws_sns_topic" "this" {
  name              = "${var.environment.name}-audit"
  kms_master_key_id = aws_kms_key.this.arn
}

resource "aws_sns_topic_policy" "this" {
  arn    = aws_sns_topic.this.arn
  policy = local.topic_policy
}

# AWS sends each address a mail that has to be confirmed; until then it gets nothing.
resource "aws_sns_topic_subscription" "alarms" {
  for_each = toset(var.subscribers.alarms)

  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = each.value
}

check "subscribers" {
  assert {
    condition     = length(var.subscribers.alarms) > 0
    error_message = "Nobody hears of the root user and of break-glass: no address subscribes to topic ${var.environment.name}-audit. Set subscribers.alarms, or subscribe to it yourself."
  }
}

resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = local.alarming

  name           = "${var.environment.name}-${each.key}"
  log_group_name = aws_cloudwatch_log_group.trail.name
  pattern        = each.value

  metric_transformation {
    name      = "${var.environment.name}-${each.key}"
    namespace = "Audit"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarming

  alarm_name          = "${var.environment.name}-${each.key}"
  alarm_description   = "Somebody used the ${replace(each.key, "-", " ")} in account ${local.account}"
  namespace           = "Audit"
  metric_name         = aws_cloudwatch_log_metric_filter.this[each.key].metric_transformation[0].name
  statistic           = "Sum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]
}
