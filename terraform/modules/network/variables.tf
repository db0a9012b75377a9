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

variable "network" {
  description = "Address range (/16 to /20), three availability zones and NAT mode: one_per_az, single, or none with interface endpoints in its place."
  type = object({
    cidr               = string
    availability_zones = list(string)
    nat                = optional(string, "one_per_az")
  })
  nullable = false

  validation {
    condition     = try(cidrsubnet(var.network.cidr, 0, 0) == var.network.cidr, false) && can(regex("^[0-9.]+/(1[6-9]|20)$", var.network.cidr))
    error_message = "network.cidr \"${var.network.cidr}\" must be an IPv4 network address of /16 to /20."
  }
  validation {
    condition     = length(distinct(var.network.availability_zones)) == 3 && length(var.network.availability_zones) == 3
    error_message = "network.availability_zones ${jsonencode(var.network.availability_zones)} must be three different zones."
  }
  validation {
    condition     = alltrue([for zone in var.network.availability_zones : startswith(zone, var.environment.region)])
    error_message = "network.availability_zones ${jsonencode(var.network.availability_zones)} must lie in region ${var.environment.region}."
  }
  validation {
    condition     = contains(["one_per_az", "single", "none"], var.network.nat)
    error_message = "network.nat \"${var.network.nat}\" must be one_per_az, single or none."
  }
  validation {
    condition     = var.environment.tier != "prod" || var.network.nat == "one_per_az"
    error_message = "network.nat \"${var.network.nat}\" is not allowed in tier prod: the loss of one zone must not cut off the others, so it must be one_per_az."
  }
}

variable "logs_key_arn" {
  description = "The KMS key that encrypts the flow logs."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.logs_key_arn))
    error_message = "logs_key_arn \"${var.logs_key_arn}\" must be the ARN of a KMS key."
  }
}
