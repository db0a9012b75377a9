variable "admitted_secrets" {
  description = "Further secrets and parameters (names of secrets, or ARNs) with which tasks may be started. When one leaves `secrets`, name it here until the rollout has ended, so that tasks of the former revision that end, or that a rollback starts, come up; the reconciler does."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for secret in var.admitted_secrets : can(regex("^(?:${local.secret_name}|${local.secret_arn}|${local.parameter_arn})$", secret)) && !can(regex(local.looks_like_arn, secret))])
    error_message = "admitted_secrets ${jsonencode(var.admitted_secrets)} must name secrets with letters, digits and /_+=.@-, without a hyphen and six characters at the end, or give whole ARNs."
  }
}

variable "runtime_secrets" {
  description = "Names of secrets in Secrets Manager that the code reads itself while it runs. Its task role may read these and no other."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for secret in var.runtime_secrets : can(regex("^${local.secret_name}$", secret))])
    error_message = "runtime_secrets must name secrets with letters, digits and /_+=.@-; got ${jsonencode(var.runtime_secrets)}."
  }
  validation {
    condition     = !anytrue([for secret in var.runtime_secrets : can(regex("-[A-Za-z0-9]{6}$", secret))])
    error_message = "runtime_secrets ${jsonencode([for secret in var.runtime_secrets : secret if can(regex("-[A-Za-z0-9]{6}$", secret))])} end with a hyphen and six characters, which Secrets Manager mistakes for the end of a full ARN: rename them."
  }
}

variable "stop_timeout" {
  description = "Seconds between SIGTERM and SIGKILL when ECS stops the service's own container. Null: the default of ECS, 30."
  type        = number
  default     = null

  validation {
    condition     = var.stop_timeout == null || try(var.stop_timeout >= 2 && var.stop_timeout <= 120 && floor(var.stop_timeout) == var.stop_timeout, false)
    error_message = "stop_timeout ${coalesce(var.stop_timeout, 0)} is outside of the limits of Fargate: give 2 to 120 whole seconds."
  }
}

