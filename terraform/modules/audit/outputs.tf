output "trail" {
  description = "The trail: its ARN, its bucket, its log group and the topic that tells of new files and alarms."
  value = {
    arn       = aws_cloudtrail.this.arn
    bucket    = aws_s3_bucket.this["trail"].id
    log_group = aws_cloudwatch_log_group.trail.name
    topic_arn = aws_sns_topic.this.arn
  }
}

output "kms_key_arn" {
  description = "The key that encrypts trail, record and topic."
  value       = aws_kms_key.this.arn
}
