variable "scaling" {
  description = "Fewest and most tasks, the CPU and memory utilisation (percent), the requests a minute per task and the messages per task of a queue that scaling aims at, other bounds from given times on, and the seconds between two steps. `schedule_in_force` is the place of the schedule whose bounds hold now, null for those of `min` and `max`: a plan keeps them."
  type = object({
    min                 = number
    max                 = number
    cpu                 = optional(number, 60)
    memory              = optional(number, 70)
    requests_per_target = optional(number)
    queue               = optional(object({ name = string, backlog_per_task = number }))
    schedules = optional(list(object({
      cron     = optional(string)
      at       = optional(string)
      timezone = optional(string, "UTC")
      min      = number
      max      = number
    })), [])
    schedule_in_force = optional(number)
    cooldowns         = optional(object({ scale_in = optional(number, 300), scale_out = optional(number, 60) }), {})
  })
  nullable = false

  validation {
    condition     = var.scaling.min >= (local.worker ? 0 : 1) && var.scaling.min <= var.scaling.max && var.scaling.max >= 1 && var.scaling.max <= 5000
    error_message = "scaling.min ${var.scaling.min} and scaling.max ${var.scaling.max} must hold ${local.worker ? 0 : 1} <= min <= max <= 5000, and max be at least 1."
  }
  validation {
    condition     = floor(var.scaling.min) == var.scaling.min && floor(var.scaling.max) == var.scaling.max
    error_message = "scaling.min ${var.scaling.min} and scaling.max ${var.scaling.max} must be whole numbers."
  }
  validation {
    condition     = alltrue([for fewest in concat([var.scaling.min], var.scaling.schedules[*].min) : fewest >= module.settings.settings.min_tasks || fewest == 0 && (local.worker || module.settings.settings.min_tasks == 1)])
    error_message = "scaling.min ${var.scaling.min}, or one of scaling.schedules ${jsonencode(var.scaling.schedules[*].min)}, is too small for tier ${var.environment.tier}, where a service needs at least ${module.settings.settings.min_tasks} tasks."
  }
  validation {
    condition     = var.scaling.min > 0 || var.scaling.queue != null || anytrue([for one in var.scaling.schedules : one.max > 0])
    error_message = "scaling.min ${var.scaling.min} needs scaling.queue or scaling.schedules: nothing else starts a task."
  }
  validation {
    condition     = alltrue([for target in [var.scaling.cpu, var.scaling.memory] : target > 0 && target <= 100])
    error_message = "scaling.cpu ${var.scaling.cpu} and scaling.memory ${var.scaling.memory} are percentages: above 0, at most 100."
  }
  validation {
    condition     = var.scaling.requests_per_target == null || try(var.scaling.requests_per_target >= 1 && local.public, false)
    error_message = "scaling.requests_per_target ${coalesce(var.scaling.requests_per_target, 0)} must be at least 1, and the service public."
  }
  validation {
    condition     = var.scaling.queue == null || try(can(regex("^[A-Za-z0-9_-]{1,80}$", var.scaling.queue.name)) && var.scaling.queue.backlog_per_task >= 1, false)
    error_message = "scaling.queue.name ${jsonencode(try(var.scaling.queue.name, ""))} must be the name of a queue (no URL, no ARN), and its backlog_per_task at least 1."
  }
  validation {
    condition     = alltrue([for one in var.scaling.schedules : (one.cron == null) != (one.at == null) && one.min >= 0 && one.min <= one.max && one.max <= 5000])
    error_message = "scaling.schedules ${jsonencode(var.scaling.schedules)} must each have either cron or at, and 0 <= min <= max <= 5000."
  }
  validation {
    condition     = alltrue([for one in var.scaling.schedules : one.cron == null || can(regex("^([-0-9A-Za-z*,/?#]+ ){5}[-0-9A-Za-z*,/?#]+$", one.cron))])
    error_message = "scaling.schedules ${jsonencode(var.scaling.schedules[*].cron)} must have cron expressions of six fields: minute, hour, day, month, day of the week, year."
  }
  validation {
    condition     = alltrue([for one in var.scaling.schedules : one.at == null || can(regex("^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}$", one.at))])
    error_message = "scaling.schedules ${jsonencode(var.scaling.schedules[*].at)} must have times such as 2027-01-31T08:00:00."
  }
  validation {
    condition     = var.scaling.schedule_in_force == null || try(contains(range(length(var.scaling.schedules)), var.scaling.schedule_in_force), false)
    error_message = "scaling.schedule_in_force ${coalesce(var.scaling.schedule_in_force, -1)} must be the place of one of ${length(var.scaling.schedules)} scaling.schedules, counted from 0."
  }
  validation {
    condition     = alltrue([for seconds in values(var.scaling.cooldowns) : seconds >= 0 && seconds <= 3600 && floor(seconds) == seconds])
    error_message = "scaling.cooldowns.scale_in ${var.scaling.cooldowns.scale_in} and scaling.cooldowns.scale_out ${var.scaling.cooldowns.scale_out} must be 0 to 3600 whole seconds."
  }
}

variable "spot" {
  description = "Percent of the tasks that run on Fargate Spot, after `base` tasks on regular capacity. Null: the tier and the platform decide."
  type        = object({ share = number, base = optional(number, 1) })
  default     = null

  validation {
    condition     = try(var.spot.share >= 0 && var.spot.share <= 100 && floor(var.spot.share) == var.spot.share, var.spot == null)
    error_message = "spot.share ${try(var.spot.share, 0)} must be a whole number from 0 to 100."
  }
  validation {
    condition     = try(var.spot.base >= 0 && var.spot.base <= 5000 && floor(var.spot.base) == var.spot.base, var.spot == null)
    error_message = "spot.base ${try(var.spot.base, 0)} must be a whole number from 0 to 5000."
  }
}
