# One build project: tests, image, scan, push. It runs for the pipeline only; its source and its results are artifacts.
locals {
  buildspec = templatefile("${path.module}/templates/buildspec.yml.tftpl", {
    branch    = var.delivery.default_branch
    branches  = length(local.branches) == 1 ? "\"refs/remotes/origin/$BRANCH_PATTERN\"" : join(" ", [for one in local.branches : "'refs/remotes/origin/${one}'"])
    cache     = var.delivery.cache
    context   = var.delivery.context
    arguments = join(" ", local.build_arguments)
    cluster   = var.platform.cluster.name
    container = local.name
    key       = var.platform.kms.s3
    parameter = local.image_parameter
    runtime   = length(local.runtime.check) > 0 ? var.service.runtime : "none"
    scanner   = var.delivery.scanner_image
    version   = coalesce(var.delivery.runtime_version, try(local.tested_with[var.service.runtime], "none"))
  })

  # In single quotes: what a manifest says is never a part of the program.
  build_arguments = concat(
    [for flag, value in { "--file" = var.delivery.dockerfile, "--target" = var.delivery.target } : "${flag} '${value}'" if value != null],
    [for name in sort(keys(var.delivery.build_args)) : "--build-arg '${name}=${replace(var.delivery.build_args[name], "'", "'\\''")}'"],
    ["--tag \"$image\"", var.delivery.context == null ? "." : "'${var.delivery.context}'"],
  )

  tested_with = { nodejs = "22", python = "3.13" }

  # An image runs on the architecture that it was built on.
  # Source: AWS CodeBuild user guide, "Docker images provided by CodeBuild".
  build_on = {
    X86_64 = { type = "LINUX_CONTAINER", image = "aws/codebuild/standard:7.0" }
    ARM64  = { type = "ARM_CONTAINER", image = "aws/codebuild/amazonlinux-aarch64-standard:3.0" }
  }

  build_variables = {
    AWS_ACCOUNT_ID     = local.account
    BRANCH_PATTERN     = join(" ", local.branches)
    ECR_REPOSITORY     = local.repository
    ECR_REPOSITORY_URL = local.repository_url
    ENVIRONMENT        = var.environment.name
    IMAGE_TAG          = "set-by-the-pipeline"
  }
}

resource "aws_cloudwatch_log_group" "build" {
  #checkov:skip=CKV_AWS_338:Logs are kept for 90 days in production and 30 elsewhere, as required
  for_each = local.delivered

  name              = local.build_group
  retention_in_days = local.retention
  kms_key_id        = var.platform.kms.logs
  skip_destroy      = !local.disposable # as for the logs of the tasks

  tags = local.tags
}

resource "aws_codebuild_project" "this" {
  for_each = local.delivered

  name           = local.full_name
  description    = "Tests, builds, scans and pushes ${local.full_name}"
  service_role   = aws_iam_role.build[each.key].arn
  encryption_key = var.platform.kms.s3
  build_timeout  = var.delivery.build_timeout
  queued_timeout = 60

  source {
    type      = "CODEPIPELINE"
    buildspec = local.buildspec
  }

  artifacts {
    type = "CODEPIPELINE"
  }

  #checkov:skip=CKV_AWS_316:images are built by a Docker engine inside the build, which needs a privileged container
  environment {
    type                        = local.build_on[var.task.architecture].type
    compute_type                = var.delivery.compute_type
    image                       = local.build_on[var.task.architecture].image
    image_pull_credentials_type = "CODEBUILD"
    privileged_mode             = true

    dynamic "environment_variable" {
      for_each = local.build_variables

      content {
        name  = environment_variable.key
        value = environment_variable.value
      }
    }
  }

  # The image that was built last is the cache: its layers are in the registry anyway.
  cache {
    type = "NO_CACHE"
  }

  logs_config {
    cloudwatch_logs {
      group_name = aws_cloudwatch_log_group.build[each.key].name
    }
  }

  tags = local.tags
}
