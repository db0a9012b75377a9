# The service and its security group. Rules are inline and complete: a rule added by hand goes away with the next apply.

locals {
  empty_rule = {
    cidr_blocks      = []
    ipv6_cidr_blocks = []
    prefix_list_ids  = []
    security_groups  = []
    self             = false
  }

  ingress = [for groups in [sort(var.network.metrics_security_group_ids)] : merge(local.empty_rule, {
    description     = "Metrics and API for the groups that were named"
    from_port       = local.port
    to_port         = local.port
    protocol        = "tcp"
    security_groups = groups
  }) if length(groups) > 0]

  # AWS, the Git forge and Slack have no fixed addresses. Names are resolved by the VPC's own resolver, past any group.
  egress = [for port in sort(var.network.egress_ports) : merge(local.empty_rule, {
    description = port == 443 ? "HTTPS: AWS, the Git forge, Slack" : "Port ${port} that was asked for"
    from_port   = port
    to_port     = port
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  })]
}

resource "aws_security_group" "this" {
  name        = var.name
  description = "The daemon ${var.name}: out by named ports, in for metrics only"
  vpc_id      = var.network.vpc_id

  ingress = local.ingress
  egress  = local.egress

  tags = { Name = var.name }
}

resource "aws_ecs_service" "this" {
  name                    = var.name
  cluster                 = aws_ecs_cluster.this.arn
  task_definition         = aws_ecs_task_definition.this.arn
  scheduling_strategy     = "REPLICA"
  desired_count           = var.image.tag == null ? 0 : 1
  launch_type             = "FARGATE"
  platform_version        = "LATEST"
  enable_ecs_managed_tags = true
  propagate_tags          = "SERVICE"
  enable_execute_command  = false # needs a writable root file system
  wait_for_steady_state   = false

  # One writer: the old task is gone, and has drained, before the new one starts.
  deployment_minimum_healthy_percent = 0
  deployment_maximum_percent         = 100
  availability_zone_rebalancing      = "DISABLED" # it would start the second task first

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.network.subnet_ids
    security_groups  = [aws_security_group.this.id]
    assign_public_ip = false
  }

  dynamic "service_registries" {
    for_each = var.network.service_discovery_arn == null ? [] : [var.network.service_discovery_arn]

    content {
      registry_arn = service_registries.value
    }
  }

  # ECS starts tasks before a role can do anything.
  depends_on = [aws_iam_role_policy.execution, aws_iam_role_policy.task, aws_iam_role_policy.key, aws_cloudwatch_log_group.this]
}
