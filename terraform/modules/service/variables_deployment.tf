variable "deployment" {
  description = "The rollout: how many percent of the tasks keep running and may run, whether a rollout that fails is taken back, alarms that take it back beside those of the tier (kinds of this module's alarms, or names of others), and a word whose change starts all tasks anew."
  type = object({
    minimum_healthy_percent = optional(number, 100)
    maximum_percent         = optional(number, 200)
    circuit_breaker         = optional(bool, true)
    rollback_alarms         = optional(list(string), [])
    force_new               = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.deployment.minimum_healthy_percent >= 0 && var.deployment.minimum_healthy_percent <= 100 && floor(var.deployment.minimum_healthy_percent) == var.deployment.minimum_healthy_percent
    error_message = "deployment.minimum_healthy_percent ${var.deployment.minimum_healthy_percent} must be a whole number from 0 to 100."
  }
  validation {
    condition     = var.deployment.maximum_percent >= 100 && var.deployment.maximum_percent <= 200 && floor(var.deployment.maximum_percent) == var.deployment.maximum_percent
    error_message = "deployment.maximum_percent ${var.deployment.maximum_percent} must be a whole number from 100 to 200."
  }
  validation {
    condition     = var.deployment.minimum_healthy_percent < 100 || var.deployment.maximum_percent > 100
    error_message = "deployment.maximum_percent ${var.deployment.maximum_percent} and deployment.minimum_healthy_percent ${var.deployment.minimum_healthy_percent} leave a rollout no room: it could neither start a task nor stop one."
  }
  validation {
    condition     = alltrue([for name in var.deployment.rollback_alarms : can(regex("^[A-Za-z0-9][A-Za-z0-9_ .:/=+@()#-]{0,254}$", name))])
    error_message = "deployment.rollback_alarms ${jsonencode(var.deployment.rollback_alarms)} must be kinds or names of alarms: 1 to 255 letters, digits, spaces and _.:/=+@()#-."
  }
  validation {
    condition     = var.deployment.force_new == null || can(regex("^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$", var.deployment.force_new))
    error_message = "deployment.force_new \"${coalesce(var.deployment.force_new, "-")}\" must be a word of 1 to 64 letters, digits and ._:-."
  }
}
