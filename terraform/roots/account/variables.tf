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
  description = "Who owns the account, which cost center pays for it and what compliance class it has: mandatory tags of every resource of this root."
  type = object({
    owner       = string
    cost_center = string
    compliance  = string
  })
  nullable = false

  validation {
    condition     = alltrue([for value in values(var.tags) : can(regex("^[\\p{L}\\p{N} _.:/=+@-]{1,256}$", value))])
    error_message = "tags must be 1 to 256 characters that AWS allows in tag values; got ${jsonencode(var.tags)}."
  }
}

variable "people" {
  description = "Who may take on the roles of this account for `session_seconds`. `trusted_arns`: IAM users, who need MFA that is at most `mfa_age_seconds` old. `federated`: people whose identity provider demands MFA, with roles of the identity account (those of permission sets may end in `_*`) or from a SAML provider of this account, and with one of `source_identities` if there are any."
  type = object({
    trusted_arns = optional(list(string), [])
    federated = optional(object({
      role_arns          = optional(list(string), [])
      saml_provider_arns = optional(list(string), [])
      source_identities  = optional(list(string), [])
    }), {})
    session_seconds = optional(number, 3600)
    mfa_age_seconds = optional(number, 3600)
  })
  nullable = false
}

variable "break_glass_policies" {
  description = "Names of AWS's own policies that the break-glass role has beside the deletion of trail files."
  type        = list(string)
  default     = ["PowerUserAccess"]
  nullable    = false
}

variable "trail" {
  description = "How many days the trail's files are kept, and the topic, if any, that tells of each new file to what reads them: one message every few minutes, so none that people read."
  type = object({
    retention_days = optional(number, 2557)
    topic_arn      = optional(string)
  })
  default  = {}
  nullable = false
}

variable "subscribers" {
  description = "Mail addresses that hear of each use of the root user and of break-glass."
  type = object({
    alarms = optional(list(string), [])
  })
  default  = {}
  nullable = false
}

variable "mfa_delete" {
  description = "MFA delete of the trail's bucket: disabled, enabled_out_of_band (the root user switched it on) or enable (the root user applies, with `mfa_device`)."
  type        = string
  default     = "disabled"
  nullable    = false
}

variable "mfa_device" {
  description = "The root user's MFA device, a space and its code of this moment: only for an apply by the root user that enables MFA delete."
  type        = string
  default     = null
  sensitive   = true
}

variable "record_global_resources" {
  description = "Whether AWS Config records global resources (IAM) here, which exactly one region of an account does."
  type        = bool
  default     = true
  nullable    = false
}

variable "aggregated_account_ids" {
  description = "The accounts whose findings are gathered here."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "aggregated_by" {
  description = "The accounts and regions of AWS Config aggregators that may gather the findings of this account and region."
  type = list(object({
    account_id = string
    region     = string
  }))
  default  = []
  nullable = false
}

variable "recorder" {
  description = "Whether AWS Config's recorder is made here. An account has one per region: say false where Control Tower or the organisation made it; the rules then look at what that one records."
  type        = bool
  default     = true
  nullable    = false
}

variable "absent_rules" {
  description = "Rules of AWS Config that this region does not have (yet), by their identifiers."
  type        = list(string)
  default     = []
  nullable    = false
}
