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

variable "vpc" {
  description = "The VPC of the load balancer: its id, its address range and the public subnets."
  type = object({
    id                = string
    cidr              = string
    public_subnet_ids = list(string)
  })
  nullable = false

  validation {
    condition     = length(var.vpc.public_subnet_ids) >= 2
    error_message = "vpc.public_subnet_ids has ${length(var.vpc.public_subnet_ids)} entries; a load balancer needs at least 2."
  }
}

variable "certificate_arn" {
  description = "The certificate that the HTTPS listener presents."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/.+$", var.certificate_arn))
    error_message = "certificate_arn \"${var.certificate_arn}\" must be the ARN of an ACM certificate."
  }
}

variable "access_logs" {
  description = "The bucket for access logs, which must be encrypted with S3's own keys, and the prefix in it that load balancers may write to."
  type = object({
    bucket = string
    prefix = string
  })
  nullable = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9/-]*[a-z0-9]$", var.access_logs.prefix))
    error_message = "access_logs.prefix \"${var.access_logs.prefix}\" must be lower-case letters, digits, hyphens and slashes, with a letter or digit at both ends."
  }
}

variable "firewall" {
  description = "Whether a firewall stands in front of the load balancer."
  type        = bool
  default     = true
  nullable    = false

  validation {
    condition     = contains([true, false], var.firewall)
    error_message = "firewall ${var.firewall} must be true or false."
  }
}

variable "firewall_mode" {
  description = "What AWS's rule groups do with a request that they match: block it, or count it, which is the way to learn what they would block. Known exploits and the limit per address are blocked in either mode."
  type        = string
  default     = "block"
  nullable    = false

  validation {
    condition     = contains(["block", "count"], var.firewall_mode)
    error_message = "firewall_mode \"${var.firewall_mode}\" must be block or count."
  }
}

variable "rate_limit" {
  description = "How many requests one address may send in five minutes before the firewall blocks it."
  type        = number
  default     = 2000
  nullable    = false

  validation {
    condition     = var.rate_limit >= 10 && var.rate_limit <= 2000000000 && floor(var.rate_limit) == var.rate_limit
    error_message = "rate_limit ${var.rate_limit} must be a whole number from 10 to 2000000000."
  }
}

variable "logs_key_arn" {
  description = "The KMS key that encrypts the firewall's log."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.logs_key_arn))
    error_message = "logs_key_arn \"${var.logs_key_arn}\" must be the ARN of a KMS key."
  }
}
