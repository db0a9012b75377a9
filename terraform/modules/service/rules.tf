# Rules of the service at the environment's listener: its own one, more that lead to it, and redirects.

locals {
  speaks      = coalesce(try(var.routing.protocol_version, null), "HTTP1")
  health_port = try(var.health_check.port, null)

  # Without a health check every answer of the service will do.
  any_answer = local.speaks == "GRPC" ? { path = "/AWS.ALB/healthcheck", matcher = "0-99" } : { path = "/", matcher = "200-499" }

  # Keys are addresses: the own rule is "this", the others are named after their place in the manifest.
  rules = merge([for routing in [var.routing] : merge(routing.rules, { this = {
    paths    = routing.paths
    priority = routing.priority
    hosts    = routing.hosts
    headers  = routing.headers
    methods  = routing.methods
    query    = routing.query
    sources  = routing.sources
    redirect = null
  } }) if routing != null && local.public]...)
}

resource "aws_lb_listener_rule" "this" {
  for_each = local.rules

  listener_arn = var.platform.alb.listener_arn
  priority     = each.value.priority

  dynamic "action" {
    for_each = [for redirect in [each.value.redirect] : aws_lb_target_group.this["this"].arn if redirect == null]

    content {
      type             = "forward"
      target_group_arn = action.value
    }
  }

  dynamic "action" {
    for_each = [for redirect in [each.value.redirect] : redirect if redirect != null]

    content {
      type = "redirect"

      redirect {
        host        = action.value.host
        path        = action.value.path
        query       = action.value.query
        port        = action.value.port
        status_code = action.value.status_code
      }
    }
  }

  condition {
    path_pattern {
      values = each.value.paths
    }
  }

  dynamic "condition" {
    for_each = length(each.value.hosts) == 0 ? [] : [each.value.hosts]

    content {
      host_header {
        values = condition.value
      }
    }
  }

  dynamic "condition" {
    for_each = length(each.value.methods) == 0 ? [] : [each.value.methods]

    content {
      http_request_method {
        values = condition.value
      }
    }
  }

  dynamic "condition" {
    for_each = length(each.value.sources) == 0 ? [] : [each.value.sources]

    content {
      source_ip {
        values = condition.value
      }
    }
  }

  dynamic "condition" {
    for_each = each.value.headers

    content {
      http_header {
        http_header_name = condition.key
        values           = condition.value
      }
    }
  }

  dynamic "condition" {
    for_each = each.value.query

    content {
      dynamic "query_string" {
        for_each = condition.value

        content {
          key   = condition.key
          value = query_string.value
        }
      }
    }
  }

  tags = local.tags
}
