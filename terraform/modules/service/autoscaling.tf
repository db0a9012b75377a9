# Target tracking on CPU and memory. Registering the target also lifts a service that waited for its first image from 0
# to the minimum: AWS brings the desired count into the range at once.

locals {
  scaling_targets = merge(
    {
      cpu    = { metric = "ECSServiceAverageCPUUtilization", target = var.scaling.cpu }
      memory = { metric = "ECSServiceAverageMemoryUtilization", target = var.scaling.memory }
    },
    { for key, requests in { requests = var.scaling.requests_per_target } :
    key => { metric = "ALBRequestCountPerTarget", target = requests } if requests != null },
  )

  all_minima  = concat([var.scaling.min], var.scaling.schedules[*].min)
  lowest      = min(local.all_minima...)
  own_bounds  = { min = local.fewest, max = var.scaling.max }
  in_force    = local.awaiting_image ? null : var.scaling.schedule_in_force
  task_bounds = local.in_force == null ? local.own_bounds : { min = var.scaling.schedules[local.in_force].min, max = var.scaling.schedules[local.in_force].max }

  # AWS scales in once every policy that may do so agrees. CPU and memory never ask for less than one task, so where the
  # queue may empty the service they only scale out.
  queue_empties = var.scaling.queue != null && local.lowest == 0
}

resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${var.platform.cluster.name}/${aws_ecs_service.this.name}"
  min_capacity       = local.task_bounds.min
  max_capacity       = local.task_bounds.max

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
    scale_out_cooldown = var.scaling.cooldowns.scale_out
    scale_in_cooldown  = var.scaling.cooldowns.scale_in
    disable_scale_in   = local.queue_empties

    predefined_metric_specification {
      predefined_metric_type = each.value.metric
      resource_label         = each.key == "requests" ? "${var.platform.alb.arn_suffix}/${aws_lb_target_group.this["this"].arn_suffix}" : null
    }
  }
}
