# A run is an execution of this state machine: it starts the task, stops it after the time-out, tries again, and, where
# runs may not overlap, first takes a turn. docs/adr/0040-a-job-takes-turns.md says why this holds.

locals {
  # ECS kills a container of Fargate at most 120 seconds after it asked it to stop. Source: Amazon ECS API reference,
  # "Task definition parameters for Fargate", on stop time-outs.
  longest_stop = 120

  turn    = { TableName = "${local.full_name}-turns", Key = { Job = { S = local.name } } }
  me      = { ":me" = { "S.$" = "$$.Execution.Id" } }
  not_me  = "DynamoDB.ConditionalCheckFailedException"
  network = { Subnets = var.platform.private_subnet_ids, SecurityGroups = [aws_security_group.this.id, var.platform.security_groups.internal_services], AssignPublicIp = "DISABLED" }

  run = {
    Type     = "Task"
    Resource = "${local.arn_prefix}:states:::ecs:runTask.sync"
    Parameters = {
      Cluster              = var.platform.cluster.arn
      TaskDefinition       = aws_ecs_task_definition.this.arn
      LaunchType           = "FARGATE"
      PropagateTags        = "TASK_DEFINITION"
      NetworkConfiguration = { AwsvpcConfiguration = local.network }
      "Overrides.$"        = "$.overrides"
    }
    TimeoutSeconds = var.runs.timeout
    ResultPath     = "$.task"
    # Not after a time-out: the task may take until `longest_stop` to end, and may have done its work.
    Retry = [for retries in [var.runs.retries] : { ErrorEquals = ["States.TaskFailed"], IntervalSeconds = 30, BackoffRate = 2, MaxAttempts = retries } if retries > 0]
  }

  states = {
    TakeTurn = {
      Type     = "Task"
      Resource = "${local.arn_prefix}:states:::dynamodb:updateItem"
      Parameters = merge(local.turn, {
        UpdateExpression          = "SET Holder = :me"
        ConditionExpression       = "attribute_not_exists(Holder) OR Holder = :me"
        ExpressionAttributeValues = local.me
      })
      ResultPath = null
      Catch      = [{ ErrorEquals = [local.not_me], ResultPath = null, Next = "ReadTurn" }]
      Next       = "FindTasks"
    }
    ReadTurn = {
      Type       = "Task"
      Resource   = "${local.arn_prefix}:states:::dynamodb:getItem"
      Parameters = merge(local.turn, { ConsistentRead = true })
      ResultPath = "$.turn"
      Next       = "IsTurnTaken"
    }
    IsTurnTaken = {
      Type    = "Choice"
      Choices = [{ Variable = "$.turn.Item.Holder.S", IsPresent = true, Next = "SeeHolder" }]
      Default = "TakeTurn"
    }
    # An execution that ended in any other way than by its own last states still holds the turn.
    SeeHolder = {
      Type           = "Task"
      Resource       = "${local.arn_prefix}:states:::aws-sdk:sfn:describeExecution"
      Parameters     = { "ExecutionArn.$" = "$.turn.Item.Holder.S" }
      ResultSelector = { "status.$" = "$.Status" }
      ResultPath     = "$.holder"
      Catch          = [{ ErrorEquals = ["States.ALL"], ResultPath = null, Next = "Skipped" }]
      Next           = "HasHolderEnded"
    }
    HasHolderEnded = {
      Type    = "Choice"
      Choices = [for status in ["ABORTED", "FAILED", "SUCCEEDED", "TIMED_OUT"] : { Variable = "$.holder.status", StringEquals = status, Next = "TakeOver" }]
      Default = "Skipped"
    }
    TakeOver = {
      Type     = "Task"
      Resource = "${local.arn_prefix}:states:::dynamodb:updateItem"
      Parameters = merge(local.turn, {
        UpdateExpression          = "SET Holder = :me"
        ConditionExpression       = "Holder = :holder"
        ExpressionAttributeValues = merge(local.me, { ":holder" = { "S.$" = "$.turn.Item.Holder.S" } })
      })
      ResultPath = null
      Catch      = [{ ErrorEquals = [local.not_me], ResultPath = null, Next = "Skipped" }]
      Next       = "AwaitStop"
    }
    AwaitStop = { Type = "Wait", Seconds = local.longest_stop, Next = "FindTasks" }
    # Step Functions stops the task of an execution that is stopped only as well as it can.
    FindTasks = {
      Type           = "Task"
      Resource       = "${local.arn_prefix}:states:::aws-sdk:ecs:listTasks"
      Parameters     = { Cluster = var.platform.cluster.arn, Family = local.full_name, DesiredStatus = "RUNNING" }
      ResultSelector = { "count.$" = "States.ArrayLength($.TaskArns)" }
      ResultPath     = "$.others"
      Next           = "MayRun"
    }
    MayRun = {
      Type    = "Choice"
      Choices = [{ Variable = "$.others.count", NumericEquals = 0, Next = "Run" }]
      Default = "EndTurn"
    }
    Run = merge(local.run, {
      Catch = [
        { ErrorEquals = ["States.Timeout"], ResultPath = "$.error", Next = "AwaitTimedOut" },
        { ErrorEquals = ["States.ALL"], ResultPath = "$.error", Next = "EndTurn" },
      ]
      Next = "EndTurn"
    })
    AwaitTimedOut = { Type = "Wait", Seconds = local.longest_stop, Next = "EndTurn" }
    EndTurn = {
      Type       = "Task"
      Resource   = "${local.arn_prefix}:states:::dynamodb:deleteItem"
      Parameters = merge(local.turn, { ConditionExpression = "Holder = :me", ExpressionAttributeValues = local.me })
      ResultPath = null
      Catch      = [{ ErrorEquals = [local.not_me], ResultPath = null, Next = "End" }]
      Next       = "End"
    }
    End = {
      Type = "Choice"
      Choices = [
        { Variable = "$.error", IsPresent = true, Next = "Failed" },
        { Variable = "$.others.count", NumericGreaterThan = 0, Next = "Skipped" },
      ]
      Default = "Succeeded"
    }
    Skipped   = { Type = "Pass", Result = { skipped = true }, End = true }
    Succeeded = { Type = "Succeed" }
    Failed    = { Type = "Fail", ErrorPath = "$.error.Error", CausePath = "$.error.Cause" }
  }

  definition = local.takes_turns ? jsonencode({
    Comment = "Runs ${local.full_name}, never twice at the same time"
    StartAt = "TakeTurn"
    States  = local.states
    }) : jsonencode({
    Comment = "Runs ${local.full_name}"
    StartAt = "Run"
    States  = { Run = merge(local.run, { End = true }) }
  })
}

# The execution that has the turn: one item. Losing it is harmless, for the tasks that run are asked for, too. A job whose
# runs may overlap has it, too: a change of that must not delete a table, which no plan may do unasked.
resource "aws_dynamodb_table" "turns" {
  #checkov:skip=CKV_AWS_119:The one item is the name of an execution; AWS's own key encrypts it
  name         = "${local.full_name}-turns"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "Job"

  attribute {
    name = "Job"
    type = "S"
  }

  server_side_encryption {
    enabled = true
  }

  point_in_time_recovery {
    enabled = true
  }

  tags = local.tags
}

resource "aws_sfn_state_machine" "this" {
  #checkov:skip=CKV_AWS_285:Executions of standard workflows keep their whole history for 90 days
  name       = local.full_name
  role_arn   = aws_iam_role.this["runs"].arn
  definition = local.definition

  tracing_configuration {
    enabled = true
  }

  tags = local.tags

  depends_on = [aws_iam_role_policy.this, aws_cloudwatch_log_group.this, aws_dynamodb_table.turns]
}
