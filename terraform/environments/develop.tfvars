# Rendered from desired_state/examples/platforms/develop.yaml; `make environments` writes it.

alb = {
  certificate_arn = "arn:aws:acm:eu-central-1:111122223333:certificate/11111111-aaaa-4aaa-8aaa-111111111111"
  firewall        = true
  rate_limit      = 2000
}

aws = {
  role_arn          = "arn:aws:iam::111122223333:role/reconciler"
  s3_use_path_style = false
}

cluster = {
  insights = "enabled"
  spot     = true
}

data_resources = []

delivery = {
  connection_arn = "arn:aws:codeconnections:eu-central-1:111122223333:connection/11111111-aaaa-4aaa-8aaa-111111111111"
}

environment = {
  name       = "develop"
  tier       = "develop"
  account_id = "111122223333"
  region     = "eu-central-1"
  partition  = "aws"
}

kafka = {
  broker_security_group_id = null
  broker_cidrs             = []
}

network = {
  cidr               = "10.10.0.0/16"
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
