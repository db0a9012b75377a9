# Rules of a public service at the load balancer, and how it spreads requests over tasks.

variable "routing" {
  description = "Path patterns, priority and further conditions of the service's listener rule, how long (seconds) a task that leaves may finish its requests, more `rules` (with `redirect`, the request is sent elsewhere), and how requests are spread over tasks; null unless the service is public."
  type = object({
    paths    = list(string)
    priority = number
    hosts    = optional(list(string), [])
    headers  = optional(map(list(string)), {})
    methods  = optional(list(string), [])
    query    = optional(map(list(string)), {})
    sources  = optional(list(string), [])
    rules = optional(map(object({
      paths    = list(string)
      priority = number
      hosts    = optional(list(string), [])
      headers  = optional(map(list(string)), {})
      methods  = optional(list(string), [])
      query    = optional(map(list(string)), {})
      sources  = optional(list(string), [])
      redirect = optional(object({
        host        = optional(string)
        path        = optional(string)
        query       = optional(string)
        port        = optional(string)
        status_code = optional(string, "HTTP_302")
      }))
    })), {})
    deregistration_delay = optional(number, 30)
    stickiness = optional(object({
      duration = number
      cookie   = optional(string)
    }))
    slow_start       = optional(number)
    algorithm        = optional(string)
    protocol_version = optional(string)
  })
  default = null

  validation {
    condition     = (var.routing != null) == (var.service.type == "public")
    error_message = "service \"${var.service.name}\" is ${var.service.type}: a public service needs routing, an internal one must not have it."
  }
  validation {
    condition     = try(var.routing.priority >= 1 && var.routing.priority <= 50000 && floor(var.routing.priority) == var.routing.priority, var.routing == null)
    error_message = "routing.priority ${try(var.routing.priority, 0)} must be a whole number from 1 to 50000."
  }
  validation {
    condition     = try(length(var.routing.paths) >= 1 && length(var.routing.paths) <= 5 && alltrue([for path in var.routing.paths : can(regex("^/[A-Za-z0-9_.$/~\"'@:+&*?-]{0,127}$", path))]), var.routing == null)
    error_message = "routing.paths ${jsonencode(try(var.routing.paths, []))} must be 1 to 5 patterns of at most 128 characters that begin with / and hold only characters a listener rule allows."
  }
  validation {
    condition     = try(var.routing.deregistration_delay >= 0 && var.routing.deregistration_delay <= 900 && floor(var.routing.deregistration_delay) == var.routing.deregistration_delay, var.routing == null)
    error_message = "routing.deregistration_delay ${try(var.routing.deregistration_delay, 0)} must be 0 to 900 whole seconds, as long as a deployment may take."
  }
  validation {
    condition     = alltrue([for rule in try(concat([var.routing], values(var.routing.rules)), []) : length(rule.paths) + length(rule.hosts) + length(rule.methods) + length(rule.sources) + length(flatten(values(rule.headers))) + length(flatten(values(rule.query))) <= 5])
    error_message = "routing.rules ${jsonencode(try(var.routing.rules, {}))}: a rule has at most 5 values in all its conditions."
  }
  validation {
    condition     = alltrue([for rule in try(concat([var.routing], values(var.routing.rules)), []) : rule.priority >= 1 && rule.priority <= 50000 && floor(rule.priority) == rule.priority && length(rule.paths) >= 1 && alltrue([for path in rule.paths : startswith(path, "/") && length(path) <= 128])])
    error_message = "routing.rules ${jsonencode(try(var.routing.rules, {}))} must have priorities from 1 to 50000 and paths that begin with /, of at most 128 characters."
  }
  validation {
    condition     = length(distinct([for rule in try(concat([var.routing], values(var.routing.rules)), []) : rule.priority])) == length(try(concat([var.routing], values(var.routing.rules)), []))
    error_message = "routing.rules ${jsonencode(try(var.routing.rules, {}))}: a priority exists once, but these are ${jsonencode([for rule in try(concat([var.routing], values(var.routing.rules)), []) : rule.priority])}."
  }
  validation {
    condition     = alltrue([for rule in try(concat([var.routing], values(var.routing.rules)), []) : alltrue([for host in rule.hosts : can(regex("^([a-z0-9*?-]+[.])+[a-z]+$", host))])])
    error_message = "routing.hosts ${jsonencode(flatten([for rule in try(concat([var.routing], values(var.routing.rules)), []) : rule.hosts]))} must be hosts in lower case, such as shop.example.com or *.example.com."
  }
  validation {
    condition     = try(var.routing.stickiness, null) == null || try(var.routing.stickiness.duration >= 1 && var.routing.stickiness.duration <= 604800, false)
    error_message = "routing.stickiness.duration ${try(var.routing.stickiness.duration, 0)} must be 1 to 604800 seconds."
  }
  validation {
    condition     = try(var.routing.slow_start, null) == null || try(var.routing.slow_start >= 30 && var.routing.slow_start <= 900 && coalesce(var.routing.algorithm, "round_robin") == "round_robin", false)
    error_message = "routing.slow_start ${coalesce(try(var.routing.slow_start, null), 0)} must be 30 to 900 seconds, with the algorithm round_robin."
  }
  validation {
    condition     = contains(["round_robin", "least_outstanding_requests", "weighted_random"], coalesce(try(var.routing.algorithm, null), "round_robin"))
    error_message = "routing.algorithm \"${coalesce(try(var.routing.algorithm, null), "-")}\" must be round_robin, least_outstanding_requests or weighted_random."
  }
  validation {
    condition     = contains(["HTTP1", "HTTP2", "GRPC"], coalesce(try(var.routing.protocol_version, null), "HTTP1"))
    error_message = "routing.protocol_version \"${coalesce(try(var.routing.protocol_version, null), "-")}\" must be HTTP1, HTTP2 or GRPC."
  }
}
