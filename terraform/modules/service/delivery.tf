# What builds, pipeline and their roles share. Without a connection to the forge there is nothing to fetch from: then a
# service has neither build nor pipeline, and its images come from elsewhere.
locals {
  delivered = var.platform.connection_arn != null ? toset(["this"]) : toset([])
  # The pipeline deploys only what it owns: an image that a manifest names is Git's to deploy, and the pipeline's to build.
  deploys = var.image.owner == "pipeline"

  # `*` stays inside one part of a branch's name, for CodePipeline and for the check in the buildspec.
  tier_branches = {
    develop = "feature/*"
    test    = "release/*.*.*"
    qa      = "release/*.*.*"
    prod    = "prod/*"
  }
  branches  = length(var.delivery.branches) > 0 ? var.delivery.branches : [local.tier_branches[local.tier]]
  triggered = local.tier != "develop"
  approved  = local.tier == "prod" && local.deploys

  artifacts     = var.platform.artifact_bucket
  build_group   = "/codebuild/${var.environment.name}/${local.name}"
  build_role    = "${local.full_name}-build"
  pipeline_role = "${local.full_name}-pipeline"
  build_arn     = "${local.arn_prefix}:codebuild:${local.region}:${local.account}:project/${local.full_name}"
  pipeline_arn  = "${local.arn_prefix}:codepipeline:${local.region}:${local.account}:${local.full_name}"

  # CodePipeline keeps artifacts under the first 20 characters of its name and the first 10 of theirs. Services that share
  # the former have artifacts with names of their own, so that none reads or replaces what another builds from.
  shares_folder   = length(local.full_name) > 20
  artifact_hash   = substr(sha256(local.full_name), 0, 9)
  source_artifact = local.shares_folder ? "s${local.artifact_hash}" : "source"
  build_artifact  = local.shares_folder ? "b${local.artifact_hash}" : "build"
  artifact_folder = "${local.artifacts.arn}/${local.shares_folder ? "${substr(local.full_name, 0, 20)}*" : local.full_name}"
  artifact_objects = local.shares_folder ? [
    for name in [local.build_artifact, local.source_artifact] : "${local.artifact_folder}/${name}/*"
  ] : ["${local.artifact_folder}/*"]

  image_parameter     = "/${var.environment.name}/${local.name}/image"
  image_parameter_arn = "${local.arn_prefix}:ssm:${local.region}:${local.account}:parameter${local.image_parameter}"
}

# Tags never move, so "what was built last" is kept here. The first value stands for "nothing yet".
resource "aws_ssm_parameter" "image" {
  for_each = local.delivered

  name        = local.image_parameter
  description = "The image of ${local.full_name} that was built last; its builds write it"
  type        = "SecureString"
  key_id      = var.platform.kms.s3
  value       = "${local.repository_url}:awaiting-first-image"

  tags = local.tags

  lifecycle {
    ignore_changes = [value]
  }
}
