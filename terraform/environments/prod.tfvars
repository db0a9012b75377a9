# Rendered from desired_state/examples/platforms/prod.yaml; `make environments` writes it.

alb = {
  certificate_arn = "arn:aws:acm:eu-central-1:555566667777:certificate/44444444-aaaa-4aaa-8aaa-444444444444"
  firewall        = true
  firewall_mode   = "count"
  rate_limit      = 5000
}

aws = {
  role_arn          = "arn:aws:iam::555566667777:role/reconciler"
  s3_use_path_style = false
}

cluster = {
  insights = "enhanced"
  spot     = false
}

data_resources = []

delivery = {
  connection_arn = "arn:aws:codeconnections:eu-central-1:555566667777:connection/44444444-aaaa-4aaa-8aaa-444444444444"
}

environment = {
  name       = "prod"
  tier       = "prod"
  account_id = "555566667777"
  region     = "eu-central-1"
  partition  = "aws"
}

kafka = {
  broker_security_group_id = null
  broker_cidrs             = []
}

network = {
  cidr               = "10.100.0.0/16"
  availability_zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  nat                = "one_per_az"
  peerings           = {}
  allow_prod_peering = false
}

secrets = {
  "orders/database-url" = {
    rotation = {
      lambda_arn = "arn:aws:lambda:eu-central-1:555566667777:function:rotate-database-url"
      days       = 30
    }
    rotation_exempt_reason = null
  }
  "payments/provider" = {
    rotation               = null
    rotation_exempt_reason = "issued by the payment provider and renewed by hand each January"
  }
}

subscribers = {
  alarms     = ["oncall@example.com"]
  deliveries = ["platform-team@example.com"]
}

tags = {
  owner       = "platform-team"
  cost_center = "4711"
  compliance  = "pci-dss"
}
