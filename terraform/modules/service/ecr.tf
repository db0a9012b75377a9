# The service's own repository: tags never move, images are scanned when pushed, old ones expire.

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

  lifecycle_policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "expire untagged images after 7 days"
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 7 }
        action       = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "keep the last ${local.kept_images} images"
        selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = local.kept_images }
        action       = { type = "expire" }
      },
    ]
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
