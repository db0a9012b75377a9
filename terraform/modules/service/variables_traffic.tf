variable "port" {
  description = "The port that the container listens on. Null: an internal service is a worker, which nothing calls; a public one listens where its runtime usually does, 3000 for nodejs and 8000 for python; any other has to say it."
  type        = number
  default     = null

  validation {
    condition     = var.port == null || try(var.port >= 1 && var.port <= 65535 && floor(var.port) == var.port, false)
    error_message = "port ${coalesce(var.port, 0)} must be a whole number from 1 to 65535."
  }
  validation {
    condition     = var.port != null || var.service.type != "public" || try(contains(["nodejs", "python"], var.service.runtime), false)
    error_message = "port is null, but service \"${var.service.name}\" is public, and runtime \"${coalesce(var.service.runtime, "-")}\" has no usual port."
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

variable "health_check" {
  description = "The health check: the path that the load balancer asks for, and the command that the container runs; without a command, nodejs and python ask for the path themselves. Null: the load balancer asks for / and takes every answer below 500, and an internal service that listens is asked whether it does."
  type = object({
    path                = optional(string)
    command             = optional(list(string))
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
    condition     = try(can(regex("^/\\S*$", var.health_check.path)) && length(var.health_check.path) <= 1024, try(var.health_check.path, null) == null)
    error_message = "health_check.path \"${try(coalesce(var.health_check.path), "-")}\" must begin with /, without spaces, at most 1024 characters."
  }
  validation {
    condition     = try(var.health_check.path, null) == null || var.port != null || var.service.type == "public"
    error_message = "health_check needs a port; service \"${var.service.name}\" has none."
  }
  validation {
    condition     = var.health_check == null || try(var.health_check.path != null || var.health_check.command != null, false)
    error_message = "health_check of service \"${var.service.name}\" checks nothing: give it a path, a command or both."
  }
  validation {
    condition     = try(contains(["CMD", "CMD-SHELL"], var.health_check.command[0]) && length(var.health_check.command) >= 2, try(var.health_check.command, null) == null)
    error_message = "health_check.command ${jsonencode(try(var.health_check.command, []))} must be CMD with a program and its arguments, or CMD-SHELL with one line."
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
    condition     = try(var.health_check.path, null) == null || can(regex(try(var.routing.protocol_version, null) == "GRPC" ? "^[0-9]{1,2}([,-][0-9]{1,2})*$" : "^[2-4][0-9]{2}([,-][2-4][0-9]{2})*$", var.health_check.matcher))
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
