variable "image" {
  description = "The image: the whole address of one (`uri`), or the service of this environment whose repository it is in, with a colon and the tag, or an at sign and the digest (`version`)."
  type = object({
    uri     = optional(string)
    service = optional(string)
    version = optional(string)
  })
  nullable = false

  validation {
    condition     = (var.image.uri == null) != (var.image.service == null) && (var.image.service == null) == (var.image.version == null)
    error_message = "image ${jsonencode(var.image)} must have either uri, or service and version."
  }
  validation {
    condition     = var.image.uri == null || can(regex("^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})$", var.image.uri))
    error_message = "image.uri \"${coalesce(var.image.uri, "-")}\" must be registry/repository with a tag or a digest."
  }
  validation {
    condition     = var.image.service == null || can(regex("^[a-z0-9]+(-[a-z0-9]+)*$", var.image.service))
    error_message = "image.service \"${coalesce(var.image.service, "-")}\" must be the name of a service: lower-case letters, digits and single hyphens between them."
  }
  validation {
    condition     = var.image.version == null || can(regex("^(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})$", var.image.version))
    error_message = "image.version \"${coalesce(var.image.version, "-")}\" must be a colon and a tag, or an at sign and a digest."
  }
}

variable "runtime" {
  description = "The runtime in the image, nodejs or python, whose variables the container gets; null: no variables."
  type        = string
  default     = null

  validation {
    condition     = var.runtime == null || contains(["nodejs", "python"], coalesce(var.runtime, "-"))
    error_message = "runtime \"${coalesce(var.runtime, "-")}\" must be nodejs or python."
  }
}

variable "resources" {
  description = "CPU units and memory (MiB) of a task: one of the pairs that Fargate offers."
  type = object({
    cpu    = number
    memory = number
  })
  nullable = false

  validation {
    condition     = contains(lookup(local.fargate_memory, tostring(var.resources.cpu), []), var.resources.memory)
    error_message = "resources.memory ${var.resources.memory} is not valid for resources.cpu ${var.resources.cpu} on Fargate; ${contains(keys(local.fargate_memory), tostring(var.resources.cpu)) ? "with this cpu memory can be ${join(", ", lookup(local.fargate_memory, tostring(var.resources.cpu), []))}" : "cpu can be ${join(", ", keys(local.fargate_memory))}"}."
  }
}

variable "command" {
  description = "The program and its arguments; none: those of the image."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for part in var.command : length(part) >= 1])
    error_message = "command ${jsonencode(var.command)} must not have empty parts."
  }
}

variable "environment_variables" {
  description = "Environment variables of the container, in clear text."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.environment_variables) : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name))])
    error_message = "environment_variables must have names of letters, digits and underscores; got ${jsonencode(keys(var.environment_variables))}."
  }
  validation {
    condition     = !anytrue([for name in keys(var.environment_variables) : can(regex("(?i)(password|secret|token|api_?key|private_?key)", name))])
    error_message = "environment_variables ${jsonencode([for name in keys(var.environment_variables) : name if can(regex("(?i)(password|secret|token|api_?key|private_?key)", name))])} look like credentials, which everybody who reads the task definition would see: put them into secrets."
  }
}

variable "secrets" {
  description = "Environment variables whose values ECS takes from Secrets Manager: variable name to secret name."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.secrets) : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name))])
    error_message = "secrets must have variable names of letters, digits and underscores; got ${jsonencode(keys(var.secrets))}."
  }
  validation {
    condition     = length(setintersection(keys(var.secrets), keys(var.environment_variables))) == 0
    error_message = "secrets and environment_variables both define ${jsonencode(setintersection(keys(var.secrets), keys(var.environment_variables)))}."
  }
  validation {
    condition     = alltrue([for secret in values(var.secrets) : can(regex("^[A-Za-z0-9/_+=.@-]{1,512}$", secret))])
    error_message = "secrets must name secrets with letters, digits and /_+=.@-; got ${jsonencode(values(var.secrets))}."
  }
  validation {
    condition     = !anytrue([for secret in values(var.secrets) : can(regex("-[A-Za-z0-9]{6}$", secret))])
    error_message = "secrets ${jsonencode([for secret in values(var.secrets) : secret if can(regex("-[A-Za-z0-9]{6}$", secret))])} end with a hyphen and six characters, which Secrets Manager mistakes for the end of a full ARN and then does not find: rename them."
  }
}

variable "runtime_secrets" {
  description = "Names of secrets in Secrets Manager that the code reads itself while it runs. Its task role may read these and no other."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for secret in var.runtime_secrets : can(regex("^[A-Za-z0-9/_+=.@-]{1,512}$", secret))])
    error_message = "runtime_secrets must name secrets with letters, digits and /_+=.@-; got ${jsonencode(var.runtime_secrets)}."
  }
  validation {
    condition     = !anytrue([for secret in var.runtime_secrets : can(regex("-[A-Za-z0-9]{6}$", secret))])
    error_message = "runtime_secrets ${jsonencode([for secret in var.runtime_secrets : secret if can(regex("-[A-Za-z0-9]{6}$", secret))])} end with a hyphen and six characters, which Secrets Manager mistakes for the end of a full ARN: rename them."
  }
}

variable "schedule" {
  description = "When runs start: a schedule expression of EventBridge Scheduler, its time zone, and whether it is enabled. Null: only on demand."
  type = object({
    expression = string
    timezone   = optional(string, "UTC")
    enabled    = optional(bool, true)
  })
  default = null

  validation {
    condition     = var.schedule == null || can(regex("^(cron|rate|at)\\(.+\\)$", try(var.schedule.expression, "")))
    error_message = "schedule.expression \"${try(var.schedule.expression, "-")}\" must be cron(…), rate(…) or at(…)."
  }
  validation {
    condition     = var.schedule == null || can(regex("^[A-Za-z0-9_+/-]{1,50}$", try(var.schedule.timezone, "")))
    error_message = "schedule.timezone \"${try(var.schedule.timezone, "-")}\" must be a time zone such as Europe/Berlin."
  }
}

variable "runs" {
  description = "The runs: seconds after which one is stopped, how often a failed one is tried again, and whether one may begin while another one goes on (concurrency: forbid or allow)."
  type = object({
    timeout     = optional(number, 1800)
    retries     = optional(number, 0)
    concurrency = optional(string, "forbid")
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.runs.timeout >= 60 && var.runs.timeout <= 604800 && floor(var.runs.timeout) == var.runs.timeout
    error_message = "runs.timeout ${var.runs.timeout} must be 60 to 604800 whole seconds."
  }
  validation {
    condition     = var.runs.retries >= 0 && var.runs.retries <= 10 && floor(var.runs.retries) == var.runs.retries
    error_message = "runs.retries ${var.runs.retries} must be a whole number from 0 to 10."
  }
  validation {
    condition     = contains(["forbid", "allow"], var.runs.concurrency)
    error_message = "runs.concurrency \"${var.runs.concurrency}\" must be forbid or allow."
  }
}
