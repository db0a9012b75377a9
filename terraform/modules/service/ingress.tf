# How callers find the service: a rule on the public load balancer, or a name in the private namespace; a worker has none.

locals {
  public_instances   = local.public ? toset(["this"]) : toset([])
  internal_instances = local.called ? toset(["this"]) : toset([])

  # At most 32 characters; the hash keeps names apart that are cut. The name never changes: see below.
  target_group_hash = substr(sha1(jsonencode([local.full_name, var.platform.vpc_id])), 0, 6)
  target_group_name = "${trimsuffix(substr(local.full_name, 0, 25), "-")}-${local.target_group_hash}"
}

resource "aws_lb_target_group" "this" {
  #checkov:skip=CKV_AWS_378:TLS ends at the load balancer; the way to the task stays inside the VPC
  for_each = local.public_instances

  # The group's own port is never used: ECS registers each task with the port of its container, so that tasks of two
  # ports are in one group during a rollout. Source: Elastic Load Balancing API reference, CreateTargetGroup, Port.
  name                 = local.target_group_name
  port                 = 80
  protocol             = "HTTP"
  target_type          = "ip"
  vpc_id               = var.platform.vpc_id
  deregistration_delay = var.routing.deregistration_delay

  protocol_version              = var.routing.protocol_version
  slow_start                    = var.routing.slow_start
  load_balancing_algorithm_type = var.routing.algorithm

  dynamic "stickiness" {
    for_each = [for stickiness in [var.routing.stickiness] : stickiness if stickiness != null]

    content {
      type            = stickiness.value.cookie == null ? "lb_cookie" : "app_cookie"
      cookie_duration = stickiness.value.duration
      cookie_name     = stickiness.value.cookie
    }
  }

  health_check {
    enabled             = true
    protocol            = "HTTP"
    port                = local.health_port == null ? "traffic-port" : tostring(local.health_port)
    path                = local.health.path
    interval            = local.health.interval
    timeout             = local.health.timeout
    healthy_threshold   = local.health.healthy_threshold
    unhealthy_threshold = local.health.unhealthy_threshold
    matcher             = local.health.matcher
  }

  tags = local.tags

  # A new group is empty when the rule begins to forward to it. Groups of earlier versions have the port of their
  # container, and a name with its hash; both stay.
  lifecycle {
    create_before_destroy = true
    ignore_changes        = [name, port]
  }
}

resource "aws_service_discovery_service" "this" {
  for_each = local.internal_instances

  name        = local.name
  description = "Tasks of ${local.full_name}"

  dns_config {
    namespace_id   = var.platform.service_discovery.namespace_id
    routing_policy = "MULTIVALUE"

    dns_records {
      type = "A"
      ttl  = 10
    }
  }

  # ECS reports the health of its tasks.
  health_check_custom_config {
    failure_threshold = 1
  }

  tags = local.tags
}
