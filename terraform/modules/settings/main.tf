# What a tier means, in one table: every module that behaves differently in production reads it here and nowhere else.
# docs/environments.md shows it; the manifests set what differs between environments of one tier.

locals {
  tiers = {
    develop = {
      log_days             = 30
      access_log_days      = 30
      artifact_days        = 30
      flow_log_seconds     = 600  # how long connections are gathered into one record
      disposable           = true # buckets and registries may be destroyed with what they hold
      deletion_protection  = false
      nat_modes            = ["one_per_az", "single", "none"]
      insights             = "enabled"
      spot_weight          = 4 # tasks on Fargate Spot for one on regular capacity; 0 forbids Spot
      min_tasks            = 1
      kept_images          = 30
      key_deletion_days    = 7
      secret_recovery_days = 0 # a name is free again at once, so that an environment can be made again
    }
    test = {
      log_days             = 30
      access_log_days      = 30
      artifact_days        = 30
      flow_log_seconds     = 600
      disposable           = true
      deletion_protection  = false
      nat_modes            = ["one_per_az", "single", "none"]
      insights             = "enabled"
      spot_weight          = 4
      min_tasks            = 1
      kept_images          = 30
      key_deletion_days    = 7
      secret_recovery_days = 0
    }
    qa = {
      log_days             = 30
      access_log_days      = 30
      artifact_days        = 30
      flow_log_seconds     = 600
      disposable           = false
      deletion_protection  = false
      nat_modes            = ["one_per_az", "single", "none"]
      insights             = "enabled"
      spot_weight          = 1
      min_tasks            = 1
      kept_images          = 30
      key_deletion_days    = 14
      secret_recovery_days = 7
    }
    prod = {
      log_days             = 90
      access_log_days      = 365
      artifact_days        = 90
      flow_log_seconds     = 60
      disposable           = false
      deletion_protection  = true
      nat_modes            = ["one_per_az"]
      insights             = "enhanced"
      spot_weight          = 0
      min_tasks            = 2
      kept_images          = 100
      key_deletion_days    = 30
      secret_recovery_days = 30
    }
  }
}
