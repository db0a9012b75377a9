# Other bounds from given times on. AWS changes the target then, so the bounds that hold are an input of the next plan
# (`schedule_in_force`). Before the first image nothing may start a task.

resource "aws_appautoscaling_scheduled_action" "this" {
  for_each = { for place, one in local.awaiting_image ? [] : var.scaling.schedules : tostring(place) => one }

  name               = "${local.full_name}-${each.key}"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id
  schedule           = each.value.cron == null ? "at(${each.value.at})" : "cron(${each.value.cron})"
  timezone           = each.value.timezone

  scalable_target_action {
    min_capacity = each.value.min
    max_capacity = each.value.max
  }
}
