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

variable "platform" {
  description = "What the environment's platform offers: the output `platform` of the platform root, whole."
  type = object({
    schema_version     = number
    vpc_id             = string
    vpc_cidr           = string
    private_subnet_ids = list(string)
    public_subnet_ids  = list(string)
    peer_cidrs         = optional(list(string), [])
    caller_cidrs       = optional(list(string), [])
    cluster = object({
      name = string
      arn  = string
      spot = optional(bool, false)
    })
    alb = object({
      arn               = string
      arn_suffix        = string
      dns_name          = string
      zone_id           = string
      listener_arn      = string
      security_group_id = string
    })
    service_discovery = object({
      namespace_id   = string
      namespace_name = string
    })
    kms = object({
      ecs     = string
      ecr     = string
      secrets = string
      logs    = string
      s3      = string
    })
    security_groups = object({
      internal_services = string
      kafka_client      = string
    })
    artifact_bucket          = object({ name = string, arn = string })
    alarm_topic_arn          = string
    notification_topic_arn   = string
    permissions_boundary_arn = optional(string)
    connection_arn           = optional(string)
    tags = object({
      owner       = string
      cost_center = string
      compliance  = string
    })
  })
  nullable = false
}

variable "service" {
  description = "The service: its name, whether the load balancer (public) or Cloud Map (internal) leads to it, its runtime (null: nothing is assumed about the image), the repository it is built from, and labels that become tags."
  type = object({
    name       = string
    type       = string
    runtime    = optional(string)
    repository = string
    labels     = optional(map(string), {})
  })
  nullable = false
}

variable "image" {
  description = "Who owns the image (git or pipeline), the image to run, and the name of the secret with which ECS logs in at its registry. Without a URI nothing was pushed yet: the service exists with a desired count of 0."
  type = object({
    owner       = string
    uri         = optional(string)
    credentials = optional(string)
  })
  nullable = false
}

variable "resources" {
  description = "CPU units and memory (MiB) of a task: one of the pairs that Fargate offers."
  type = object({
    cpu    = number
    memory = number
  })
  nullable = false
}

variable "port" {
  description = "The port that the container listens on. Null: an internal service is a worker, which nothing calls; a public one listens where its runtime usually does, 3000 for nodejs and 8000 for python; any other has to say it."
  type        = number
  default     = null
}

variable "admitted_ports" {
  description = "Further ports at which callers are let in. When `port` changes, name the former one here until the rollout has ended, so that tasks that still run, or that a rollback starts, are reached; the reconciler does."
  type        = list(number)
  default     = []
  nullable    = false
}

variable "scaling" {
  description = "Fewest and most tasks, the CPU and memory utilisation (percent), the requests a minute per task and the messages per task of a queue that scaling aims at, other bounds from given times on, and the seconds between two steps. `schedule_in_force` is the place of the schedule whose bounds hold now, null for those of `min` and `max`: a plan keeps them."
  type = object({
    min                 = number
    max                 = number
    cpu                 = optional(number, 60)
    memory              = optional(number, 70)
    requests_per_target = optional(number)
    queue               = optional(object({ name = string, backlog_per_task = number }))
    schedules = optional(list(object({
      cron     = optional(string)
      at       = optional(string)
      timezone = optional(string, "UTC")
      min      = number
      max      = number
    })), [])
    schedule_in_force = optional(number)
    cooldowns         = optional(object({ scale_in = optional(number, 300), scale_out = optional(number, 60) }), {})
  })
  nullable = false
}

variable "spot" {
  description = "Percent of the tasks that run on Fargate Spot, after `base` tasks on regular capacity. Null: the tier and the platform decide."
  type        = object({ share = number, base = optional(number, 1) })
  default     = null
}

variable "deployment" {
  description = "The rollout: how many percent of the tasks keep running and may run, whether a rollout that fails is taken back, alarms that take it back beside those of the tier (kinds of this module's alarms, or names of others), and a word whose change starts all tasks anew."
  type = object({
    minimum_healthy_percent = optional(number, 100)
    maximum_percent         = optional(number, 200)
    circuit_breaker         = optional(bool, true)
    rollback_alarms         = optional(list(string), [])
    force_new               = optional(string)
  })
  default  = {}
  nullable = false
}

variable "routing" {
  description = "Path patterns, priority and further conditions of the service's listener rule, how long (seconds) a task that leaves may finish its requests, more `rules` (with `redirect`, the request is sent elsewhere), and how requests are spread over tasks; null unless the service is public."
  type = object({
    paths    = list(string)
    priority = number
    hosts    = optional(list(string), [])
    headers  = optional(map(list(string)), {})
    methods  = optional(list(string), [])
    query    = optional(map(list(string)), {})
    sources  = optional(list(string), [])
    rules = optional(map(object({
      paths    = list(string)
      priority = number
      hosts    = optional(list(string), [])
      headers  = optional(map(list(string)), {})
      methods  = optional(list(string), [])
      query    = optional(map(list(string)), {})
      sources  = optional(list(string), [])
      redirect = optional(object({
        host        = optional(string)
        path        = optional(string)
        query       = optional(string)
        port        = optional(string)
        status_code = optional(string, "HTTP_302")
      }))
    })), {})
    deregistration_delay = optional(number, 30)
    stickiness = optional(object({
      duration = number
      cookie   = optional(string)
    }))
    slow_start       = optional(number)
    algorithm        = optional(string)
    protocol_version = optional(string)
  })
  default = null
}

