output "trail" {
  description = "The trail: its ARN, its bucket and its log group."
  value = {
    arn       = aws_cloudtrail.this.arn
    bucket    = aws_s3_bucket.this["trail"].id
    log_group = aws_cloudwatch_log_group.trail.name
  }
}

output "alarm_topic_arn" {
  description = "The topic of the alarms on the root user and on break-glass."
  value       = aws_sns_topic.this.arn
}

output "kms_key_arn" {
  description = "The key that encrypts trail, record and topic."
  value       = aws_kms_key.this.arn
}
