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

variable "aws" {
  description = "How the provider reaches the account: the role it assumes, if any, and path-style S3 addresses for endpoints that are not AWS's own."
  type = object({
    role_arn          = optional(string)
    s3_use_path_style = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.aws.role_arn == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$", var.aws.role_arn))
    error_message = "aws.role_arn \"${coalesce(var.aws.role_arn, "-")}\" must be the ARN of an IAM role."
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
}

variable "image" {
  description = "Who owns the image (git or pipeline), the image to run, and the name of the secret with which ECS logs in at its registry. Without a URI nothing was pushed yet: the service exists with a desired count of 0."
  type = object({
    owner       = string
    uri         = optional(string)
    credentials = optional(string)
  })
  nullable = false
}

variable "resources" {
  description = "CPU units and memory (MiB) of a task: one of the pairs that Fargate offers."
  type = object({
    cpu    = number
    memory = number
  })
  nullable = false
}

variable "port" {
  description = "The port that the container listens on. Null: an internal service is a worker, which nothing calls; a public one listens where its runtime usually does, 3000 for nodejs and 8000 for python; any other has to say it."
  type        = number
  default     = null
}

variable "admitted_ports" {
  description = "Further ports at which callers are let in. When `port` changes, name the former one here until the rollout has ended, so that tasks that still run, or that a rollback starts, are reached; the reconciler does."
  type        = list(number)
  default     = []
  nullable    = false
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
}

variable "routing" {
  description = "Path patterns and priority of the service's listener rule, and how long (seconds) a task that leaves may finish its requests; null unless the service is public."
  type = object({
    paths                = list(string)
    priority             = number
    deregistration_delay = optional(number, 30)
  })
  default = null
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
  })
  default = null
}

variable "environment_variables" {
  description = "Environment variables of the container, in clear text."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "secrets" {
  description = "Environment variables whose values ECS takes from Secrets Manager: variable name to secret name."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "kafka" {
  description = "Kafka brokers (host:port) the service talks to, handed to it as KAFKA_BOOTSTRAP_SERVERS; null without Kafka."
  type        = object({ brokers = list(string) })
  default     = null
}

variable "admitted_secrets" {
  description = "Further names of secrets with which tasks may be started. When one leaves `secrets`, name it here until the rollout has ended, so that tasks of the former revision that end, or that a rollback starts, come up; the reconciler does."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "runtime_secrets" {
  description = "Names of secrets in Secrets Manager that the code reads itself while it runs. Its task role may read these and no other."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "stop_timeout" {
  description = "Seconds between SIGTERM and SIGKILL when ECS stops the service's own container. Null: the default of ECS, 30."
  type        = number
  default     = null
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
}

variable "pre_deployment" {
  description = "A command that has to end well before the service is deployed, such as a migration: run once, as a task of its own, with the service's new image, variables, secrets and role. Null: nothing goes first."
  type = object({
    command = list(string)
    timeout = optional(number, 900)
  })
  default = null
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
}
