terraform {
  # Bucket, key, region and lock table come from a backend file, so that one root serves every environment.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}

# The same for every job of an environment: what differs per job is tagged in the module, so that one warm
# provider process serves them all.
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
      Owner       = var.platform.tags.owner
      CostCenter  = var.platform.tags.cost_center
      Compliance  = var.platform.tags.compliance
      ManagedBy   = "reconciler"
    }
  }
}
