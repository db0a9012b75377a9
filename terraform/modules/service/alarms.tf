# Alarms of the service. All names are known at plan time: ECS watches some of them while it deploys to production.

locals {
  service_dimensions = { ClusterName = var.platform.cluster.name, ServiceName = local.name }

  expected_tasks = local.awaiting_image ? 0 : local.lowest # at any time of a schedule

  resource_alarms = {
    cpu = {
      description = "CPU use of ${local.full_name} is above ${var.alarms.cpu} %"
      namespace   = "AWS/ECS", metric = "CPUUtilization", statistic = "Average"
      comparison  = "GreaterThanThreshold", threshold = var.alarms.cpu, periods = 5, missing = "notBreaching"
    }
    memory = {
      description = "Memory use of ${local.full_name} is above ${var.alarms.memory} %"
      namespace   = "AWS/ECS", metric = "MemoryUtilization", statistic = "Average"
      comparison  = "GreaterThanThreshold", threshold = var.alarms.memory, periods = 5, missing = "notBreaching"
    }
    # A cluster that stopped counting is as bad as tasks that stopped running; before a first image none is missed.
    running-tasks = {
      description = "Fewer than ${local.expected_tasks} tasks of ${local.full_name} run"
      namespace   = "ECS/ContainerInsights", metric = "RunningTaskCount", statistic = "Minimum"
      comparison  = "LessThanThreshold", threshold = local.expected_tasks, periods = 3
      missing     = local.expected_tasks == 0 ? "notBreaching" : "breaching"
    }
  }

  request_alarms = {
    unhealthy-hosts = {
      description = "Tasks of ${local.full_name} fail the load balancer's health check"
      namespace   = "AWS/ApplicationELB", metric = "UnHealthyHostCount", statistic = "Maximum"
      comparison  = "GreaterThanThreshold", threshold = 0, periods = 3, missing = "notBreaching"
    }
    server-errors = {
      description = "${local.full_name} answered more than ${var.alarms.server_errors} requests a minute with a 5xx"
      namespace   = "AWS/ApplicationELB", metric = "HTTPCode_Target_5XX_Count", statistic = "Sum"
      comparison  = "GreaterThanThreshold", threshold = var.alarms.server_errors, periods = 3, missing = "notBreaching"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "service" {
  for_each = local.resource_alarms

  alarm_name          = "${local.full_name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = local.service_dimensions
  statistic           = each.value.statistic
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = each.value.periods
  treat_missing_data  = each.value.missing
  alarm_actions       = [var.platform.alarm_topic_arn]
  ok_actions          = [var.platform.alarm_topic_arn]

  tags = local.tags
}

resource "aws_cloudwatch_metric_alarm" "requests" {
  for_each = local.public ? local.request_alarms : {}

  alarm_name          = "${local.full_name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = { LoadBalancer = var.platform.alb.arn_suffix, TargetGroup = aws_lb_target_group.this["this"].arn_suffix }
  statistic           = each.value.statistic
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = each.value.periods
  treat_missing_data  = each.value.missing
  alarm_actions       = [var.platform.alarm_topic_arn]
  ok_actions          = [var.platform.alarm_topic_arn]

  tags = local.tags
}
