# Rendered from desired_state/examples/platforms/test.yaml; `make environments` writes it.

alb = {
  certificate_arn = "arn:aws:acm:eu-central-1:222233334444:certificate/22222222-aaaa-4aaa-8aaa-222222222222"
  firewall        = true
  rate_limit      = 2000
}

aws = {
  role_arn          = "arn:aws:iam::222233334444:role/reconciler"
  s3_use_path_style = false
}

cluster = {
  insights = "enabled"
  spot     = true
}

data_resources = []

delivery = {
  connection_arn = "arn:aws:codeconnections:eu-central-1:222233334444:connection/22222222-aaaa-4aaa-8aaa-222222222222"
}

environment = {
  name       = "test"
  tier       = "test"
  account_id = "222233334444"
  region     = "eu-central-1"
  partition  = "aws"
}

kafka = {
  broker_security_group_id = null
  broker_cidrs             = []
}

network = {
  cidr               = "10.20.0.0/16"
  availability_zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  nat                = "single"
  peerings           = {}
  allow_prod_peering = false
}

secrets = {}

subscribers = {
  alarms     = ["platform-team@example.com"]
  deliveries = []
}

tags = {
  owner       = "platform-team"
  cost_center = "4711"
  compliance  = "internal"
}
