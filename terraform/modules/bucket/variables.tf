variable "name" {
  description = "Name of the bucket, unique in the world."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "name \"${var.name}\" must be 3 to 63 characters: lower-case letters, digits and hyphens."
  }
}

variable "partition" {
  description = "The AWS partition that the bucket's ARN is in."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["aws", "aws-cn", "aws-us-gov"], var.partition)
    error_message = "partition \"${var.partition}\" must be aws, aws-cn or aws-us-gov."
  }
}

variable "encryption" {
  description = "kms: with the key in `kms_key_arn`. s3: with S3's own keys (AES256), the only way for what load balancers and S3 itself write."
  type        = string
  default     = "kms"
  nullable    = false

  validation {
    condition     = contains(["kms", "s3"], var.encryption)
    error_message = "encryption \"${var.encryption}\" must be kms or s3."
  }
}

variable "kms_key_arn" {
  description = "The KMS key that encrypts the bucket; null with encryption s3."
  type        = string
  default     = null

  validation {
    condition     = (var.encryption == "kms") == can(regex("^arn:aws[a-z-]*:kms:", var.kms_key_arn))
    error_message = "kms_key_arn \"${coalesce(var.kms_key_arn, "-")}\" must be the ARN of a KMS key with encryption kms and absent with encryption s3; encryption is ${var.encryption}."
  }
}

variable "expire_after_days" {
  description = "After how many days an object is deleted; its older versions go 30 days after they were replaced."
  type        = number
  nullable    = false

  validation {
    condition     = var.expire_after_days >= 1 && floor(var.expire_after_days) == var.expire_after_days
    error_message = "expire_after_days ${var.expire_after_days} must be a whole number of days, at least 1."
  }
}

variable "disposable" {
  description = "Whether the bucket may be destroyed with the objects in it."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = contains([true, false], var.disposable)
    error_message = "disposable ${var.disposable} must be true or false."
  }
}

variable "statements" {
  description = "Further statements of the bucket policy, as a JSON list; that only TLS is answered is always the first."
  type        = string
  default     = "[]"
  nullable    = false

  validation {
    condition     = can([for statement in jsondecode(var.statements) : statement.Effect])
    error_message = "statements ${var.statements} must be a JSON list of policy statements."
  }
}

variable "access_logs" {
  description = "Where S3 logs who reads and writes: a bucket with S3's own keys, and a prefix in it. Null for the bucket that is for logs."
  type = object({
    bucket = string
    prefix = string
  })
  default = null

  validation {
    condition     = var.access_logs == null || can(regex("^[a-z0-9/-]+/$", var.access_logs.prefix))
    error_message = "access_logs.prefix \"${try(var.access_logs.prefix, "-")}\" must be lower-case letters, digits, hyphens and slashes, with a slash at the end."
  }
}
