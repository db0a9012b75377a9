variable "port" {
  description = "The port that the container listens on. Null: an internal service is a worker, which nothing calls; a public one listens where its runtime usually does, 3000 for nodejs and 8000 for python."
  type        = number
  default     = null

  validation {
    condition     = var.port == null || try(var.port >= 1 && var.port <= 65535 && floor(var.port) == var.port, false)
    error_message = "port ${coalesce(var.port, 0)} must be a whole number from 1 to 65535."
  }
}

variable "admitted_ports" {
  description = "Further ports at which callers are let in. When `port` changes, name the former one here until the rollout has ended, so that tasks that still run, or that a rollback starts, are reached; the reconciler does."
  type        = list(number)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for port in var.admitted_ports : port >= 1 && port <= 65535 && floor(port) == port])
    error_message = "admitted_ports ${jsonencode(var.admitted_ports)} must be whole numbers from 1 to 65535."
  }
}

variable "scaling" {
  description = "Fewest and most tasks, and the CPU and memory utilisation (percent) that scaling aims at."
  type = object({
    min    = number
    max    = number
    cpu    = optional(number, 60)
    memory = optional(number, 70)
  })
  nullable = false

  validation {
    condition     = var.scaling.min >= 1 && var.scaling.min <= var.scaling.max && var.scaling.max <= 5000
    error_message = "scaling.min ${var.scaling.min} and scaling.max ${var.scaling.max} must hold 1 <= min <= max <= 5000."
  }
  validation {
    condition     = floor(var.scaling.min) == var.scaling.min && floor(var.scaling.max) == var.scaling.max
    error_message = "scaling.min ${var.scaling.min} and scaling.max ${var.scaling.max} must be whole numbers."
  }
  validation {
    condition     = var.scaling.min >= module.settings.settings.min_tasks
    error_message = "scaling.min ${var.scaling.min} is too small for tier ${var.environment.tier}, where a service needs at least ${module.settings.settings.min_tasks} tasks."
  }
  validation {
    condition     = alltrue([for target in [var.scaling.cpu, var.scaling.memory] : target > 0 && target <= 100])
    error_message = "scaling.cpu ${var.scaling.cpu} and scaling.memory ${var.scaling.memory} are percentages: above 0, at most 100."
  }
}

variable "health_check" {
  description = "The HTTP health check, used by the load balancer and inside the container. Null: the load balancer asks for / and takes every answer below 500, and an internal service that listens is asked whether it does."
  type = object({
    path                = string
    interval            = optional(number, 30)
    timeout             = optional(number, 5)
    healthy_threshold   = optional(number, 2)
    unhealthy_threshold = optional(number, 3)
    matcher             = optional(string, "200-299")
    start_period        = optional(number, 60)
    port                = optional(number)
  })
  default = null

  validation {
    condition     = try(can(regex("^/\\S*$", var.health_check.path)) && length(var.health_check.path) <= 1024, var.health_check == null)
    error_message = "health_check.path \"${try(var.health_check.path, "-")}\" must begin with /, without spaces, at most 1024 characters."
  }
  validation {
    condition     = var.health_check == null || var.port != null || var.service.type == "public"
    error_message = "health_check needs a port; service \"${var.service.name}\" has none."
  }
  validation {
    condition     = try(var.health_check.interval >= 5 && var.health_check.interval <= 300 && var.health_check.timeout >= 2 && var.health_check.timeout <= 120 && var.health_check.timeout < var.health_check.interval, var.health_check == null)
    error_message = "health_check.interval ${try(var.health_check.interval, 0)} must be 5 to 300 seconds and health_check.timeout ${try(var.health_check.timeout, 0)} 2 to 120 and below it."
  }
  validation {
    condition     = try(alltrue([for count in [var.health_check.healthy_threshold, var.health_check.unhealthy_threshold] : count >= 2 && count <= 10]), var.health_check == null)
    error_message = "health_check.healthy_threshold ${try(var.health_check.healthy_threshold, 0)} and unhealthy_threshold ${try(var.health_check.unhealthy_threshold, 0)} must be 2 to 10."
  }
  validation {
    condition     = var.health_check == null || can(regex(try(var.routing.protocol_version, null) == "GRPC" ? "^[0-9]{1,2}([,-][0-9]{1,2})*$" : "^[2-4][0-9]{2}([,-][2-4][0-9]{2})*$", var.health_check.matcher))
    error_message = "health_check.matcher \"${try(var.health_check.matcher, "-")}\" must be HTTP codes from 200 to 499, which is what load balancers can expect, such as 200 or 200-399; for gRPC codes from 0 to 99."
  }
  validation {
    condition     = try(var.health_check.port >= 1 && var.health_check.port <= 65535 && floor(var.health_check.port) == var.health_check.port, try(var.health_check.port, null) == null)
    error_message = "health_check.port ${coalesce(try(var.health_check.port, null), 0)} must be a whole number from 1 to 65535."
  }
  validation {
    condition     = try(var.health_check.start_period >= 0 && var.health_check.start_period <= 300, var.health_check == null)
    error_message = "health_check.start_period ${try(var.health_check.start_period, 0)} must be 0 to 300 seconds."
  }
}
