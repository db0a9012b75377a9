# Target tracking on CPU and memory. Registering the target also lifts a service that waited for its first image from 0
# to the minimum: AWS brings the desired count into the range at once.

locals {
  scaling_targets = {
    cpu    = { metric = "ECSServiceAverageCPUUtilization", target = var.scaling.cpu }
    memory = { metric = "ECSServiceAverageMemoryUtilization", target = var.scaling.memory }
  }
}

resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${var.platform.cluster.name}/${aws_ecs_service.this.name}"
  min_capacity       = local.fewest
  max_capacity       = var.scaling.max

  tags = local.tags
}

resource "aws_appautoscaling_policy" "this" {
  for_each = local.scaling_targets

  name               = "${local.full_name}-${each.key}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = each.value.target
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = each.value.metric
    }
  }
}
