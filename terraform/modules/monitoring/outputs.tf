output "topics" {
  description = "ARNs of the topics, by what they are for: alarms, deliveries."
  value       = { for name, topic in aws_sns_topic.this : name => topic.arn }

  # What is published before the policy is there is lost.
  depends_on = [aws_sns_topic_policy.this]
}
