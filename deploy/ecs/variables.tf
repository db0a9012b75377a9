variable "account" {
  description = "The account that the daemon runs in: its id, region and partition."
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
  description = "Who owns the daemon, which cost center pays for it and what compliance class it has."
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
  description = "What everything here is called: cluster, service, roles, table, log group, and the beginning of the bucket's name."
  type        = string
  default     = "reconciler"
  nullable    = false

  validation {
    condition     = length(var.name) <= 20 && can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name))
    error_message = "name \"${var.name}\" must be at most 20 characters: lower-case letters, digits and single hyphens, a letter first."
  }
}

variable "network" {
  description = "Where the task runs: private subnets with a way out by HTTPS, who may scrape its metrics, the TCP ports that it may reach, and the Cloud Map service (records of type A) that Prometheus finds it by."
  type = object({
    vpc_id                     = string
    subnet_ids                 = list(string)
    metrics_security_group_ids = optional(list(string), [])
    egress_ports               = optional(list(number), [443])
    service_discovery_arn      = optional(string)
  })
  nullable = false

  validation {
    condition     = can(regex("^vpc-[0-9a-f]+$", var.network.vpc_id))
    error_message = "network.vpc_id \"${var.network.vpc_id}\" must be the id of a VPC."
  }
  validation {
    condition     = length(var.network.subnet_ids) > 0 && alltrue([for id in var.network.subnet_ids : can(regex("^subnet-[0-9a-f]+$", id))])
    error_message = "network.subnet_ids ${jsonencode(var.network.subnet_ids)} must be one or more ids of subnets."
  }
  validation {
    condition     = alltrue([for id in var.network.metrics_security_group_ids : can(regex("^sg-[0-9a-f]+$", id))])
    error_message = "network.metrics_security_group_ids ${jsonencode(var.network.metrics_security_group_ids)} must be ids of security groups."
  }
  validation {
    condition     = var.network.service_discovery_arn == null || can(regex("^arn:aws[a-z-]*:servicediscovery:[a-z0-9-]+:[0-9]{12}:service/.+$", var.network.service_discovery_arn))
    error_message = "network.service_discovery_arn \"${coalesce(var.network.service_discovery_arn, "-")}\" must be the ARN of a Cloud Map service."
  }
  validation {
    condition     = contains(var.network.egress_ports, 443) && alltrue([for port in var.network.egress_ports : port >= 1 && port <= 65535])
    error_message = "network.egress_ports ${jsonencode(var.network.egress_ports)} must be TCP ports with 443 among them: AWS is reached by HTTPS."
  }
}

variable "image" {
  description = "The tag of the image in the repository that this root makes; null, before the first push, keeps the service at no task."
  type        = object({ tag = optional(string) })
  default     = {}
  nullable    = false

  validation {
    condition     = var.image.tag == null || can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", var.image.tag))
    error_message = "image.tag \"${coalesce(var.image.tag, "-")}\" must be an image tag."
  }
}

variable "task" {
  description = "Size of the task: cpu units and MiB as Fargate offers them, and GiB of disk for workspaces and providers."
  type = object({
    cpu    = optional(number, 2048)
    memory = optional(number, 8192)
    disk   = optional(number, 50)
  })
  default  = {}
  nullable = false

  validation {
    condition = contains(lookup(
      {
        "1024" = range(2048, 8192 + 1, 1024)
        "2048" = range(4096, 16384 + 1, 1024)
        "4096" = range(8192, 30720 + 1, 1024)
        "8192" = range(16384, 61440 + 1, 4096)
      },
      tostring(var.task.cpu), []
    ), var.task.memory)
    error_message = "task.memory ${var.task.memory} is not valid for task.cpu ${var.task.cpu}: on Fargate, 1024 has 2048 to 8192, 2048 has 4096 to 16384 and 4096 has 8192 to 30720 by 1024; 8192 has 16384 to 61440 by 4096."
  }
  validation {
    condition     = var.task.disk >= 21 && var.task.disk <= 200
    error_message = "task.disk ${var.task.disk} must be 21 to 200 GiB."
  }
}

variable "manifests" {
  description = "The Git repository that holds the manifests: its https address, the branch that is the truth, and the folder."
  type = object({
    url    = string
    branch = optional(string, "main")
    path   = optional(string, ".")
  })
  nullable = false

  validation {
    condition     = can(regex("^(https|git|file)://[^@\\s]+$", var.manifests.url))
    error_message = "manifests.url \"${var.manifests.url}\" must be an https address without credentials; a password goes into secrets as GIT_PASSWORD."
  }
}

