# One page per environment: the cluster, every service in it, the way in and the way out. Services are found by search,
# so the page grows with them.

locals {
  region  = var.environment.region
  cluster = var.cluster_name

  widgets = [
    {
      title = "Cluster: CPU (percent of reserved)"
      metrics = [
        [{ id = "percent", expression = "100 * used / reserved", label = "CPU" }],
        ["ECS/ContainerInsights", "CpuUtilized", "ClusterName", local.cluster, { id = "used", visible = false }],
        ["ECS/ContainerInsights", "CpuReserved", "ClusterName", local.cluster, { id = "reserved", visible = false }],
      ]
    },
    {
      title = "Cluster: memory (percent of reserved)"
      metrics = [
        [{ id = "percent", expression = "100 * used / reserved", label = "Memory" }],
        ["ECS/ContainerInsights", "MemoryUtilized", "ClusterName", local.cluster, { id = "used", visible = false }],
        ["ECS/ContainerInsights", "MemoryReserved", "ClusterName", local.cluster, { id = "reserved", visible = false }],
      ]
    },
    {
      title   = "Services: CPU (percent)"
      metrics = [[{ id = "cpu", expression = "SEARCH('{AWS/ECS,ClusterName,ServiceName} ClusterName=\"${local.cluster}\" MetricName=\"CPUUtilization\"', 'Average', 300)", label = "$${PROP('Dim.ServiceName')}" }]]
    },
    {
      title   = "Services: memory (percent)"
      metrics = [[{ id = "memory", expression = "SEARCH('{AWS/ECS,ClusterName,ServiceName} ClusterName=\"${local.cluster}\" MetricName=\"MemoryUtilization\"', 'Average', 300)", label = "$${PROP('Dim.ServiceName')}" }]]
    },
    {
      title   = "Services: running tasks"
      metrics = [[{ id = "tasks", expression = "SEARCH('{ECS/ContainerInsights,ClusterName,ServiceName} ClusterName=\"${local.cluster}\" MetricName=\"RunningTaskCount\"', 'Average', 300)", label = "$${PROP('Dim.ServiceName')}" }]]
    },
    {
      title = "Load balancer: requests and errors"
      metrics = [
        ["AWS/ApplicationELB", "RequestCount", "LoadBalancer", var.alb_arn_suffix, { stat = "Sum" }],
        ["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "LoadBalancer", var.alb_arn_suffix, { stat = "Sum" }],
        ["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "LoadBalancer", var.alb_arn_suffix, { stat = "Sum" }],
      ]
    },
    {
      title = "Load balancer: response time (seconds)"
      metrics = [
        ["AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", var.alb_arn_suffix, { stat = "p50" }],
        ["AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", var.alb_arn_suffix, { stat = "p99" }],
      ]
    },
    {
      title   = "NAT gateways: bytes to the internet"
      metrics = [for zone, id in var.nat_gateway_ids : ["AWS/NATGateway", "BytesOutToDestination", "NatGatewayId", id, { label = zone, stat = "Sum" }]]
    },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.environment.name
  dashboard_body = jsonencode({
    widgets = [for index, widget in local.widgets : {
      type   = "metric"
      x      = 12 * (index % 2)
      y      = 6 * floor(index / 2)
      width  = 12
      height = 6
      properties = {
        title   = widget.title
        metrics = widget.metrics
        region  = local.region
        view    = "timeSeries"
        period  = 300
      }
    } if length(widget.metrics) > 0]
  })
}
