# The service's own repository: tags never move, images are scanned when pushed, old ones expire except for what runs.

locals {
  repository_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "PullByTheService"
        Effect    = "Allow"
        Principal = { AWS = local.execution_arn }
        Action    = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      }],
      [for _ in local.delivered : {
        Sid       = "PushByBuilds"
        Effect    = "Allow"
        Principal = { AWS = "${local.arn_prefix}:iam::${local.account}:role/${local.build_role}" }
        Action    = local.push_actions
      }],
    )
  })

  # The tag in this repository that Git deploys. A pipeline's tag is not known here when the pipeline deploys it: each
  # build marks what runs with a tag of its own before it pushes, for only a push can make an image one too many.
  deployed_tags = [
    for uri in compact([var.image.uri]) : trimprefix(uri, "${local.repository_url}:")
    if var.image.owner == "git" && startswith(uri, "${local.repository_url}:")
  ]

  # A rule that matches an image keeps every later rule from expiring it, and a tag is never at two images: the rule for
  # the deployed tag expires nothing. Source: Amazon ECR user guide, lifecycle policies, evaluation rules.
  lifecycle_policy = jsonencode({
    rules = concat([
      {
        rulePriority = 1
        description  = "expire untagged images after 7 days"
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 7 }
        action       = { type = "expire" }
      },
      ], [for tag in local.deployed_tags :
      {
        rulePriority = 2
        description  = "keep the image that is deployed"
        selection    = { tagStatus = "tagged", tagPatternList = [tag], countType = "imageCountMoreThan", countNumber = 1 }
        action       = { type = "expire" }
      }
      ], [
      {
        rulePriority = 2 + length(local.deployed_tags)
        description  = "keep the last ${local.kept_images} images that ran"
        selection    = { tagStatus = "tagged", tagPatternList = ["deployed-*"], countType = "imageCountMoreThan", countNumber = local.kept_images }
        action       = { type = "expire" }
      },
      {
        rulePriority = 3 + length(local.deployed_tags)
        description  = "keep the last ${local.kept_images} of the others"
        selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = local.kept_images }
        action       = { type = "expire" }
      },
    ])
  })
}

resource "aws_ecr_repository" "this" {
  name                 = local.repository
  image_tag_mutability = "IMMUTABLE"
  force_delete         = local.disposable

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = var.platform.kms.ecr
  }

  tags = local.tags
}

resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name
  policy     = local.lifecycle_policy
}

resource "aws_ecr_repository_policy" "this" {
  repository = aws_ecr_repository.this.name
  policy     = local.repository_policy

  # ECR refuses a principal that does not exist; the ARN is built from names, so the order must be said.
  depends_on = [aws_iam_role.execution, aws_iam_role.build]
}
