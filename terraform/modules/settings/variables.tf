variable "tier" {
  description = "The tier whose settings are asked for: develop, test, qa or prod."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["develop", "test", "qa", "prod"], var.tier)
    error_message = "tier \"${var.tier}\" must be develop, test, qa or prod."
  }
}
