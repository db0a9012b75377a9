variable "account" {
  description = "The account that holds the state: its id, region and partition."
  type = object({
    id        = string
    region    = string
    partition = optional(string, "aws")
  })
  nullable = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account.id))
    error_message = "account.id \"${var.account.id}\" must be the 12 digits of an AWS account."
  }
  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.account.region))
    error_message = "account.region \"${var.account.region}\" must be an AWS region, for example eu-central-1."
  }
  validation {
    condition     = contains(["aws", "aws-cn", "aws-us-gov"], var.account.partition)
    error_message = "account.partition \"${var.account.partition}\" must be aws, aws-cn or aws-us-gov."
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

variable "state" {
  description = "Names of the bucket that keeps the states, of the table that locks them and of the bucket, if any, that gets the access logs (the account root makes one)."
  type = object({
    bucket             = string
    lock_table         = string
    access_logs_bucket = optional(string)
  })
  nullable = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.state.bucket))
    error_message = "state.bucket \"${var.state.bucket}\" must be 3 to 63 characters: lower-case letters, digits and hyphens."
  }
  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{3,255}$", var.state.lock_table))
    error_message = "state.lock_table \"${var.state.lock_table}\" must be 3 to 255 characters: letters, digits, hyphens, dots and underscores."
  }
  validation {
    condition     = var.state.access_logs_bucket == null || can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.state.access_logs_bucket))
    error_message = "state.access_logs_bucket \"${coalesce(var.state.access_logs_bucket, "-")}\" must be 3 to 63 characters: lower-case letters, digits and hyphens."
  }
}

variable "registry" {
  description = "How images are scanned in this account and region: basic (each push), enhanced (all the time, by Amazon Inspector, which costs per image) or unmanaged (as it is set already)."
  type        = object({ scanning = optional(string, "basic") })
  default     = {}
  nullable    = false

  validation {
    condition     = contains(["basic", "enhanced", "unmanaged"], var.registry.scanning)
    error_message = "registry.scanning \"${var.registry.scanning}\" must be basic, enhanced or unmanaged."
  }
}

variable "tags" {
  description = "Who owns the state storage, which cost center pays for it and what compliance class it has."
  type = object({
    owner       = optional(string, "platform")
    cost_center = optional(string, "platform")
    compliance  = optional(string, "internal")
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for value in values(var.tags) : can(regex("^[\\p{L}\\p{N} _.:/=+@-]{1,256}$", value))])
    error_message = "tags must be 1 to 256 characters that AWS allows in tag values; got ${jsonencode(var.tags)}."
  }
}
