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

variable "vpc" {
  description = "The VPC that the shared security groups live in, and its address range."
  type = object({
    id   = string
    cidr = string
  })
  nullable = false

  validation {
    condition     = can(cidrhost(var.vpc.cidr, 0))
    error_message = "vpc.cidr \"${var.vpc.cidr}\" must be an IPv4 network."
  }
}

variable "broker_security_group_id" {
  description = "The security group of the Kafka brokers, which must exist in this VPC or in a peered one whose peering is active; with its account in front (123456789012/sg-…) where that is another one. Without it and broker_cidrs clients reach Kafka's ports anywhere in the VPC."
  type        = string
  default     = null

  validation {
    condition     = var.broker_security_group_id == null || can(regex("^([0-9]{12}/)?sg-[0-9a-f]+$", var.broker_security_group_id))
    error_message = "broker_security_group_id \"${coalesce(var.broker_security_group_id, "-")}\" must be the id of a security group, with its account in front where that is another one: 123456789012/sg-0a1b2c3d."
  }
}

variable "broker_cidrs" {
  description = "Address ranges of the Kafka brokers, which need nothing that exists."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.broker_cidrs : try(cidrsubnet(cidr, 0, 0) == cidr, false)])
    error_message = "broker_cidrs ${jsonencode(var.broker_cidrs)} must be IPv4 network addresses such as 10.50.16.0/20."
  }
}

variable "data_resources" {
  description = "ARNs, with wildcards, of tables, queues, topics, buckets, streams, buses and Kafka resources that services may use although their names do not begin with the environment's, and of secrets, parameters and keys of other accounts."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(join("", var.data_resources)) <= 800 && alltrue([for arn in var.data_resources : can(regex("^arn:aws[a-z-]*:(dynamodb|events|kafka|kinesis|kms|s3|secretsmanager|sns|sqs|ssm):[^ ]+$", arn))])
    error_message = "data_resources ${jsonencode(var.data_resources)} must be ARNs of DynamoDB, EventBridge, KMS, MSK, Kinesis, S3, Secrets Manager, SNS, SQS or SSM, of 800 characters together: a policy ends at 6144."
  }
}
