variable "permissions" {
  description = "What the code may do in AWS: `grants` by service (s3, dynamodb, sqs, sns, events, kafka, ssm, kms, service, telemetry) and access (read, write, readwrite), with resources by name, without the environment's in front, or by ARN; `policies`, ARNs of managed policies by name. All of it within the environment's permissions boundary."
  type = object({
    grants   = optional(list(object({ service = string, access = string, resources = optional(list(string), []) })), [])
    policies = optional(map(string), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for grant in var.permissions.grants : contains(lookup(local.access_levels, grant.service, []), grant.access)])
    error_message = "permissions.grants must name a service and one of its levels of access, ${jsonencode(local.access_levels)}; got ${jsonencode([for grant in var.permissions.grants : "${grant.service} ${grant.access}"])}."
  }
  validation {
    condition     = alltrue([for grant in var.permissions.grants : (length(grant.resources) == 0) == (grant.service == "telemetry")])
    error_message = "permissions.grants must name resources for every service but telemetry, which has none; got ${jsonencode([for grant in var.permissions.grants : { (grant.service) = grant.resources }])}."
  }
  validation {
    # A name is put behind the environment's; an ARN is of its service. Neither is a wildcard alone, nor has one inside.
    condition     = alltrue(flatten([for grant in var.permissions.grants : [for resource in grant.resources : can(regex("^(arn:aws[a-z-]*:${grant.service}:[a-z0-9-]*:[0-9]*:)?[A-Za-z0-9][A-Za-z0-9._/-]*[*]?$", resource))]]))
    error_message = "permissions.grants must name resources with letters, digits and ._/-, a * at the end at most, or by an ARN of their service; got ${jsonencode(var.permissions.grants[*].resources)}."
  }
  validation {
    condition     = alltrue(flatten([for grant in var.permissions.grants : [for resource in grant.resources : can(regex("^[^/]+/[^/]+$|^arn:.*:topic/[^/]+/[^/]+/[^/]+$", resource))] if grant.service == "kafka"]))
    error_message = "permissions.grants must name topics of Kafka as cluster/topic or by ARN; got ${jsonencode([for grant in var.permissions.grants : grant.resources if grant.service == "kafka"])}."
  }
  validation {
    condition     = length(var.permissions.policies) <= 10 && alltrue([for arn in values(var.permissions.policies) : can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+$", arn))])
    error_message = "permissions.policies must be at most ten ARNs of IAM policies, as many as a role takes; got ${jsonencode(var.permissions.policies)}."
  }
}
