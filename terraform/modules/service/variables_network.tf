variable "network" {
  description = "Security groups that tasks wear beside the module's, ways out beside HTTPS and the networks of the VPC, and Service Connect: with `connect`, tasks call others by their aliases, and with its `alias` they are called."
  type = object({
    security_groups = optional(list(string), [])
    egress = optional(list(object({
      cidr     = optional(string)
      group    = optional(string)
      protocol = optional(string, "tcp")
      from     = number
      to       = number
    })), [])
    connect = optional(object({
      alias           = optional(string)
      port            = optional(number)
      protocol        = optional(string)
      idle_timeout    = optional(number)
      request_timeout = optional(number)
    }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = length(var.network.security_groups) <= 2 && alltrue([for group in var.network.security_groups : can(regex("^sg-[0-9a-f]+$", group))])
    error_message = "network.security_groups ${jsonencode(var.network.security_groups)} must be at most two ids such as sg-0123456789abcdef0: a task wears five groups at most."
  }
  validation {
    condition     = alltrue([for way in var.network.egress : (way.cidr == null) != (way.group == null) && (way.cidr == null || can(cidrhost(way.cidr, 0)))])
    error_message = "network.egress ${jsonencode(var.network.egress)} must each have a cidr or a group, and not both."
  }
  validation {
    condition     = alltrue([for way in var.network.egress : way.from >= 1 && way.from <= way.to && way.to <= 65535 && contains(["tcp", "udp"], way.protocol)])
    error_message = "network.egress ${jsonencode(var.network.egress)} must have ports from 1 to 65535 and the protocol tcp or udp."
  }
  validation {
    condition     = try(var.network.connect.alias, null) == null || try(can(regex("^[a-z][a-z0-9-]*$", var.network.connect.alias)) && (var.port != null || var.service.type == "public"), false)
    error_message = "network.connect.alias \"${coalesce(try(var.network.connect.alias, null), "-")}\" must be a DNS label, of a service with a port."
  }
  validation {
    condition     = contains(["http", "http2", "grpc", "tcp"], coalesce(try(var.network.connect.protocol, null), "tcp"))
    error_message = "network.connect.protocol \"${coalesce(try(var.network.connect.protocol, null), "-")}\" must be http, http2, grpc or tcp."
  }
}
