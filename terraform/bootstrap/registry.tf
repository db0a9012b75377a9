# One setting per account and region that all image repositories share: by default every push is scanned, whatever a
# repository says. An organisation may have set it already, as Amazon Inspector does for enhanced scanning:
# docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-enhanced-enabling.html

locals {
  frequencies = { basic = "SCAN_ON_PUSH", enhanced = "CONTINUOUS_SCAN" }
}

resource "aws_ecr_registry_scanning_configuration" "this" {
  count = var.registry.scanning == "unmanaged" ? 0 : 1

  scan_type = upper(var.registry.scanning)

  rule {
    scan_frequency = local.frequencies[var.registry.scanning]

    repository_filter {
      filter      = "*"
      filter_type = "WILDCARD"
    }
  }
}