variable "environments" {
  description = "The environments that the daemon serves, by name, as in its configuration. Each has a role, made by target-account/: the task's own role can change nothing."
  type = map(object({
    account   = string
    region    = string
    tier      = string
    role      = string
    partition = optional(string, "aws")
    endpoint  = optional(string)
    floor = optional(object({
      mode     = optional(string)
      prune    = optional(bool, true)
      observe  = optional(bool)
      suspend  = optional(bool)
      interval = optional(string)
      ignore   = optional(string)
      windows  = optional(list(string), [])

      approvals          = optional(number, 1)
      author_may_approve = optional(bool)
      reason             = optional(string, "optional")
    }), {})
    source       = optional(object({ ref = optional(string) }), {})
    tenant_roles = optional(map(string), {})
    allow        = optional(list(string))
    policies     = optional(map(string), {})
  }))
  nullable = false

  validation {
    condition     = length(var.environments) > 0
    error_message = "environments must not be empty."
  }
  validation {
    condition     = alltrue([for environment in values(var.environments) : can(regex("^[0-9]{12}$", environment.account))])
    error_message = "Every environment's account must be the 12 digits of an AWS account; got ${jsonencode({ for name, environment in var.environments : name => environment.account })}."
  }
  validation {
    condition     = alltrue(flatten([for environment in values(var.environments) : [for role in concat([environment.role], values(environment.tenant_roles)) : can(regex("^arn:aws[a-z-]*:iam::${environment.account}:role/[^*]+$", role))]]))
    error_message = "Every environment's role must be the ARN of a role in its account, and so must its tenant_roles; got ${jsonencode({ for name, environment in var.environments : name => concat([environment.role], values(environment.tenant_roles)) })}."
  }
}

variable "state" {
  description = "Where the environments' Terraform states are: bucket and key ({account} and {region} are filled in) and lock table, as `reconciler bootstrap` made them; without a key, the one of the bucket's name."
  type = object({
    bucket     = optional(string, "reconciler-state-{account}-{region}")
    lock_table = optional(string, "reconciler-locks")
    prefix     = optional(string, "")
    kms_key_id = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^[a-z0-9{}.-]{3,80}$", var.state.bucket))
    error_message = "state.bucket \"${var.state.bucket}\" must be a bucket name; it may hold {account} and {region}."
  }
}

variable "secrets" {
  description = "Secrets in Secrets Manager, by the variable that the daemon finds their value in. RECONCILER__REDACTION__KEY must be there; GIT_PASSWORD and any other secret setting may be."
  type        = map(string)
  nullable    = false

  validation {
    condition     = contains(keys(var.secrets), "RECONCILER__REDACTION__KEY")
    error_message = "secrets must have RECONCILER__REDACTION__KEY (a new key at each start would make every secret look changed); it has ${jsonencode(keys(var.secrets))}."
  }
  validation {
    condition     = alltrue([for name in keys(var.secrets) : can(regex("^(RECONCILER__[A-Z0-9_]+|GIT_USERNAME|GIT_PASSWORD)$", name))])
    error_message = "secrets ${jsonencode(keys(var.secrets))} must be settings (RECONCILER__SECTION__KEY), GIT_USERNAME or GIT_PASSWORD."
  }
  validation {
    condition     = alltrue([for arn in values(var.secrets) : can(regex("^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[^:]+(:[^:]*:[^:]*:[^:]*)?$", arn))])
    error_message = "Every secret must be the ARN of a secret, with :json-key:: behind it where its value is JSON."
  }
}

variable "secrets_key_arns" {
  description = "The KMS keys of those secrets; none when they use the account's own aws/secretsmanager key."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.secrets_key_arns : can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", arn))])
    error_message = "secrets_key_arns ${jsonencode(var.secrets_key_arns)} must be ARNs of KMS keys."
  }
}

variable "settings" {
  description = "Further settings of the daemon as variables, for example RECONCILER__ROLLOUT__TIMEOUT; they win over those that this root sets. Nothing secret."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.settings) : can(regex("^RECONCILER__[A-Z0-9_]+$", name))])
    error_message = "settings ${jsonencode(keys(var.settings))} must be named RECONCILER__SECTION__KEY."
  }
}

variable "access_logs_bucket" {
  description = "The bucket that gets the access logs of the daemon's bucket, for example the one of the account root; null, none."
  type        = string
  default     = null

  validation {
    condition     = var.access_logs_bucket == null || can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.access_logs_bucket))
    error_message = "access_logs_bucket \"${coalesce(var.access_logs_bucket, "-")}\" must be 3 to 63 characters: lower-case letters, digits and hyphens."
  }
}

variable "log_retention_days" {
  description = "How long CloudWatch keeps what the daemon says."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_retention_days)
    error_message = "log_retention_days ${var.log_retention_days} must be 30, 60, 90, 120, 150, 180, 365, 400, 545 or 731."
  }
}

variable "permissions_boundary_arn" {
  description = "The permissions boundary of the daemon's roles, where the account asks for one."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn \"${coalesce(var.permissions_boundary_arn, "-")}\" must be the ARN of an IAM policy."
  }
}
