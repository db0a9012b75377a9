# Who is told: a topic for new trail files, for changes that Config sees, and for uses of the two keys to everything.

locals {
  topic_arn = "${local.arn_prefix}:sns:${local.region}:${local.account}:${var.environment.name}-audit"

  topic_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for service, condition in {
        cloudtrail = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
        cloudwatch = { StringEquals = { "aws:SourceAccount" = local.account } }
        config     = { StringEquals = { "aws:SourceAccount" = local.account } }
        } : {
        Sid       = "Publish${title(service)}"
        Effect    = "Allow"
        Principal = { Service = "${service}.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = local.topic_arn
        Condition = condition
      }
    ]
  })

  alarming = {
    break-glass = "{ ($.eventName = \"AssumeRole\") && ($.requestParameters.roleArn = \"${var.break_glass_role_arn}\") }"
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
