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

  validation {
    condition     = length(concat(var.people.trusted_arns, var.people.federated.role_arns, var.people.federated.saml_provider_arns)) > 0
    error_message = "people.trusted_arns ${jsonencode(var.people.trusted_arns)} must not be empty while people.federated names no role_arns and no saml_provider_arns: nobody could take on a role."
  }
  validation {
    condition     = alltrue([for arn in var.people.trusted_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:user/[^*]+$", arn))])
    error_message = "people.trusted_arns ${jsonencode(var.people.trusted_arns)} must be ARNs of IAM users: sessions of roles carry no MFA, so a role goes to people.federated.role_arns."
  }
  validation {
    condition     = alltrue([for arn in var.people.federated.role_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/([^*]+|aws-reserved/sso\\.amazonaws\\.com/([a-z0-9-]+/)?AWSReservedSSO_[^*/]+_\\*)$", arn))])
    error_message = "people.federated.role_arns ${jsonencode(var.people.federated.role_arns)} must be ARNs of IAM roles; that of a permission set of Identity Center may end in _* for its suffix."
  }
  validation {
    condition     = alltrue([for arn in var.people.federated.saml_provider_arns : can(regex("^arn:aws[a-z-]*:iam::${var.environment.account_id}:saml-provider/[^*]+$", arn))])
    error_message = "people.federated.saml_provider_arns ${jsonencode(var.people.federated.saml_provider_arns)} must be ARNs of SAML providers of account ${var.environment.account_id}."
  }
  validation {
    condition     = length(var.people.federated.source_identities) == 0 || length(concat(var.people.federated.role_arns, var.people.federated.saml_provider_arns)) > 0
    error_message = "people.federated.source_identities ${jsonencode(var.people.federated.source_identities)} are of federated people: name role_arns or saml_provider_arns."
  }
  validation {
    condition     = alltrue([for identity in var.people.federated.source_identities : can(regex("^[\\w+=,.@*?-]{1,64}$", identity))])
    error_message = "people.federated.source_identities ${jsonencode(var.people.federated.source_identities)} must be 1 to 64 letters, digits and +=,.@_-, with * and ? for any."
  }
  validation {
    condition     = var.people.session_seconds >= 3600 && var.people.session_seconds <= 43200
    error_message = "people.session_seconds ${var.people.session_seconds} must be 3600 to 43200."
  }
  validation {
    condition     = var.people.mfa_age_seconds >= 300 && var.people.mfa_age_seconds <= 43200
    error_message = "people.mfa_age_seconds ${var.people.mfa_age_seconds} must be 300 to 43200."
  }
}

variable "break_glass_policies" {
  description = "Names of AWS's own policies that the break-glass role has beside the deletion of trail files."
  type        = list(string)
  default     = ["PowerUserAccess"]
  nullable    = false

  validation {
    condition     = alltrue([for name in var.break_glass_policies : can(regex("^[A-Za-z0-9/_-]+$", name))])
    error_message = "break_glass_policies ${jsonencode(var.break_glass_policies)} must be names of AWS's managed policies, for example PowerUserAccess."
  }
}
