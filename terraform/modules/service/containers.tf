# The settings of each container, by its name: the service's own and its sidecars. What is not asked for leaves no key.

locals {
  settings = merge({ (local.name) = var.container }, { for sidecar in var.sidecars : sidecar.name => sidecar.settings })

  # Of which a container knows its own: the one before a deployment has them too.
  of_image = { for container, each in local.settings : container => {
    for key, value in {
      entryPoint             = each.entry_point
      workingDirectory       = each.working_directory
      user                   = each.user
      dockerLabels           = each.labels
      readonlyRootFilesystem = each.writable_root ? false : null
      ulimits                = each.open_files == null ? null : [{ name = "nofile", softLimit = each.open_files.soft, hardLimit = each.open_files.hard }]
    } : key => value if value != null
  } }

  # What ties it to the other containers of the task. CPU units are shares of the task's.
  of_task = { for container, each in local.settings : container => {
    for key, value in {
      cpu               = each.cpu
      memoryReservation = each.memory_reservation
      dependsOn         = length(each.starts_after) == 0 ? null : [for name in sort(keys(each.starts_after)) : { containerName = name, condition = each.starts_after[name] }]
    } : key => value if value != null
  } }

  sidecar_keys = { for sidecar in var.sidecars : sidecar.name => {
    for key, value in {
      portMappings = length(sidecar.settings.ports) == 0 ? null : [for port in sidecar.settings.ports : { containerPort = port, hostPort = port, protocol = "tcp" }]
      healthCheck = sidecar.settings.health_check == null ? null : {
        command     = sidecar.settings.health_check.command
        interval    = sidecar.settings.health_check.interval
        timeout     = sidecar.settings.health_check.timeout
        retries     = sidecar.settings.health_check.retries
        startPeriod = sidecar.settings.health_check.start_period
      }
    } : key => value if value != null
  } }
  sidecar_ports = flatten(var.sidecars[*].settings.ports)

  # Named paths are memory, like /tmp: it has the mode that is asked for, whoever the container's user is. What is in the
  # image at such a path cannot be seen.
  limits = merge({ (local.name) = var.container.memory }, { for sidecar in var.sidecars : sidecar.name => sidecar.memory })
  linux = { for container, each in local.settings : container => merge(
    {
      initProcessEnabled = !each.without_init
      tmpfs = [for path in concat(["/tmp"], each.writable_paths) : merge(local.tmp, {
        containerPath = path
        size          = floor(coalesce(local.limits[container], var.resources.memory) / 2)
      })]
    },
    { for key, value in { capabilities = each.capabilities } : key => value if value != null },
  ) }
}
