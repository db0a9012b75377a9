# Scaling on a queue: the messages that wait, for each task that runs. Source: Application Auto Scaling user guide, "Create
# a target tracking scaling policy using metric math".

locals {
  queues = { for name, queue in { queue = var.scaling.queue } : name => queue if queue != null }

  # No task runs: then there is no share of a task that could be tracked, and one message is enough for a first task.
  wakers = { for name, queue in local.queues : name => queue if local.lowest == 0 }

  queue_metrics = {
    messages = {
      namespace  = "AWS/SQS", name = "ApproximateNumberOfMessagesVisible"
      dimensions = { for queue in values(local.queues) : "QueueName" => queue.name }
    }
    tasks = {
      namespace  = "ECS/ContainerInsights", name = "RunningTaskCount"
      dimensions = local.service_dimensions
    }
  }
}

resource "aws_appautoscaling_policy" "queue" {
  for_each = local.queues

  name               = "${local.full_name}-queue"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = each.value.backlog_per_task
    scale_out_cooldown = var.scaling.cooldowns.scale_out
    scale_in_cooldown  = var.scaling.cooldowns.scale_in

    customized_metric_specification {
      dynamic "metrics" {
        for_each = local.queue_metrics

        content {
          id          = metrics.key
          return_data = false

          metric_stat {
            stat = "Average"

            metric {
              namespace   = metrics.value.namespace
              metric_name = metrics.value.name

              dynamic "dimensions" {
                for_each = metrics.value.dimensions

                content {
                  name  = dimensions.key
                  value = dimensions.value
                }
              }
            }
          }
        }
      }

      metrics {
        id          = "backlog"
        label       = "Messages per task"
        expression  = "messages / IF(tasks > 0, tasks, 1)"
        return_data = true
      }
    }
  }
}

resource "aws_appautoscaling_policy" "wake" {
  for_each = local.wakers

  name               = "${local.full_name}-wake"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  step_scaling_policy_configuration {
    adjustment_type         = "ChangeInCapacity"
    metric_aggregation_type = "Average"
    cooldown                = 60

    step_adjustment {
      metric_interval_lower_bound = 0
      scaling_adjustment          = 1
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "wake" {
  for_each = local.wakers

  alarm_name          = "${local.full_name}-wake"
  alarm_description   = "Messages wait for ${local.full_name}, and none of its tasks runs; starts the first one"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_appautoscaling_policy.wake[each.key].arn]

  metric_query {
    id          = "waiting"
    label       = "Messages without a task"
    expression  = "IF(FILL(tasks, 0) < 1, messages, 0)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.queue_metrics

    content {
      id = metric_query.key

      metric {
        namespace   = metric_query.value.namespace
        metric_name = metric_query.value.name
        dimensions  = metric_query.value.dimensions
        period      = 60
        stat        = "Average"
      }
    }
  }

  tags = local.tags
}
