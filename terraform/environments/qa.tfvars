# Rendered from desired_state/examples/platforms/qa.yaml; `make environments` writes it.

alb = {
  certificate_arn = "arn:aws:acm:eu-central-1:333344445555:certificate/33333333-aaaa-4aaa-8aaa-333333333333"
  firewall        = true
  rate_limit      = 2000
}

aws = {
  role_arn          = "arn:aws:iam::333344445555:role/reconciler"
  s3_use_path_style = false
}

cluster = {
  insights = "enabled"
  spot     = true
}

data_resources = []

delivery = {
  connection_arn = "arn:aws:codeconnections:eu-central-1:333344445555:connection/33333333-aaaa-4aaa-8aaa-333333333333"
}

environment = {
  name       = "qa"
  tier       = "qa"
  account_id = "333344445555"
  region     = "eu-central-1"
  partition  = "aws"
}

kafka = {
  broker_security_group_id = null
  broker_cidrs             = []
}

network = {
  cidr               = "10.30.0.0/16"
  availability_zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  nat                = "one_per_az"
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
