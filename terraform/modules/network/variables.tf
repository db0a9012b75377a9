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
  description = "Address range (/16 to /20), three availability zones and NAT mode: one_per_az, single, or none with interface endpoints in its place. Peerings, by name, lead to other networks of the region: a peering is requested with `vpc_id`, or accepted with `connection_id` where the other network requested it. `accepted` says that the other side did, `callers` that addresses of the other network may call internal services."
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
    condition     = !contains(["one_per_az", "single", "none"], var.network.nat) || contains(module.settings.settings.nat_modes, var.network.nat)
    error_message = "network.nat \"${var.network.nat}\" is not allowed in tier ${var.environment.tier}: it must be ${join(" or ", module.settings.settings.nat_modes)}, because the loss of one zone must not cut off the others."
  }
  validation {
    condition     = var.environment.tier != "prod" || var.network.allow_prod_peering || length(var.network.peerings) == 0
    error_message = "network.peerings ${jsonencode(keys(var.network.peerings))} would join tier prod with another network; network.allow_prod_peering must be true for that."
  }
  validation {
    condition     = length(var.network.peerings) <= 10 && alltrue([for name, peer in var.network.peerings : can(regex("^[a-z0-9-]{1,32}$", name)) && can(regex("^[0-9]{12}$", coalesce(peer.account_id, "000000000000")))])
    error_message = "network.peerings ${jsonencode(var.network.peerings)} must be at most 10, with names of lower-case letters, digits and hyphens, and accounts of 12 digits where they are another's."
  }
  validation {
    condition     = alltrue([for peer in values(var.network.peerings) : (peer.vpc_id == null) != (peer.connection_id == null) && can(regex("^(vpc|pcx)-[0-9a-f]+$", coalesce(peer.vpc_id, peer.connection_id, "-"))) && startswith(coalesce(peer.vpc_id, "vpc-"), "vpc-")])
    error_message = "network.peerings ${jsonencode(var.network.peerings)} must each have either the vpc_id of the network that is asked, or the connection_id (pcx-…) of a peering that this environment accepts."
  }
  validation {
    condition     = alltrue([for peer in values(var.network.peerings) : try(cidrsubnet(peer.cidr, 0, 0) == peer.cidr, false) && can(regex("/(8|9|[12][0-9])$", peer.cidr))])
    error_message = "network.peerings ${jsonencode({ for name, peer in var.network.peerings : name => peer.cidr })} must have network addresses of /8 to /29."
  }
  validation {
    condition = try(alltrue([
      for pair in setproduct(concat([var.network.cidr], [for peer in values(var.network.peerings) : peer.cidr]), [for peer in values(var.network.peerings) : peer.cidr]) :
      pair[0] == pair[1] || cidrhost("${split("/", pair[0])[0]}/${min([for cidr in pair : tonumber(split("/", cidr)[1])]...)}", 0) != cidrhost("${split("/", pair[1])[0]}/${min([for cidr in pair : tonumber(split("/", cidr)[1])]...)}", 0)
    ]) && length(distinct(concat([var.network.cidr], [for peer in values(var.network.peerings) : peer.cidr]))) == length(var.network.peerings) + 1, true)
    error_message = "network.peerings ${jsonencode({ for name, peer in var.network.peerings : name => peer.cidr })} and network.cidr ${var.network.cidr} must not overlap."
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

variable "permissions_boundary_arn" {
  description = "The permissions boundary of the role that writes flow logs; null where the environment has none."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:policy/.+$", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn \"${coalesce(var.permissions_boundary_arn, "-")}\" must be the ARN of an IAM policy."
  }
}
