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
  description = "How many days the trail's files are kept. While MFA delete is on nothing expires, because S3 refuses a lifecycle then."
  type        = object({ retention_days = optional(number, 2557) })
  default     = {}
  nullable    = false

  validation {
    condition     = var.trail.retention_days >= 365 && floor(var.trail.retention_days) == var.trail.retention_days
    error_message = "trail.retention_days ${var.trail.retention_days} must be a whole number of at least 365 days."
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
