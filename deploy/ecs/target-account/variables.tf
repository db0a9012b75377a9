variable "account" {
  description = "The account that the environments are in: its id, region and partition."
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

variable "tags" {
  description = "Who owns the role, which cost center pays for it and what compliance class it has."
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

variable "name" {
  description = "The role's name; each environment of this account names it in the daemon's configuration."
  type        = string
  default     = "reconciler"
  nullable    = false

  validation {
    condition     = can(regex("^[\\w+=,.@-]{1,64}$", var.name))
    error_message = "name \"${var.name}\" must be 1 to 64 characters that IAM allows in a role's name."
  }
}

variable "daemon" {
  description = "The daemon's task role: `task_role_arn` of deploy/ecs."
  type        = object({ role_arn = string })
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[^*]+$", var.daemon.role_arn))
    error_message = "daemon.role_arn \"${var.daemon.role_arn}\" must be the ARN of one IAM role."
  }
}

variable "environments" {
  description = "The environments of this account that the daemon serves."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.environments) > 0 && alltrue([for name in var.environments : length(name) <= 16 && can(regex("^[a-z0-9]+(-[a-z0-9]+)*$", name))])
    error_message = "environments ${jsonencode(var.environments)} must be one or more names of at most 16 characters: lower-case letters, digits and single hyphens between them."
  }
  validation {
    condition     = !anytrue(flatten([for one in var.environments : [for other in var.environments : startswith(other, "${one}-")]]))
    error_message = "environments ${jsonencode(var.environments)} must not hold one that begins with another and a hyphen: what is named prod-* would also be that of prod-eu."
  }
}

variable "state" {
  description = "Where the states of this account are, as `reconciler bootstrap` made it: bucket, lock table, key, and the prefix of every state."
  type = object({
    bucket      = string
    lock_table  = optional(string, "reconciler-locks")
    kms_key_arn = string
    prefix      = optional(string, "")
  })
  nullable = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.state.bucket))
    error_message = "state.bucket \"${var.state.bucket}\" must be 3 to 63 characters: lower-case letters, digits and hyphens."
  }
  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.state.kms_key_arn))
    error_message = "state.kms_key_arn \"${var.state.kms_key_arn}\" must be the ARN of a KMS key."
  }
}

variable "roots" {
  description = "The Terraform roots that the role applies: platform, service, job, account. Each brings the policies that it needs."
  type        = set(string)
  default     = ["platform", "service"]
  nullable    = false

  validation {
    condition     = length(setsubtract(var.roots, ["account", "job", "platform", "service"])) == 0
    error_message = "roots ${jsonencode(var.roots)} must be account, job, platform or service; roots of your own get their permissions from terraform."
  }
}

variable "tenant" {
  description = "The tenant whose instances the role is for: what their names begin with, each ending with a hyphen; nobody else may have the name without it. Its services' roles get a boundary of their own: `secrets` (as in the daemon's `tenants`) and `data_resources` (ARNs) are what they may reach beyond their names. null: all instances of the environments."
  type = object({
    name_prefixes  = set(string)
    secrets        = optional(set(string), [])
    data_resources = optional(set(string), [])
  })
  default = null

  validation {
    condition     = var.tenant == null || (length(coalesce(var.tenant, { name_prefixes = [] }).name_prefixes) > 0 && alltrue([for own in coalesce(var.tenant, { name_prefixes = [] }).name_prefixes : can(regex("^[a-z]([a-z0-9]|-[a-z0-9])*-$", own))]))
    error_message = "tenant.name_prefixes must be one or more beginnings of names that end with a hyphen, such as orders-: without it the names of another tenant could begin in the same way."
  }
  validation {
    condition     = var.tenant == null || alltrue(flatten([for own in coalesce(var.tenant, { name_prefixes = [] }).name_prefixes : [for name in var.environments : length(name) + length(own) <= 23]]))
    error_message = "An environment and a prefix of tenant.name_prefixes must have at most 23 characters together: names of target groups keep no more."
  }
  validation {
    condition     = var.tenant == null || length(setsubtract(var.roots, ["service"])) == 0
    error_message = "roots ${jsonencode(var.roots)} must be service in the role of a tenant: the others make what all tenants share."
  }
}

variable "account_policies" {
  description = "AWS's own policies that the root account may attach to roles: those of its readers, of break-glass, and of AWS Config."
  type        = set(string)
  default     = ["PowerUserAccess", "ReadOnlyAccess", "service-role/AWS_ConfigRole"]
  nullable    = false

  validation {
    condition     = alltrue([for name in var.account_policies : can(regex("^[A-Za-z0-9/_-]+$", name))])
    error_message = "account_policies ${jsonencode(var.account_policies)} must be names of AWS's managed policies, for example ReadOnlyAccess."
  }
}

variable "changeable_boundaries" {
  description = "Environments whose permissions boundary the daemon may change or delete for now: for an upgrade that changes it, or before the platform is removed. Otherwise none."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.changeable_boundaries, var.environments)) == 0
    error_message = "changeable_boundaries ${jsonencode(var.changeable_boundaries)} must be among the environments ${jsonencode(var.environments)}."
  }
}

variable "terraform" {
  description = "What Terraform may do here beside the shipped roots, for roots of your own: policies as JSON by name, and ARNs of managed policies."
  type = object({
    policies            = optional(map(string), {})
    managed_policy_arns = optional(list(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = length(var.roots) + length(var.terraform.policies) + length(var.terraform.managed_policy_arns) > 0
    error_message = "roots must name a root, or terraform a policy: without one nothing could be planned."
  }
  validation {
    condition     = alltrue([for policy in values(var.terraform.policies) : can(jsondecode(policy).Statement)])
    error_message = "Every one of terraform.policies must be a policy document in JSON."
  }
  validation {
    condition     = !anytrue([for arn in var.terraform.managed_policy_arns : can(regex(":policy/(AdministratorAccess|IAMFullAccess)$", arn))])
    error_message = "terraform.managed_policy_arns must not hold AdministratorAccess or IAMFullAccess: what the modules need is far less."
  }
}

variable "permissions_boundary_arn" {
  description = "A permissions boundary for the role itself, where the account asks for one; the guard holds without it."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:policy/.+$", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn \"${coalesce(var.permissions_boundary_arn, "-")}\" must be the ARN of an IAM policy of this account."
  }
}
