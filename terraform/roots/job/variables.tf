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

variable "job" {
  description = "The job: its name, and labels that become tags."
  type = object({
    name   = string
    labels = optional(map(string), {})
  })
  nullable = false
}

variable "image" {
  description = "The image: the whole address of one (`uri`), or the service of this environment whose repository it is in, with a colon and the tag, or an at sign and the digest (`version`)."
  type = object({
    uri     = optional(string)
    service = optional(string)
    version = optional(string)
  })
  nullable = false
}

variable "runtime" {
  description = "The runtime in the image, nodejs or python, whose variables the container gets; null: no variables."
  type        = string
  default     = null
}

variable "resources" {
  description = "CPU units and memory (MiB) of a task: one of the pairs that Fargate offers."
  type = object({
    cpu    = number
    memory = number
  })
  nullable = false
}

variable "command" {
  description = "The program and its arguments; none: those of the image."
  type        = list(string)
  default     = []
  nullable    = false
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

variable "runtime_secrets" {
  description = "Names of secrets in Secrets Manager that the code reads itself while it runs. Its task role may read these and no other."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "schedule" {
  description = "When runs start: a schedule expression of EventBridge Scheduler, its time zone, and whether it is enabled. Null: only on demand."
  type = object({
    expression = string
    timezone   = optional(string, "UTC")
    enabled    = optional(bool, true)
  })
  default = null
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
}