variable "sidecars" {
  description = "Containers that run beside the service's own in every task, with an image of their own. The task ends when an essential one does."
  type = list(object({
    name                  = string
    image                 = string
    credentials           = optional(string)
    command               = optional(list(string), [])
    essential             = optional(bool, true)
    memory                = optional(number)
    environment_variables = optional(map(string), {})
    secrets               = optional(map(string), {})
    settings = optional(object({
      entry_point        = optional(list(string))
      working_directory  = optional(string)
      user               = optional(string)
      open_files         = optional(object({ soft = number, hard = number }))
      labels             = optional(map(string))
      without_init       = optional(bool, false)
      capabilities       = optional(object({ add = optional(list(string), []), drop = optional(list(string), []) }))
      writable_root      = optional(bool, false)
      writable_paths     = optional(list(string), [])
      cpu                = optional(number)
      memory_reservation = optional(number)
      starts_after       = optional(map(string), {})
      ports              = optional(list(number), [])
      health_check = optional(object({
        command      = list(string)
        interval     = optional(number, 30)
        timeout      = optional(number, 5)
        retries      = optional(number, 3)
        start_period = optional(number, 0)
      }))
    }), {})
  }))
  default  = []
  nullable = false

  validation {
    condition     = length(var.sidecars) <= 9
    error_message = "sidecars has ${length(var.sidecars)} containers; a task holds 10, the service's own among them."
  }
  validation {
    condition     = alltrue([for sidecar in var.sidecars : length(sidecar.name) <= 24 && can(regex("^[a-z0-9]+(-[a-z0-9]+)*$", sidecar.name))])
    error_message = "sidecars must have names of at most 24 lower-case letters, digits and single hyphens between them; got ${jsonencode(var.sidecars[*].name)}."
  }
  validation {
    condition     = length(distinct(concat(var.sidecars[*].name, [var.service.name]))) == length(var.sidecars) + 1
    error_message = "sidecars ${jsonencode(var.sidecars[*].name)} must differ from each other and from service \"${var.service.name}\", whose name its own container has."
  }
  validation {
    condition     = alltrue([for sidecar in var.sidecars : can(regex("^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?@sha256:[0-9a-f]{64})$", sidecar.image))])
    error_message = "sidecars must have images written registry/repository with a tag or a digest; got ${jsonencode(var.sidecars[*].image)}."
  }
  validation {
    condition     = alltrue([for sidecar in var.sidecars : sidecar.memory == null || try(sidecar.memory >= 6 && floor(sidecar.memory) == sidecar.memory, false)]) && sum(concat([0], [for sidecar in var.sidecars : coalesce(sidecar.memory, 0)])) < var.resources.memory
    error_message = "sidecars' memory ${jsonencode([for sidecar in var.sidecars : sidecar.memory if sidecar.memory != null])} must be whole MiB, at least 6 each, and leave some of resources.memory ${var.resources.memory} to the service."
  }
  validation {
    condition     = alltrue([for name in flatten([for sidecar in var.sidecars : concat(keys(sidecar.environment_variables), keys(sidecar.secrets))]) : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name))])
    error_message = "sidecars must have variable names of letters, digits and underscores; got ${jsonencode(flatten([for sidecar in var.sidecars : concat(keys(sidecar.environment_variables), keys(sidecar.secrets))]))}."
  }
  validation {
    condition     = !anytrue([for name in flatten([for sidecar in var.sidecars : keys(sidecar.environment_variables)]) : can(regex("(?i)(password|secret|token|api_?key|private_?key)", name))])
    error_message = "sidecars' environment_variables ${jsonencode([for name in flatten([for sidecar in var.sidecars : keys(sidecar.environment_variables)]) : name if can(regex("(?i)(password|secret|token|api_?key|private_?key)", name))])} look like credentials: put them into the sidecar's secrets."
  }
  validation {
    condition     = alltrue([for sidecar in var.sidecars : length(setintersection(keys(sidecar.secrets), keys(sidecar.environment_variables))) == 0])
    error_message = "sidecars define ${jsonencode(flatten([for sidecar in var.sidecars : tolist(setintersection(keys(sidecar.secrets), keys(sidecar.environment_variables)))]))} both in secrets and in environment_variables."
  }
  validation {
    condition     = alltrue([for secret in compact(var.sidecars[*].credentials) : can(regex("^[A-Za-z0-9/_+=.@-]{1,512}$", secret)) && !can(regex("-[A-Za-z0-9]{6}$", secret))])
    error_message = "sidecars' credentials ${jsonencode(compact(var.sidecars[*].credentials))} must name secrets with letters, digits and /_+=.@-, without a hyphen and six characters at the end."
  }
  validation {
    condition     = alltrue([for secret in flatten([for sidecar in var.sidecars : values(sidecar.secrets)]) : can(regex(local.secret_reference, secret)) && !can(regex(local.looks_like_arn, secret))])
    error_message = "sidecars' secrets ${jsonencode(flatten([for sidecar in var.sidecars : values(sidecar.secrets)]))} must name secrets with letters, digits and /_+=.@-, without a hyphen and six characters at the end, or give whole ARNs."
  }
}

variable "pre_deployment" {
  description = "A command that has to end well before the service is deployed, such as a migration: run once, as a task of its own, with the service's new image, variables, secrets and role. Null: nothing goes first."
  type = object({
    command = list(string)
    timeout = optional(number, 900)
  })
  default = null

  validation {
    condition     = try(length(var.pre_deployment.command) >= 1 && alltrue([for part in var.pre_deployment.command : length(part) >= 1]), var.pre_deployment == null)
    error_message = "pre_deployment.command ${jsonencode(try(var.pre_deployment.command, []))} must be a program and its arguments."
  }
  validation {
    condition     = try(var.pre_deployment.timeout >= 10 && var.pre_deployment.timeout <= 3600 && floor(var.pre_deployment.timeout) == var.pre_deployment.timeout, var.pre_deployment == null)
    error_message = "pre_deployment.timeout ${try(var.pre_deployment.timeout, 0)} must be 10 to 3600 whole seconds."
  }
  validation {
    condition     = var.pre_deployment == null || var.image.owner == "git"
    error_message = "pre_deployment needs image.owner git, but it is ${var.image.owner}: a pipeline that deploys would not run the command first."
  }
}

variable "alarms" {
  description = "When alarms ring: mean CPU and memory use (percent) over five minutes, and answers with a 5xx in a minute, three minutes in a row."
  type = object({
    cpu           = optional(number, 85)
    memory        = optional(number, 85)
    server_errors = optional(number, 10)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for threshold in [var.alarms.cpu, var.alarms.memory] : threshold > 0 && threshold <= 100])
    error_message = "alarms.cpu ${var.alarms.cpu} and alarms.memory ${var.alarms.memory} are percentages: above 0, at most 100."
  }
  validation {
    condition     = var.alarms.server_errors >= 0
    error_message = "alarms.server_errors ${var.alarms.server_errors} must not be negative."
  }
}
