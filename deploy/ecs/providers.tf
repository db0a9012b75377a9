terraform {
  # Bucket, key, region and lock table come from a backend file: `reconciler bootstrap` makes them.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region              = var.account.region
  allowed_account_ids = [var.account.id]
  s3_use_path_style   = var.aws.s3_use_path_style

  dynamic "assume_role" {
    for_each = var.aws.role_arn == null ? [] : [var.aws.role_arn]

    content {
      role_arn     = assume_role.value
      session_name = "reconciler-deploy"
    }
  }

  default_tags {
    tags = {
      Environment = "account"
      Owner       = var.tags.owner
      CostCenter  = var.tags.cost_center
      Compliance  = var.tags.compliance
      ManagedBy   = "terraform" # by people: the reconciler does not deploy itself
    }
  }
}
