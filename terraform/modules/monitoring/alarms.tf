# Alarms on what all services of the environment share; those of one service live in its own state.

locals {
  balancer_alarms = {
    alb-errors = {
      description = "The load balancer itself answers with 5xx: no healthy task, or its own limits"
      namespace   = "AWS/ApplicationELB"
      metric      = "HTTPCode_ELB_5XX_Count"
      dimensions  = { LoadBalancer = var.alb_arn_suffix }
      threshold   = 10
    }
    alb-rejected = {
      description = "The load balancer turned connections away: it is at its limit"
      namespace   = "AWS/ApplicationELB"
      metric      = "RejectedConnectionCount"
      dimensions  = { LoadBalancer = var.alb_arn_suffix }
      threshold   = 0
    }
    alb-targets = {
      description = "The load balancer cannot connect to tasks"
      namespace   = "AWS/ApplicationELB"
      metric      = "TargetConnectionErrorCount"
      dimensions  = { LoadBalancer = var.alb_arn_suffix }
      threshold   = 10
    }
  }

  firewall_alarms = { for name, alarm in {
    waf-blocked = {
      description = "The firewall blocks unusually many requests: an attack, or a rule that hits customers"
      namespace   = "AWS/WAFV2"
      metric      = "BlockedRequests"
      dimensions  = { WebACL = "${var.environment.name}-alb", Rule = "ALL", Region = var.environment.region }
      threshold   = 1000
    }
  } : name => alarm if var.firewall }

  nat_alarms = merge([
    for zone, id in var.nat_gateway_ids : {
      "nat-ports-${zone}" = {
        description = "The NAT gateway of ${zone} has no free ports: connections to the internet fail"
        namespace   = "AWS/NATGateway"
        metric      = "ErrorPortAllocation"
        dimensions  = { NatGatewayId = id }
        threshold   = 0
      }
      "nat-drops-${zone}" = {
        description = "The NAT gateway of ${zone} drops packets"
        namespace   = "AWS/NATGateway"
        metric      = "PacketsDropCount"
        dimensions  = { NatGatewayId = id }
        threshold   = 100
      }
    }
  ]...)

  # Container Insights has what tasks use and what they reserved; only both together say how full the cluster is.
  cluster_alarms = {
    cpu    = { description = "Tasks of the cluster use most of their CPU", used = "CpuUtilized", reserved = "CpuReserved" }
    memory = { description = "Tasks of the cluster use most of their memory", used = "MemoryUtilized", reserved = "MemoryReserved" }
  }
}

resource "aws_cloudwatch_metric_alarm" "shared" {
  for_each = merge(local.balancer_alarms, local.firewall_alarms, local.nat_alarms)

  alarm_name          = "${var.environment.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching" # these metrics exist only while there is something to count
  alarm_actions       = [aws_sns_topic.this["alarms"].arn]
  ok_actions          = [aws_sns_topic.this["alarms"].arn]
}

resource "aws_cloudwatch_metric_alarm" "cluster" {
  for_each = local.cluster_alarms

  alarm_name          = "${var.environment.name}-cluster-${each.key}"
  alarm_description   = each.value.description
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 85
  treat_missing_data  = "notBreaching" # without tasks there is nothing to measure
  alarm_actions       = [aws_sns_topic.this["alarms"].arn]
  ok_actions          = [aws_sns_topic.this["alarms"].arn]

  metric_query {
    id          = "percent"
    expression  = "100 * used / reserved"
    label       = each.value.description
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { used = each.value.used, reserved = each.value.reserved }

    content {
      id = metric_query.key

      metric {
        namespace   = "ECS/ContainerInsights"
        metric_name = metric_query.value
        dimensions  = { ClusterName = var.cluster_name }
        stat        = "Average"
        period      = 300
      }
    }
  }
}
