# Three kinds of pipeline, by tier. develop: started by hand for any commit of a feature branch. test and qa: started by
# a push to a release branch. prod: started by a push to a production branch, and deployed once somebody approves.
locals {
  source_action = "Source"

  build_stage = {
    name     = "Build"
    category = "Build"
    provider = "CodeBuild"
    inputs   = [local.source_artifact]
    outputs  = [local.build_artifact]
    timeout  = null
    configuration = {
      ProjectName = local.full_name
      EnvironmentVariables = jsonencode([
        { name = "IMAGE_TAG", value = "#{SourceVariables.CommitId}", type = "PLAINTEXT" },
      ])
    }
  }
  approval_stage = {
    name     = "Approval"
    category = "Approval"
    provider = "Manual"
    inputs   = []
    outputs  = []
    timeout  = 7 * 24 * 60 # minutes
    configuration = {
      NotificationArn = var.platform.notification_topic_arn
      CustomData      = "Deploy #{SourceVariables.CommitId} of ${var.service.repository} to ${local.full_name}? Newer commits wait until this is approved or rejected."
    }
  }
  deploy_stage = {
    name     = "Deploy"
    category = "Deploy"
    provider = "ECS"
    inputs   = [local.build_artifact]
    outputs  = []
    timeout  = null
    configuration = {
      ClusterName       = var.platform.cluster.name
      ServiceName       = local.name
      FileName          = "imagedefinitions.json"
      DeploymentTimeout = "15" # minutes
    }
  }
  stages = concat(
    [local.build_stage],
    [for stage in [local.approval_stage] : stage if local.approved],
    [for stage in [local.deploy_stage] : stage if local.deploys],
  )

  pipeline_events = concat(
    [for outcome in ["canceled", "failed", "succeeded", "superseded"] : "codepipeline-pipeline-pipeline-execution-${outcome}"],
    [for event in ["manual-approval-needed", "manual-approval-failed"] : "codepipeline-pipeline-${event}" if local.approved],
  )
}

resource "aws_codepipeline" "this" {
  for_each = local.delivered

  name          = local.full_name
  role_arn      = aws_iam_role.pipeline[each.key].arn
  pipeline_type = "V2"
  # Every start by hand runs. Of pushes that wait before a stage the newest counts. One that is in a stage keeps it: while
  # an approval is open, newer ones wait, and only a decision lets them pass. Source: AWS CodePipeline user guide, "How
  # pipeline executions work", SUPERSEDED mode.
  execution_mode = local.triggered ? "SUPERSEDED" : "QUEUED"

  artifact_store {
    type     = "S3"
    location = local.artifacts.name

    encryption_key {
      type = "KMS"
      id   = var.platform.kms.s3
    }
  }

  dynamic "trigger" {
    for_each = local.triggered ? [local.branches] : []

    content {
      provider_type = "CodeStarSourceConnection"

      git_configuration {
        source_action_name = local.source_action

        push {
          branches {
            includes = trigger.value
          }
        }
      }
    }
  }

  stage {
    name = "Source"

    action {
      name             = local.source_action
      category         = "Source"
      owner            = "AWS"
      provider         = "CodeStarSourceConnection"
      version          = "1"
      namespace        = "SourceVariables"
      output_artifacts = [local.source_artifact]

      configuration = {
        ConnectionArn    = var.platform.connection_arn
        FullRepositoryId = var.service.repository
        BranchName       = var.delivery.default_branch # of a start by hand without a commit
        # Absent means true, and then AWS adds a trigger on that branch which no plan can take away.
        DetectChanges = "false"
        # The whole history, in which the build finds the branches that a commit is on.
        OutputArtifactFormat = "CODEBUILD_CLONE_REF"
      }
    }
  }

  dynamic "stage" {
    for_each = local.stages

    content {
      name = stage.value.name

      action {
        name               = stage.value.name
        category           = stage.value.category
        owner              = "AWS"
        provider           = stage.value.provider
        version            = "1"
        input_artifacts    = stage.value.inputs
        output_artifacts   = stage.value.outputs
        timeout_in_minutes = stage.value.timeout
        configuration      = stage.value.configuration
      }
    }
  }

  tags = local.tags

  # A pipeline that starts before its role can do anything fails its first run.
  depends_on = [aws_codebuild_project.this, aws_iam_role_policy.pipeline, aws_iam_role_policy.build]
}

resource "aws_codestarnotifications_notification_rule" "this" {
  for_each = local.delivered

  name           = "${local.full_name}-pipeline"
  resource       = aws_codepipeline.this[each.key].arn
  detail_type    = "BASIC" # no commit messages in mails
  event_type_ids = local.pipeline_events

  target {
    type    = "SNS"
    address = var.platform.notification_topic_arn
  }

  tags = local.tags
}
