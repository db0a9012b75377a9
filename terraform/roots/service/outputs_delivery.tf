output "pipeline_name" {
  description = "Name of the pipeline; null without a connection to the forge."
  value       = module.service.pipeline_name
}

output "pipeline_arn" {
  description = "ARN of the pipeline; null without a connection to the forge."
  value       = module.service.pipeline_arn
}

output "codebuild_project_name" {
  description = "Name of the build project; null without a connection to the forge."
  value       = module.service.codebuild_project_name
}

output "image_parameter_name" {
  description = "SSM parameter that holds the image built last; null without a connection to the forge."
  value       = module.service.image_parameter_name
}
