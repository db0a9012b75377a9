provider "aws" {
  region              = var.environment.region
  allowed_account_ids = [var.environment.account_id]

  default_tags {
    tags = {
      Environment = var.environment.name
      Owner       = var.platform.tags.owner
      CostCenter  = var.platform.tags.cost_center
      Compliance  = var.platform.tags.compliance
      ManagedBy   = "terraform"
    }
  }
}
