output "pipeline_name" {
  description = "Name of the pipeline; null without a connection to the forge."
  value       = one([for pipeline in aws_codepipeline.this : pipeline.name])
}

output "pipeline_arn" {
  description = "ARN of the pipeline; null without a connection to the forge."
  value       = one([for pipeline in aws_codepipeline.this : pipeline.arn])
}

output "codebuild_project_name" {
  description = "Name of the build project; null without a connection to the forge."
  value       = one([for project in aws_codebuild_project.this : project.name])
}

output "image_parameter_name" {
  description = "SSM parameter that holds the image built last; null without a connection to the forge."
  value       = one([for parameter in aws_ssm_parameter.image : parameter.name])
}
