# What the code may do in AWS: each service and level of access is rows of one table, each row one statement about the
# resources that were named for it. docs/permissions.md shows the statements; tests/terraform evaluates them.

locals {
  in_region = { for service in ["dynamodb", "events", "kafka", "kms", "servicediscovery", "sns", "sqs", "ssm"] : service => "${local.arn_prefix}:${service}:${local.region}:${local.account}" }

  # A name gets the environment's in front, so it is never another environment's resource.
  named_as = {
    s3       = "${local.arn_prefix}:s3:::${var.environment.name}-$1"
    dynamodb = "${local.in_region.dynamodb}:table/${var.environment.name}-$1"
    sqs      = "${local.in_region.sqs}:${var.environment.name}-$1"
    sns      = "${local.in_region.sns}:${var.environment.name}-$1"
    events   = "${local.in_region.events}:event-bus/${var.environment.name}-$1"
    ssm      = "${local.in_region.ssm}:parameter/${var.environment.name}/$1"
    kafka    = "${local.in_region.kafka}:topic/${var.environment.name}-$1/*/$2" # a cluster's ARN ends in an id of AWS's own
  }
  name_of = { kafka = "/^([^/]+)/(.+)$/" }

  # From the ARN of a topic to those of its cluster, and of the consumer groups and transactions that bear the service's name.
  topic         = "/^(.*:)topic/([^/]+)/([^/]+)/.*$/"
  of_cluster    = ["$${1}cluster/$2/$3"]
  own_groups    = ["$${1}group/$2/$3/${local.name}", "$${1}group/$2/$3/${local.name}-*"]
  own_producers = ["$${1}transactional-id/$2/$3/${local.name}", "$${1}transactional-id/$2/$3/${local.name}-*"]
  itself        = ["$1"]
  whole         = "/^(.*)$/"

  # A bucket's ARN names no account: a name that became free could be taken by another one.
  own_buckets = { StringEquals = { "aws:ResourceAccount" = local.account } }

  readers = ["read", "readwrite"]
  writers = ["write", "readwrite"]
  # `on` are the resources of a statement, made from the ARN of each resource that is named.
  permission_table = [
    { sid = "ListBuckets", service = "s3", access = local.readers, action = ["s3:ListBucket"], of = local.whole, on = local.itself },
    { sid = "ReadObjects", service = "s3", access = local.readers, action = ["s3:GetObject"], of = local.whole, on = ["$1/*"] },
    {
      sid    = "WriteObjects", service = "s3", access = local.writers, of = local.whole, on = ["$1/*"]
      action = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject"]
    },
    {
      sid    = "ReadTables", service = "dynamodb", access = local.readers, of = local.whole, on = local.itself
      action = ["dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:DescribeTable", "dynamodb:GetItem"]
    },
    { sid = "QueryTables", service = "dynamodb", access = local.readers, action = ["dynamodb:Query", "dynamodb:Scan"], of = local.whole, on = ["$1", "$1/index/*"] },
    {
      sid    = "WriteTables", service = "dynamodb", access = local.writers, of = local.whole, on = local.itself
      action = ["dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:DescribeTable", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    },
    {
      sid    = "ReceiveMessages", service = "sqs", access = local.readers, of = local.whole, on = local.itself
      action = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
    },
    { sid = "SendMessages", service = "sqs", access = local.writers, action = ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"], of = local.whole, on = local.itself },
    { sid = "Publish", service = "sns", access = ["write"], action = ["sns:Publish"], of = local.whole, on = local.itself },
    { sid = "PutEvents", service = "events", access = ["write"], action = ["events:PutEvents"], of = local.whole, on = local.itself },
    # Which action needs which other ones, and of what: Amazon MSK developer guide, "Semantics of IAM authorization policy
    # actions and resources".
    { sid = "Brokers", service = "kafka", access = ["read", "write", "readwrite"], action = ["kafka-cluster:Connect", "kafka-cluster:DescribeCluster"], of = local.topic, on = local.of_cluster },
    { sid = "ReadTopics", service = "kafka", access = local.readers, action = ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"], of = local.whole, on = local.itself },
    { sid = "Consume", service = "kafka", access = local.readers, action = ["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"], of = local.topic, on = local.own_groups },
    { sid = "WriteTopics", service = "kafka", access = local.writers, action = ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"], of = local.whole, on = local.itself },
    { sid = "WriteOnce", service = "kafka", access = local.writers, action = ["kafka-cluster:WriteDataIdempotently"], of = local.topic, on = local.of_cluster },
    { sid = "WriteInTransactions", service = "kafka", access = local.writers, action = ["kafka-cluster:AlterTransactionalId", "kafka-cluster:DescribeTransactionalId"], of = local.topic, on = local.own_producers },
    { sid = "ReadParameters", service = "ssm", access = ["read"], action = ["ssm:GetParameter", "ssm:GetParameters"], of = local.whole, on = local.itself },
    # A path without the slash and what is below it. Source: Systems Manager user guide, "Restricting access to parameters".
    { sid = "ListParameters", service = "ssm", access = ["read"], action = ["ssm:GetParametersByPath"], of = "/^(.*)/[*]$/", on = ["$1", "$1/*"] },
  ]
  access_levels = merge(
    { for service in distinct(local.permission_table[*].service) : service => distinct(flatten([for row in local.permission_table : row.access if row.service == service])) },
    { kms = local.readers, service = ["read"], telemetry = ["write"] },
  )

  # By service and level, the resources as ARNs; a named bucket has a condition that one of another account has not.
  granted = [for grant in var.permissions.grants : {
    service = grant.service, access = grant.access
    arns    = [for resource in grant.resources : startswith(resource, "arn:") ? resource : replace(resource, lookup(local.name_of, grant.service, local.whole), lookup(local.named_as, grant.service, "$1"))]
    named   = [for resource in grant.resources : !startswith(resource, "arn:")]
  }]
  row_statements = flatten([for row in local.permission_table : [for own in [true, false] : {
    Sid       = own ? row.sid : "${row.sid}Elsewhere"
    Effect    = "Allow"
    Action    = row.action
    Resource  = sort(distinct(flatten([for grant in local.granted : [for place, arn in grant.arns : [for form in row.on : replace(arn, row.of, form)] if grant.named[place] == own && can(regex(trim(row.of, "/"), arn))] if grant.service == row.service && contains(row.access, grant.access)])))
    Condition = row.service == "s3" && own ? local.own_buckets : null
  }]])

  # Keys are used through the service whose data they encrypt, and named by alias, because their ids are AWS's own.
  via = concat([for grant in local.granted : grant.service if contains(["s3", "dynamodb", "sqs", "sns", "ssm"], grant.service)], [for secret in var.runtime_secrets : "secretsmanager"])
  key_statements = flatten([for level, actions in {
    read      = ["kms:Decrypt", "kms:DescribeKey"]
    readwrite = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    } : [for own in [true, false] : {
      Sid      = "${level == "read" ? "Decrypt" : "Encrypt"}Data${own ? "" : "Elsewhere"}"
      Effect   = "Allow"
      Action   = actions
      Resource = own ? [for key in ["${local.in_region.kms}:key/*"] : key if anytrue(flatten([for grant in local.granted : grant.named if grant.service == "kms" && grant.access == level]))] : sort(distinct(flatten([for grant in local.granted : [for place, arn in grant.arns : arn if !grant.named[place]] if grant.service == "kms" && grant.access == level])))
      Condition = merge(
        { StringEquals = { "kms:ViaService" = sort(distinct([for service in local.via : "${service}.${local.region}.amazonaws.com"])) } },
        { for operator in ["ForAnyValue:StringEquals"] : operator => { "kms:ResourceAliases" = sort(distinct(flatten([for grant in local.granted : [for place, arn in grant.arns : "alias/${var.environment.name}-${arn}" if grant.named[place]] if grant.service == "kms" && grant.access == level]))) } if own },
      )
  }]])

  called_services = sort(distinct(flatten([for grant in local.granted : grant.arns if grant.service == "service"])))
  service_statements = [for services in [local.called_services] : {
    Sid      = "FindServices"
    Effect   = "Allow"
    Action   = ["servicediscovery:DiscoverInstances"]
    Resource = ["${local.in_region.servicediscovery}:namespace/${var.platform.service_discovery.namespace_id}", "${local.in_region.servicediscovery}:service/*"]
    Condition = { StringEquals = {
      "servicediscovery:NamespaceName" = var.platform.service_discovery.namespace_name
      "servicediscovery:ServiceName"   = services
    } }
  } if length(services) > 0]

  # Traces know no resource; metrics are told apart by their namespace, and those in log events stay in the service's group.
  telemetry_statements = [for statement in [
    {
      Sid    = "Traces", Effect = "Allow", Resource = ["*"], Condition = null
      Action = ["xray:GetSamplingRules", "xray:GetSamplingStatisticSummaries", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    },
    {
      Sid       = "Metrics", Effect = "Allow", Resource = ["*"], Action = ["cloudwatch:PutMetricData"]
      Condition = { StringEquals = { "cloudwatch:namespace" = "${var.environment.name}/${local.name}" } }
    },
    {
      Sid      = "MetricsInLogs", Effect = "Allow", Condition = null
      Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
      Resource = [local.log_group_arn, "${local.log_group_arn}:*"]
    },
  ] : statement if contains(var.permissions.grants[*].service, "telemetry")]

  permission_statements = [for statement in concat(local.row_statements, local.key_statements, local.service_statements, local.telemetry_statements) :
    { for name, value in statement : name => value if value != null } if length(statement.Resource) > 0
  ]
  permission_document = jsonencode({ Version = "2012-10-17", Statement = local.permission_statements })
  permission_policies = { for name in ["use-data"] : name => local.permission_document if length(local.permission_statements) > 0 }
}

resource "aws_iam_role_policy_attachment" "task" {
  for_each = var.permissions.policies

  role       = aws_iam_role.task.name
  policy_arn = each.value
}
