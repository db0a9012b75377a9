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

variable "job" {
  description = "The job: its name, and labels that become tags."
  type = object({
    name   = string
    labels = optional(map(string), {})
  })
  nullable = false

  validation {
    condition     = length(var.job.name) <= 24 && can(regex("^[a-z0-9]+(-[a-z0-9]+)*$", var.job.name))
    error_message = "job.name \"${var.job.name}\" must be at most 24 characters: lower-case letters, digits and single hyphens between them."
  }
  validation {
    condition     = alltrue([for key, value in var.job.labels : can(regex("^[\\p{L}\\p{N} _.:/=+@-]{1,122}$", key)) && can(regex("^[\\p{L}\\p{N} _.:/=+@-]{0,256}$", value))])
    error_message = "job.labels become tags: keys of 1 to 122 and values of at most 256 characters that AWS allows in tags; got ${jsonencode(var.job.labels)}."
  }
  validation {
    condition     = length(var.job.labels) <= 30
    error_message = "job.labels has ${length(var.job.labels)} entries; at most 30 fit beside the mandatory tags."
  }
}
