output "alb" {
  description = "The load balancer: ARN, ARN suffix, DNS name and zone, the HTTPS listener and the security group."
  value = {
    arn               = aws_lb.this.arn
    arn_suffix        = aws_lb.this.arn_suffix
    dns_name          = aws_lb.this.dns_name
    zone_id           = aws_lb.this.zone_id
    listener_arn      = aws_lb_listener.https.arn
    security_group_id = aws_security_group.this.id
  }
}
