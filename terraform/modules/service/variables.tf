variable "environment" {
  description = "Where this runs. Names of resources start with `name`; behaviour follows `tier`, never the name."
  type = object({
    name       = string
    tier       = string
    account_id = string
    region     = string
    partition  = optional(string, "aws")
  })
  nullable = false

  validation {
    condition     = length(var.environment.name) <= 16 && can(regex("^[a-z0-9]+(-[a-z0-9]+)*$", var.environment.name))
    error_message = "environment.name \"${var.environment.name}\" must be at most 16 characters: lower-case letters, digits and single hyphens between them."
  }
  validation {
    condition     = !startswith("${var.environment.name}-", "internal-")
    error_message = "environment.name \"${var.environment.name}\" must not be or begin with \"internal-\": AWS refuses such names for load balancers."
  }
  validation {
    condition     = contains(["develop", "test", "qa", "prod"], var.environment.tier)
    error_message = "environment.tier \"${var.environment.tier}\" must be develop, test, qa or prod."
  }
  validation {
    condition     = can(regex("^[0-9]{12}$", var.environment.account_id))
    error_message = "environment.account_id \"${var.environment.account_id}\" must be the 12 digits of an AWS account."
  }
  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.environment.region))
    error_message = "environment.region \"${var.environment.region}\" must be an AWS region, for example eu-central-1."
  }
  validation {
    condition     = contains(["aws", "aws-cn", "aws-us-gov"], var.environment.partition)
    error_message = "environment.partition \"${var.environment.partition}\" must be aws, aws-cn or aws-us-gov."
  }
}

variable "platform" {
  description = "What the environment's platform offers: the output `platform` of the platform root, whole."
  type = object({
    schema_version     = number
    vpc_id             = string
    vpc_cidr           = string
    private_subnet_ids = list(string)
    public_subnet_ids  = list(string)
    peer_cidrs         = optional(list(string), [])
    caller_cidrs       = optional(list(string), [])
    cluster = object({
      name = string
      arn  = string
      spot = optional(bool, false)
    })
    alb = object({
      arn               = string
      arn_suffix        = string
      dns_name          = string
      zone_id           = string
      listener_arn      = string
      security_group_id = string
    })
    service_discovery = object({
      namespace_id   = string
      namespace_name = string
    })
    kms = object({
      ecs     = string
      ecr     = string
      secrets = string
      logs    = string
      s3      = string
    })
    security_groups = object({
      internal_services = string
      kafka_client      = string
    })
    artifact_bucket          = object({ name = string, arn = string })
    alarm_topic_arn          = string
    notification_topic_arn   = string
    permissions_boundary_arn = optional(string)
    connection_arn           = optional(string)
    tags = object({
      owner       = string
      cost_center = string
      compliance  = string
    })
  })
  nullable = false

  validation {
    condition     = var.platform.schema_version == 1
    error_message = "platform.schema_version is ${var.platform.schema_version}; this module understands 1. Apply the platform and the services from the same source."
  }
}

variable "service" {
  description = "The service: its name, whether the load balancer (public) or Cloud Map (internal) leads to it, its runtime (null: nothing is assumed about the image), the repository it is built from, and labels that become tags."
  type = object({
    name       = string
    type       = string
    runtime    = optional(string)
    repository = string
    labels     = optional(map(string), {})
  })
  nullable = false

  validation {
    condition     = length(var.service.name) <= 24 && can(regex("^[a-z0-9]+(-[a-z0-9]+)*$", var.service.name))
    error_message = "service.name \"${var.service.name}\" must be at most 24 characters: lower-case letters, digits and single hyphens between them."
  }
  validation {
    condition     = contains(["public", "internal"], var.service.type)
    error_message = "service.type \"${var.service.type}\" must be public or internal."
  }
  validation {
    condition     = var.service.runtime == null || try(contains(local.runtime_names, var.service.runtime), false)
    error_message = "service.runtime \"${var.service.runtime == null ? "-" : var.service.runtime}\" must be one of ${join(", ", local.runtime_names)}, or null."
  }
  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+$", var.service.repository))
    error_message = "service.repository \"${var.service.repository}\" must be written owner/name."
  }
  validation {
    condition     = alltrue([for key, value in var.service.labels : can(regex("^[\\p{L}\\p{N} _.:/=+@-]{1,122}$", key)) && can(regex("^[\\p{L}\\p{N} _.:/=+@-]{0,256}$", value))])
    error_message = "service.labels become tags: keys of 1 to 122 and values of at most 256 characters that AWS allows in tags; got ${jsonencode(var.service.labels)}."
  }
  validation {
    condition     = length(var.service.labels) <= 30
    error_message = "service.labels has ${length(var.service.labels)} entries; at most 30 fit beside the mandatory tags."
  }
}

variable "image" {
  description = "Who owns the image (git or pipeline), the image to run, and the name of the secret with which ECS logs in at its registry. Without a URI nothing was pushed yet: the service exists with a desired count of 0."
  type = object({
    owner       = string
    uri         = optional(string)
    credentials = optional(string)
  })
  nullable = false

  validation {
    condition     = contains(["git", "pipeline"], var.image.owner)
    error_message = "image.owner \"${var.image.owner}\" must be git or pipeline."
  }
  validation {
    condition     = var.image.uri == null || can(regex("^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})$", var.image.uri))
    error_message = "image.uri \"${coalesce(var.image.uri, "-")}\" must be registry/repository with a tag or a digest."
  }
  validation {
    condition     = var.image.credentials == null || can(regex("^[A-Za-z0-9/_+=.@-]{1,512}$", var.image.credentials)) && !can(regex("-[A-Za-z0-9]{6}$", var.image.credentials))
    error_message = "image.credentials \"${coalesce(var.image.credentials, "-")}\" must name a secret with letters, digits and /_+=.@-, without a hyphen and six characters at the end."
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
  description = "Environment variables whose values ECS takes from Secrets Manager or SSM: variable name to a secret's name, or to an ARN, as ECS writes it with a part (NAME:key:stage:version)."
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
    condition     = alltrue([for secret in values(var.secrets) : can(regex(local.secret_reference, secret))])
    error_message = "secrets must name secrets with letters, digits and /_+=.@-, or give the whole ARN of a secret or parameter; got ${jsonencode(values(var.secrets))}."
  }
  validation {
    condition     = !anytrue([for secret in values(var.secrets) : can(regex(local.looks_like_arn, secret))])
    error_message = "secrets ${jsonencode([for secret in values(var.secrets) : secret if can(regex(local.looks_like_arn, secret))])} end with a hyphen and six characters, which Secrets Manager mistakes for the end of a full ARN and then does not find: rename them."
  }
}

variable "kafka" {
  description = "Kafka brokers (host:port) the service talks to, handed to it as KAFKA_BOOTSTRAP_SERVERS; null without Kafka."
  type        = object({ brokers = list(string) })
  default     = null

  validation {
    condition     = try(length(var.kafka.brokers) >= 1 && alltrue([for broker in var.kafka.brokers : can(regex("^[A-Za-z0-9.-]+:[0-9]{1,5}$", broker))]), var.kafka == null)
    error_message = "kafka.brokers ${jsonencode(try(var.kafka.brokers, []))} must be at least one host:port."
  }
}
