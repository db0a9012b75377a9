# The firewall in front of the load balancer: AWS's own rule groups and a limit per address. What it blocks or counts is
# logged; the load balancer logs every request anyway.
# It can be left out where another one stands before the load balancer.

locals {
  firewalls = var.firewall ? toset(["this"]) : toset([])
  web_acl   = "${var.environment.name}-alb"
  waf_group = "aws-waf-logs-${var.environment.name}" # AWS demands this beginning

  # AWS's rule groups know nothing of the application; AWS says to count first and to read what they would block.
  # Source: "Testing and tuning your AWS WAF protections" in the WAF guide.
  blocking = var.firewall_mode == "block" ? ["block"] : []
  counting = var.firewall_mode == "count" ? ["count"] : []

  log_delivery_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "FirewallLogsOfThisAccount"
      Effect    = "Allow"
      Principal = { Service = "delivery.logs.amazonaws.com" }
      Action    = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource  = "arn:${var.environment.partition}:logs:${var.environment.region}:${var.environment.account_id}:log-group:${local.waf_group}:log-stream:*"
      Condition = {
        ArnLike      = { "aws:SourceArn" = "arn:${var.environment.partition}:logs:${var.environment.region}:${var.environment.account_id}:*" }
        StringEquals = { "aws:SourceAccount" = var.environment.account_id }
      }
    }]
  })
}

resource "aws_wafv2_web_acl" "this" {
  for_each = local.firewalls

  name        = local.web_acl
  description = "In front of the public load balancer of ${var.environment.name}"
  scope       = "REGIONAL"

  default_action {
    allow {}
  }

  rule {
    name     = "rate-per-address"
    priority = 1

    action {
      block {}
    }

    statement {
      rate_based_statement {
        limit              = var.rate_limit
        aggregate_key_type = "IP"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "rate-per-address"
      sampled_requests_enabled   = true
    }
  }

  rule {
    name     = "AWSManagedRulesAmazonIpReputationList"
    priority = 10

    override_action {
      dynamic "none" {
        for_each = local.blocking

        content {}
      }
      dynamic "count" {
        for_each = local.counting

        content {}
      }
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesAmazonIpReputationList"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "AWSManagedRulesAmazonIpReputationList"
      sampled_requests_enabled   = true
    }
  }

  rule {
    name     = "AWSManagedRulesKnownBadInputsRuleSet"
    priority = 20

    # In both modes: what it knows are exploits, such as the one of Log4j, and nobody's traffic.
    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesKnownBadInputsRuleSet"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "AWSManagedRulesKnownBadInputsRuleSet"
      sampled_requests_enabled   = true
    }
  }

  # Bodies over 8 KB are ordinary uploads, so that one rule only counts.
  rule {
    name     = "AWSManagedRulesCommonRuleSet"
    priority = 30

    override_action {
      dynamic "none" {
        for_each = local.blocking

        content {}
      }
      dynamic "count" {
        for_each = local.counting

        content {}
      }
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesCommonRuleSet"

        rule_action_override {
          name = "SizeRestrictions_BODY"

          action_to_use {
            count {}
          }
        }
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "AWSManagedRulesCommonRuleSet"
      sampled_requests_enabled   = true
    }
  }

  # Anonymous addresses are ordinary people too: counted, not blocked.
  rule {
    name     = "AWSManagedRulesAnonymousIpList"
    priority = 40

    override_action {
      count {}
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesAnonymousIpList"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "AWSManagedRulesAnonymousIpList"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = local.web_acl
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl_association" "this" {
  for_each = local.firewalls

  resource_arn = aws_lb.this.arn
  web_acl_arn  = aws_wafv2_web_acl.this[each.key].arn
}

resource "aws_cloudwatch_log_group" "waf" {
  #checkov:skip=CKV_AWS_338:Logs are kept for 90 days in production and 30 elsewhere, as required
  for_each = local.firewalls

  name              = local.waf_group
  retention_in_days = module.settings.settings.log_days
  kms_key_id        = var.logs_key_arn
}

resource "aws_cloudwatch_log_resource_policy" "waf" {
  for_each = local.firewalls

  policy_name     = local.waf_group
  policy_document = local.log_delivery_policy
}

resource "aws_wafv2_web_acl_logging_configuration" "this" {
  for_each = local.firewalls

  resource_arn            = aws_wafv2_web_acl.this[each.key].arn
  log_destination_configs = [aws_cloudwatch_log_group.waf[each.key].arn]

  logging_filter {
    default_behavior = "DROP"

    filter {
      behavior    = "KEEP"
      requirement = "MEETS_ANY"

      condition {
        action_condition {
          action = "BLOCK"
        }
      }
      condition {
        action_condition {
          action = "COUNT"
        }
      }
    }
  }

  redacted_fields {
    single_header {
      name = "authorization"
    }
  }
  redacted_fields {
    single_header {
      name = "cookie"
    }
  }

  depends_on = [aws_cloudwatch_log_resource_policy.waf]
}
