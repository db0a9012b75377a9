terraform {
  # Bucket, key, region and lock table come from a backend file, so that one root serves every account.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region              = var.environment.region
  allowed_account_ids = [var.environment.account_id]
  s3_use_path_style   = var.aws.s3_use_path_style

  dynamic "assume_role" {
    for_each = var.aws.role_arn == null ? [] : [var.aws.role_arn]

    content {
      role_arn     = assume_role.value
      session_name = "reconciler"
    }
  }

  default_tags {
    tags = {
      Environment = var.environment.name
      Tier        = var.environment.tier
      Owner       = var.tags.owner
      CostCenter  = var.tags.cost_center
      Compliance  = var.tags.compliance
      ManagedBy   = "reconciler"
    }
  }
}
