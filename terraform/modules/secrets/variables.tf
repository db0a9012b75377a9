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

variable "secrets" {
  description = "Secrets by name, which gets the environment's in front. Each is rotated by a Lambda function every so many days, or says why it is not."
  type = map(object({
    rotation = optional(object({
      lambda_arn = string
      days       = optional(number, 30)
    }))
    rotation_exempt_reason = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.secrets) : can(regex("^[A-Za-z0-9/_+=.@-]{1,495}$", name)) && !can(regex("-[A-Za-z0-9]{6}$", name))])
    error_message = "secrets ${jsonencode(keys(var.secrets))} must have names of letters, digits and /_+=.@- that do not end with a hyphen and six characters, which Secrets Manager mistakes for the end of a full ARN."
  }
  validation {
    condition     = alltrue([for secret in values(var.secrets) : (secret.rotation == null) != (secret.rotation_exempt_reason == null)])
    error_message = "secrets ${jsonencode([for name, secret in var.secrets : name if(secret.rotation == null) == (secret.rotation_exempt_reason == null)])} need either rotation or rotation_exempt_reason, and not both."
  }
  validation {
    condition     = alltrue([for secret in values(var.secrets) : can(regex("^[\\p{L}\\p{N} _.:/=+@-]{10,256}$", coalesce(secret.rotation_exempt_reason, "not needed")))])
    error_message = "secrets ${jsonencode({ for name, secret in var.secrets : name => secret.rotation_exempt_reason })} need a rotation_exempt_reason of 10 to 256 characters that AWS allows in tags."
  }
  validation {
    condition     = alltrue([for secret in values(var.secrets) : try(secret.rotation.days >= 1 && secret.rotation.days <= 90 && floor(secret.rotation.days) == secret.rotation.days, true)])
    error_message = "secrets ${jsonencode({ for name, secret in var.secrets : name => try(secret.rotation.days, null) })} must have rotation.days from 1 to 90."
  }
  validation {
    condition     = alltrue([for secret in values(var.secrets) : secret.rotation == null || can(regex("^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:.+$", secret.rotation.lambda_arn))])
    error_message = "secrets ${jsonencode({ for name, secret in var.secrets : name => try(secret.rotation.lambda_arn, null) })} must have a rotation.lambda_arn that is the ARN of a Lambda function."
  }
}

variable "secrets_key_arn" {
  description = "The KMS key that encrypts the secrets."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.secrets_key_arn))
    error_message = "secrets_key_arn \"${var.secrets_key_arn}\" must be the ARN of a KMS key."
  }
}
