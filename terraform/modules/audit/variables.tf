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

variable "break_glass_role_arn" {
  description = "The one role that may delete what the trail has written."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$", var.break_glass_role_arn))
    error_message = "break_glass_role_arn \"${var.break_glass_role_arn}\" must be the ARN of an IAM role."
  }
}

variable "trail" {
  description = "How many days the trail's files are kept (while MFA delete is on nothing expires, because S3 refuses a lifecycle then), and the topic, if any, that tells of each new file to what reads them: one message every few minutes, so none that people read."
  type = object({
    retention_days = optional(number, 2557)
    topic_arn      = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.trail.retention_days >= 365 && floor(var.trail.retention_days) == var.trail.retention_days
    error_message = "trail.retention_days ${var.trail.retention_days} must be a whole number of at least 365 days."
  }
  validation {
    condition     = var.trail.topic_arn == null || can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$", var.trail.topic_arn))
    error_message = "trail.topic_arn \"${coalesce(var.trail.topic_arn, "-")}\" must be the ARN of an SNS topic."
  }
}

variable "subscribers" {
  description = "Mail addresses that hear of each use of the root user and of break-glass."
  type = object({
    alarms = optional(list(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for email in var.subscribers.alarms : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s.]+$", email))])
    error_message = "subscribers.alarms ${jsonencode(var.subscribers.alarms)} must be mail addresses."
  }
  validation {
    condition     = length(distinct(var.subscribers.alarms)) == length(var.subscribers.alarms)
    error_message = "subscribers.alarms ${jsonencode(var.subscribers.alarms)} must not name an address twice."
  }
}

variable "mfa_delete" {
  description = "MFA delete of the trail's bucket, which only the root user can switch on: disabled, enabled_out_of_band (root did so; Terraform agrees) or enable (root applies, with `mfa_device`)."
  type        = string
  default     = "disabled"
  nullable    = false

  validation {
    condition     = contains(["disabled", "enabled_out_of_band", "enable"], var.mfa_delete)
    error_message = "mfa_delete \"${var.mfa_delete}\" must be disabled, enabled_out_of_band or enable."
  }
}

variable "mfa_device" {
  description = "The root user's MFA device and its code of this moment, as in `arn:aws:iam::111122223333:mfa/root 123456`: only for an apply by the root user that enables MFA delete."
  type        = string
  default     = null
  sensitive   = true

  validation {
    condition     = (var.mfa_device != null) == (var.mfa_delete == "enable")
    error_message = "mfa_device is needed when mfa_delete is \"enable\", and only then; mfa_delete is \"${var.mfa_delete}\"."
  }
  validation {
    condition     = var.mfa_device == null || can(regex("^\\S+ [0-9]{6}$", var.mfa_device))
    error_message = "mfa_device must be the device's serial number or ARN, a space and the code of six digits."
  }
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

  validation {
    condition     = alltrue([for account in var.aggregated_account_ids : can(regex("^[0-9]{12}$", account))])
    error_message = "aggregated_account_ids ${jsonencode(var.aggregated_account_ids)} must each be the 12 digits of an AWS account."
  }
}

variable "aggregated_by" {
  description = "The accounts and regions of AWS Config aggregators that may gather the findings of this account and region."
  type = list(object({
    account_id = string
    region     = string
  }))
  default  = []
  nullable = false

  validation {
    condition     = alltrue([for aggregator in var.aggregated_by : can(regex("^[0-9]{12}$", aggregator.account_id)) && can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", aggregator.region))])
    error_message = "aggregated_by ${jsonencode(var.aggregated_by)} must each have account_id, the 12 digits of an AWS account, and region."
  }
  validation {
    condition     = length(distinct(var.aggregated_by)) == length(var.aggregated_by)
    error_message = "aggregated_by ${jsonencode(var.aggregated_by)} must not name an aggregator twice."
  }
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

  validation {
    condition     = alltrue([for rule in var.absent_rules : can(regex("^[A-Z0-9_]+$", rule))])
    error_message = "absent_rules ${jsonencode(var.absent_rules)} must be identifiers of rules, for example ELB_LOGGING_ENABLED."
  }
}
