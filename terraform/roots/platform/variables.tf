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

variable "tags" {
  description = "Who owns the environment, which cost center pays for it and what compliance class it has: mandatory tags of every resource in it."
  type = object({
    owner       = string
    cost_center = string
    compliance  = string
  })
  nullable = false

  validation {
    condition     = alltrue([for value in values(var.tags) : can(regex("^[\\p{L}\\p{N} _.:/=+@-]{1,256}$", value))])
    error_message = "tags.owner, tags.cost_center and tags.compliance must be 1 to 256 characters that AWS allows in tag values; got ${jsonencode(var.tags)}."
  }
}

variable "network" {
  description = "Address range, three availability zones and NAT mode (one_per_az, single or none) of the environment's VPC, and the networks that it is peered with."
  type = object({
    cidr               = string
    availability_zones = list(string)
    nat                = optional(string, "one_per_az")
    peerings = optional(map(object({
      vpc_id        = optional(string)
      connection_id = optional(string)
      cidr          = string
      account_id    = optional(string)
      accepted      = optional(bool, false)
      callers       = optional(bool, false)
    })), {})
    allow_prod_peering = optional(bool, false)
  })
  nullable = false
}

variable "alb" {
  description = "The certificate that the public load balancer presents, whether a firewall stands in front of it, whether AWS's rule groups block or count there, and how many requests one address may send in five minutes."
  type = object({
    certificate_arn = string
    firewall        = optional(bool, true)
    firewall_mode   = optional(string, "block")
    rate_limit      = optional(number, 2000)
  })
  nullable = false
}

variable "cluster" {
  description = "Container Insights level (enabled or enhanced; the tier's own where none is given), and whether services outside production may run on Fargate Spot."
  type = object({
    insights = optional(string)
    spot     = optional(bool, false)
  })
  default  = {}
  nullable = false
}

variable "delivery" {
  description = "The connection to the forge that pipelines fetch from; its handshake is made by hand, once per account."
  type        = object({ connection_arn = optional(string) })
  default     = {}
  nullable    = false

  validation {
    condition     = var.delivery.connection_arn == null || can(regex("^arn:aws[a-z-]*:(codeconnections|codestar-connections):", var.delivery.connection_arn))
    error_message = "delivery.connection_arn \"${coalesce(var.delivery.connection_arn, "-")}\" must be the ARN of a CodeConnections connection."
  }
}

variable "kafka" {
  description = "Where the Kafka brokers are: their security group, their address ranges, or both; without them clients may reach Kafka's ports inside the VPC only."
  type = object({
    broker_security_group_id = optional(string)
    broker_cidrs             = optional(list(string), [])
  })
  default  = {}
  nullable = false
}

variable "subscribers" {
  description = "Mail addresses that hear of alarms, and of deliveries (pipelines that fail, succeed or wait for approval)."
  type = object({
    alarms     = optional(list(string), [])
    deliveries = optional(list(string), [])
  })
  default  = {}
  nullable = false
}

variable "secrets" {
  description = "Secrets by name, which gets the environment's in front, without values. Each is rotated by a Lambda function every so many days, or says why it is not."
  type = map(object({
    rotation = optional(object({
      lambda_arn = string
      days       = optional(number, 30)
    }))
    rotation_exempt_reason = optional(string)
  }))
  default  = {}
  nullable = false
}

variable "data_resources" {
  description = "ARNs, with wildcards, of tables, queues, topics, buckets, streams, buses and Kafka resources that services may use although their names do not begin with the environment's, and of secrets, parameters and keys of other accounts."
  type        = list(string)
  default     = []
  nullable    = false
}
