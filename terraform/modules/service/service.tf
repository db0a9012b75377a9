# The ECS service and its security group. Rules are inline and complete: a rule added by hand is drift and goes away.

locals {
  empty_rule = {
    cidr_blocks      = []
    ipv6_cidr_blocks = []
    prefix_list_ids  = []
    security_groups  = []
    self             = false
  }

  callers = local.public ? {
    description = "Public load balancer"
    group       = var.platform.alb.security_group_id
    } : {
    description = "Services of this environment"
    group       = var.platform.security_groups.internal_services
  }

  caller_cidrs = local.public ? [] : var.platform.caller_cidrs
  # With a port of its own: one of a sidecar may be the same as that of the health check.
  own_ports  = local.port == null ? [] : distinct(concat([local.port], var.admitted_ports, [for port in [local.health_port] : port if port != null]))
  open_ports = concat(local.own_ports, tolist(setsubtract(local.sidecar_ports, local.own_ports)))


  ingress = flatten(concat([for port in local.open_ports : concat(
    [merge(local.empty_rule, {
      description     = local.callers.description
      from_port       = port
      to_port         = port
      protocol        = "tcp"
      security_groups = [local.callers.group]
    })],
    [for cidrs in [local.caller_cidrs] : merge(local.empty_rule, {
      description = "Callers in peered networks"
      from_port   = port
      to_port     = port
      protocol    = "tcp"
      cidr_blocks = cidrs
    }) if length(cidrs) > 0],
  )], local.connect_ingress))

  egress = concat([
    # AWS's own endpoints and partners' APIs have no fixed addresses; they are reached by HTTPS through NAT.
    merge(local.empty_rule, {
      description = "HTTPS: AWS endpoints, registries, partners"
      from_port   = 443
      to_port     = 443
      protocol    = "tcp"
      cidr_blocks = ["0.0.0.0/0"]
    }),
    merge(local.empty_rule, {
      description = "Services and data stores in the VPC"
      from_port   = 1
      to_port     = 65535
      protocol    = "tcp"
      cidr_blocks = [var.platform.vpc_cidr]
    }),
    ], [for cidrs in [var.platform.peer_cidrs] : merge(local.empty_rule, {
      description = "Services and data stores in peered networks"
      from_port   = 1
      to_port     = 65535
      protocol    = "tcp"
      cidr_blocks = cidrs
  }) if length(cidrs) > 0], local.further_egress, local.efs_egress)

  security_groups = concat(
    [aws_security_group.this.id, var.platform.security_groups.internal_services],
    [for group in [var.platform.security_groups.kafka_client] : group if var.kafka != null],
    var.network.security_groups,
  )
}

resource "aws_security_group" "this" {
  #checkov:skip=CKV2_AWS_5:The service wears it, through a local value that Checkov does not follow
  name        = local.full_name
  description = "Tasks of service ${local.full_name}"
  vpc_id      = var.platform.vpc_id

  ingress = local.ingress
  egress  = local.egress

  tags = merge(local.tags, { Name = local.full_name })
}

resource "aws_ecs_service" "this" {
  name                               = local.name
  cluster                            = var.platform.cluster.arn
  task_definition                    = aws_ecs_task_definition.this.arn
  scheduling_strategy                = "REPLICA"
  desired_count                      = local.fewest
  deployment_minimum_healthy_percent = var.deployment.minimum_healthy_percent
  deployment_maximum_percent         = var.deployment.maximum_percent
  availability_zone_rebalancing      = local.rebalancing
  health_check_grace_period_seconds  = local.public ? local.health.start_period : null
  enable_execute_command             = var.task.exec
  enable_ecs_managed_tags            = true
  propagate_tags                     = "SERVICE"
  wait_for_steady_state              = false # the reconciler watches the rollout without holding the state lock

  # Without it a changed capacity strategy replaces the service, which is an outage; with it, it is a rolling update.
  force_new_deployment = true
  triggers             = local.deployment_triggers

  # Other strategies than the rolling one are a block `deployment_configuration` here, from provider 6.4.0 on.
  deployment_circuit_breaker {
    enable   = var.deployment.circuit_breaker
    rollback = var.deployment.circuit_breaker
  }

  # In production, and where the manifest names alarms, a deployment that sets off one is taken back, too.
  dynamic "alarms" {
    for_each = length(local.deployment_alarms) == 0 ? [] : [local.deployment_alarms]

    content {
      enable      = true
      rollback    = true
      alarm_names = alarms.value
    }
  }

  dynamic "capacity_provider_strategy" {
    for_each = local.capacity

    content {
      capacity_provider = capacity_provider_strategy.key
      base              = capacity_provider_strategy.value.base
      weight            = capacity_provider_strategy.value.weight
    }
  }

  network_configuration {
    subnets          = var.platform.private_subnet_ids
    security_groups  = local.security_groups
    assign_public_ip = false
  }

  dynamic "load_balancer" {
    for_each = aws_lb_target_group.this

    content {
      target_group_arn = load_balancer.value.arn
      container_name   = local.name
      container_port   = local.port
    }
  }

  dynamic "service_registries" {
    for_each = aws_service_discovery_service.this

    content {
      registry_arn = service_registries.value.arn
    }
  }

  dynamic "service_connect_configuration" {
    for_each = [for connect in [local.connect] : connect if connect != null]

    content {
      enabled   = true
      namespace = local.namespace_arn

      dynamic "service" {
        for_each = [for connect in [service_connect_configuration.value] : connect if local.connected]

        content {
          port_name      = local.name
          discovery_name = "${local.name}-connect" # the name itself is that of Cloud Map's own service

          client_alias {
            dns_name = service.value.alias
            port     = coalesce(service.value.port, local.port)
          }

          dynamic "timeout" {
            for_each = [for times in [service.value] : times if times.idle_timeout != null || times.request_timeout != null]

            content {
              idle_timeout_seconds        = timeout.value.idle_timeout
              per_request_timeout_seconds = timeout.value.request_timeout
            }
          }
        }
      }
    }
  }

  tags = local.tags

  lifecycle {
    ignore_changes = [desired_count] # scaling owns it
  }

  # ECS refuses a target group without a listener and an alarm that is not there, and starts tasks before a role can do
  # anything.
  depends_on = [
    aws_lb_listener_rule.this,
    aws_iam_role_policy.execution,
    aws_iam_role_policy.task,
    aws_cloudwatch_log_group.this,
    aws_cloudwatch_metric_alarm.service,
    aws_cloudwatch_metric_alarm.requests,
  ]
}
