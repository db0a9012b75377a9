# What moto alone gets wrong for the AWS provider, in one small configuration.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

provider "aws" {
  allowed_account_ids = ["123456789012"]
  s3_use_path_style   = true

  default_tags {
    tags = { Owner = "payments" }
  }
}

variable "name" {
  description = "Prefix of every name."
  type        = string
}

resource "aws_vpc" "this" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "this" {
  vpc_id     = aws_vpc.this.id
  cidr_block = "10.0.1.0/24"
}

resource "aws_ecs_cluster" "this" {
  name = var.name
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  cpu                      = 256
  memory                   = 512
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  track_latest             = true

  container_definitions = jsonencode([{ name = "app", image = "app:1", essential = true }])
}

resource "aws_ecs_service" "this" {
  name                          = var.name
  cluster                       = aws_ecs_cluster.this.arn
  task_definition               = aws_ecs_task_definition.this.arn
  desired_count                 = 0
  availability_zone_rebalancing = "ENABLED"
  enable_ecs_managed_tags       = true
  propagate_tags                = "SERVICE"

  network_configuration {
    subnets = [aws_subnet.this.id]
  }

  capacity_provider_strategy {
    capacity_provider = "FARGATE"
    base              = 1
    weight            = 1
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  lifecycle {
    ignore_changes = [desired_count]
  }
}

resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${var.name}/${aws_ecs_service.this.name}"
  min_capacity       = 2
  max_capacity       = 4
}

resource "aws_kms_key" "this" {
  enable_key_rotation     = true
  rotation_period_in_days = 180
}

resource "aws_s3_bucket" "this" {
  bucket = var.name
}

resource "aws_s3_bucket_notification" "this" {
  bucket      = aws_s3_bucket.this.id
  eventbridge = true
}