variable "network" {
  description = "Security groups that tasks wear beside the module's, ways out beside HTTPS and the networks of the VPC, and Service Connect: with `connect`, tasks call others by their aliases, and with its `alias` they are called."
  type = object({
    security_groups = optional(list(string), [])
    egress = optional(list(object({
      cidr     = optional(string)
      group    = optional(string)
      protocol = optional(string, "tcp")
      from     = number
      to       = number
    })), [])
    connect = optional(object({
      alias           = optional(string)
      port            = optional(number)
      protocol        = optional(string)
      idle_timeout    = optional(number)
      request_timeout = optional(number)
    }))
  })
  default  = {}
  nullable = false
}

variable "health_check" {
  description = "The health check: the path that the load balancer asks for, and the command that the container runs; without a command, nodejs and python ask for the path themselves. Null: the load balancer asks for / and takes every answer below 500, and an internal service that listens is asked whether it does."
  type = object({
    path                = optional(string)
    command             = optional(list(string))
    interval            = optional(number, 30)
    timeout             = optional(number, 5)
    healthy_threshold   = optional(number, 2)
    unhealthy_threshold = optional(number, 3)
    matcher             = optional(string, "200-299")
    start_period        = optional(number, 60)
    port                = optional(number)
  })
  default = null
}

variable "environment_variables" {
  description = "Environment variables of the container, in clear text."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "secrets" {
  description = "Environment variables whose values ECS takes from Secrets Manager or SSM: variable name to a secret's name, or to an ARN, as ECS writes it with a part (NAME:key:stage:version)."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "storage" {
  description = "Volumes of a task (empty ones, or directories of EFS), the paths at which containers see them, and files of variables in S3. A mount or file without `container` is for the service's own. Without `access_point`, a volume of EFS gets one of its own, which opens `root_directory`."
  type = object({
    volumes = optional(map(object({
      efs = optional(object({
        file_system    = string
        access_point   = optional(string)
        root_directory = optional(string)
        iam            = optional(bool, true)
        security_group = optional(string)
      }))
    })), {})
    mounts = optional(list(object({
      container = optional(string)
      path      = string
      volume    = string
      read_only = optional(bool, false)
    })), [])
    env_files = optional(list(object({
      container = optional(string)
      arn       = string
    })), [])
  })
  default  = {}
  nullable = false
}

variable "kafka" {
  description = "Kafka brokers (host:port) the service talks to, handed to it as KAFKA_BOOTSTRAP_SERVERS; null without Kafka."
  type        = object({ brokers = list(string) })
  default     = null
}

variable "admitted_secrets" {
  description = "Further secrets and parameters (names of secrets, or ARNs) with which tasks may be started. When one leaves `secrets`, name it here until the rollout has ended, so that tasks of the former revision that end, or that a rollback starts, come up; the reconciler does."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "runtime_secrets" {
  description = "Names of secrets in Secrets Manager that the code reads itself while it runs. Its task role may read these and no other."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "permissions" {
  description = "What the code may do in AWS: `grants` by service (s3, dynamodb, sqs, sns, events, kafka, ssm, kms, service, telemetry) and access (read, write, readwrite), with resources by name, without the environment's in front, or by ARN; `policies`, ARNs of managed policies by name. All of it within the environment's permissions boundary."
  type = object({
    grants   = optional(list(object({ service = string, access = string, resources = optional(list(string), []) })), [])
    policies = optional(map(string), {})
  })
  default  = {}
  nullable = false
}

variable "stop_timeout" {
  description = "Seconds between SIGTERM and SIGKILL when ECS stops the service's own container. Null: the default of ECS, 30."
  type        = number
  default     = null
}

variable "sidecars" {
  description = "Containers that run beside the service's own in every task, with an image of their own. The task ends when an essential one does."
  type = list(object({
    name                  = string
    image                 = string
    credentials           = optional(string)
    command               = optional(list(string), [])
    essential             = optional(bool, true)
    memory                = optional(number)
    environment_variables = optional(map(string), {})
    secrets               = optional(map(string), {})
    settings = optional(object({
      entry_point        = optional(list(string))
      working_directory  = optional(string)
      user               = optional(string)
      open_files         = optional(object({ soft = number, hard = number }))
      labels             = optional(map(string))
      without_init       = optional(bool, false)
      capabilities       = optional(object({ add = optional(list(string), []), drop = optional(list(string), []) }))
      writable_root      = optional(bool, false)
      writable_paths     = optional(list(string), [])
      cpu                = optional(number)
      memory_reservation = optional(number)
      starts_after       = optional(map(string), {})
      ports              = optional(list(number), [])
      health_check = optional(object({
        command      = list(string)
        interval     = optional(number, 30)
        timeout      = optional(number, 5)
        retries      = optional(number, 3)
        start_period = optional(number, 0)
      }))
    }), {})
  }))
  default  = []
  nullable = false
}

variable "pre_deployment" {
  description = "A command that has to end well before the service is deployed, such as a migration: run once, as a task of its own, with the service's new image, variables, secrets and role. Null: nothing goes first."
  type = object({
    command = list(string)
    timeout = optional(number, 900)
  })
  default = null
}

variable "alarms" {
  description = "When alarms ring: mean CPU and memory use (percent) over five minutes, and answers with a 5xx in a minute, three minutes in a row."
  type = object({
    cpu           = optional(number, 85)
    memory        = optional(number, 85)
    server_errors = optional(number, 10)
  })
  default  = {}
  nullable = false
}
