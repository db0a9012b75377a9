# The schedule, and the queue of the runs that it could not start.

resource "aws_sqs_queue" "missed" {
  for_each = local.scheduled

  name                      = "${local.full_name}-missed"
  sqs_managed_sse_enabled   = true
  message_retention_seconds = 1209600 # 14 days, the longest

  tags = local.tags
}

resource "aws_scheduler_schedule" "this" {
  #checkov:skip=CKV_AWS_297:The schedule holds no secret; AWS's own key encrypts it
  for_each = local.scheduled

  name                         = local.full_name
  description                  = "Starts runs of ${local.full_name}"
  schedule_expression          = each.value.expression
  schedule_expression_timezone = each.value.timezone
  state                        = each.value.enabled ? "ENABLED" : "DISABLED"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_sfn_state_machine.this.arn
    role_arn = aws_iam_role.this["schedule"].arn
    input    = jsonencode({ overrides = {} })

    # A run that is an hour late is a missed one.
    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 20
    }

    dead_letter_config {
      arn = aws_sqs_queue.missed[each.key].arn
    }
  }

  depends_on = [aws_iam_role_policy.this]
}

locals {
  alarms = merge(
    { failed-runs = {
      description = "A run of ${local.full_name} failed or ran into its time-out"
      namespace   = "AWS/States", metric = "ExecutionsFailed", statistic = "Sum"
      dimensions  = { StateMachineArn = local.machine_arn }
    } },
    { for _ in values(local.scheduled) : "missed-runs" => {
      description = "A run of ${local.full_name} could not be started: the queue ${local.full_name}-missed says why"
      namespace   = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", statistic = "Maximum"
      dimensions  = { QueueName = "${local.full_name}-missed" }
    } },
  )
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${local.full_name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.platform.alarm_topic_arn]
  ok_actions          = [var.platform.alarm_topic_arn]

  tags = local.tags
}
