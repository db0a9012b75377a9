variable "environment" {
  description = "Where this runs: name, tier (develop, test, qa or prod), account and region."
  type = object({
    name       = string
    tier       = string
    account_id = string
    region     = string
    partition  = optional(string, "aws")
  })
  nullable = false
}

variable "platform" {
  description = "The output `platform` of the environment's platform root, whole. The module checks its type."
  type        = any
  nullable    = false
}

variable "image_tag" {
  description = "The tag of the image to run, as it was pushed to the service's repository; null before the first one."
  type        = string
  default     = null
}
