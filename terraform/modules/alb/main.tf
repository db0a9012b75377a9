# The one public entrance: HTTPS with a current TLS policy, HTTP only to redirect, 404 unless a service's rule matches.

module "settings" {
  source = "../settings"

  tier = var.environment.tier
}

resource "aws_security_group" "this" {
  #checkov:skip=CKV_AWS_260:Port 80 is open to redirect to HTTPS, nothing else
  name        = "${var.environment.name}-alb"
  description = "Public load balancer: web in from the internet, out to the services in the VPC"
  vpc_id      = var.vpc.id

  ingress = [for port, purpose in { 80 = "HTTP, answered with a redirect", 443 = "HTTPS" } : {
    description      = purpose
    from_port        = tonumber(port)
    to_port          = tonumber(port)
    protocol         = "tcp"
    cidr_blocks      = ["0.0.0.0/0"]
    ipv6_cidr_blocks = []
    prefix_list_ids  = []
    security_groups  = []
    self             = false
  }]

  # Services choose their ports and live in states of their own, so the range stays open inside the VPC; each service's
  # group admits the load balancer on its one port.
  egress = [{
    description      = "Services and their health checks"
    from_port        = 1
    to_port          = 65535
    protocol         = "tcp"
    cidr_blocks      = [var.vpc.cidr]
    ipv6_cidr_blocks = []
    prefix_list_ids  = []
    security_groups  = []
    self             = false
  }]

  tags = { Name = "${var.environment.name}-alb" }
}

resource "aws_lb" "this" {
  #checkov:skip=CKV_AWS_150:Only production is protected from deletion; other environments come and go
  name                       = var.environment.name
  internal                   = false
  load_balancer_type         = "application"
  ip_address_type            = "ipv4"
  subnets                    = var.vpc.public_subnet_ids
  security_groups            = [aws_security_group.this.id]
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "defensive"
  enable_deletion_protection = module.settings.settings.deletion_protection

  access_logs {
    bucket  = var.access_logs.bucket
    prefix  = var.access_logs.prefix
    enabled = true
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      message_body = "No service answers to this path."
      status_code  = "404"
    }
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}
