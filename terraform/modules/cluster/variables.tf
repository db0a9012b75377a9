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

variable "cluster" {
  description = "Container Insights level (enabled or enhanced; the tier's own where none is given), and whether services outside production may run on Fargate Spot."
  type = object({
    insights = optional(string)
    spot     = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.cluster.insights == null ? true : contains(["enabled", "enhanced"], var.cluster.insights)
    error_message = "cluster.insights \"${var.cluster.insights == null ? "-" : var.cluster.insights}\" must be enabled or enhanced."
  }
  validation {
    condition     = !var.cluster.spot || module.settings.settings.spot_weight > 0
    error_message = "cluster.spot ${var.cluster.spot} is not allowed in tier ${var.environment.tier}, where AWS must not take tasks away."
  }
}

variable "vpc_id" {
  description = "The VPC in which the private names of the services resolve."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^vpc-[0-9a-f]+$", var.vpc_id))
    error_message = "vpc_id \"${var.vpc_id}\" must be the id of a VPC."
  }
}

variable "kms" {
  description = "The KMS keys for exec sessions and ephemeral storage (ecs) and for logs."
  type = object({
    ecs  = string
    logs = string
  })
  nullable = false

  validation {
    condition     = alltrue([for arn in values(var.kms) : can(regex("^arn:aws[a-z-]*:kms:", arn))])
    error_message = "kms ${jsonencode(var.kms)} must hold ARNs of KMS keys."
  }
}
