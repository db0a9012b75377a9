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
  description = "The VPC that the shared security groups live in, and its address range."
  type = object({
    id   = string
    cidr = string
  })
  nullable = false

  validation {
    condition     = can(cidrhost(var.vpc.cidr, 0))
    error_message = "vpc.cidr \"${var.vpc.cidr}\" must be an IPv4 network."
  }
}

variable "broker_security_group_id" {
  description = "The security group of the Kafka brokers; null lets clients reach Kafka's ports anywhere in the VPC."
  type        = string
  default     = null

  validation {
    condition     = var.broker_security_group_id == null || can(regex("^sg-[0-9a-f]+$", var.broker_security_group_id))
    error_message = "broker_security_group_id \"${coalesce(var.broker_security_group_id, "-")}\" must be the id of a security group."
  }
}
