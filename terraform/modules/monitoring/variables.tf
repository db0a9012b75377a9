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

variable "subscribers" {
  description = "Mail addresses that hear of alarms, and of deliveries (pipelines that fail, succeed or wait for approval)."
  type = object({
    alarms     = optional(list(string), [])
    deliveries = optional(list(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for email in concat(var.subscribers.alarms, var.subscribers.deliveries) : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s.]+$", email))])
    error_message = "subscribers.alarms and subscribers.deliveries must be mail addresses; got ${jsonencode(var.subscribers)}."
  }
  validation {
    condition     = alltrue([for emails in values(var.subscribers) : length(distinct(emails)) == length(emails)])
    error_message = "subscribers.alarms and subscribers.deliveries must not name an address twice; got ${jsonencode(var.subscribers)}."
  }
}

variable "cluster_name" {
  description = "The cluster whose services are watched."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,255}$", var.cluster_name))
    error_message = "cluster_name \"${var.cluster_name}\" must be letters, digits, hyphens and underscores."
  }
}

variable "alb_arn_suffix" {
  description = "The load balancer, as its metrics name it: app/<name>/<id>."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^app/[A-Za-z0-9-]+/[0-9a-f]+$", var.alb_arn_suffix))
    error_message = "alb_arn_suffix \"${var.alb_arn_suffix}\" must be app/<name>/<id>."
  }
}

variable "firewall" {
  description = "Whether a firewall stands in front of the load balancer, so that what it blocks is watched."
  type        = bool
  default     = true
  nullable    = false

  validation {
    condition     = contains([true, false], var.firewall)
    error_message = "firewall ${var.firewall} must be true or false."
  }
}

variable "nat_gateway_ids" {
  description = "Ids of the NAT gateways, by availability zone; empty without NAT."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for id in values(var.nat_gateway_ids) : can(regex("^nat-[0-9a-f]+$", id))])
    error_message = "nat_gateway_ids ${jsonencode(var.nat_gateway_ids)} must be ids of NAT gateways."
  }
}
