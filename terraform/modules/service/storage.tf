# Volumes beside /tmp and /var/tmp, and files of variables, with what the roles need for them.

locals {
  efs_volumes   = { for name, volume in var.storage.volumes : name => volume.efs if volume.efs != null }
  opened_here   = { for name, efs in local.efs_volumes : name => efs if efs.access_point == null }
  access_points = { for name, efs in local.efs_volumes : name => efs.access_point == null ? aws_efs_access_point.this[name].id : efs.access_point }

  # By container; the service's own has its name.
  mount_points = { for container in concat([local.name], var.sidecars[*].name) : container => [
    for mount in var.storage.mounts : { sourceVolume = mount.volume, containerPath = mount.path, readOnly = mount.read_only }
    if coalesce(mount.container, local.name) == container
  ] }
  environment_files = { for container in concat([local.name], var.sidecars[*].name) : container => { for key, files in {
    environmentFiles = [for file in var.storage.env_files : { type = "s3", value = file.arn } if coalesce(file.container, local.name) == container]
  } : key => files if length(files) > 0 } }

  efs_groups = distinct([for efs in values(local.efs_volumes) : efs.security_group if efs.security_group != null])
  efs_egress = [for groups in [local.efs_groups] : merge(local.empty_rule, {
    description     = "Mount targets of EFS"
    from_port       = 2049
    to_port         = 2049
    protocol        = "tcp"
    security_groups = groups
  }) if length(groups) > 0]

  # A role mounts through its own access point and nothing else, and writes only where a container may. Source: Amazon
  # EFS user guide, "Using IAM to control access to file systems".
  written_volumes = toset([for mount in var.storage.mounts : mount.volume if !mount.read_only])
  file_statements = [for name, efs in local.efs_volumes : {
    Effect    = "Allow"
    Action    = concat(["elasticfilesystem:ClientMount"], contains(local.written_volumes, name) ? ["elasticfilesystem:ClientWrite"] : [])
    Resource  = "${local.arn_prefix}:elasticfilesystem:${local.region}:${local.account}:file-system/${efs.file_system}"
    Condition = { StringEquals = { "elasticfilesystem:AccessPointArn" = "${local.arn_prefix}:elasticfilesystem:${local.region}:${local.account}:access-point/${local.access_points[name]}" } }
  } if efs.iam]

  # Source: Amazon ECS developer guide, "Pass environment variables to an Amazon ECS container".
  env_files = sort(distinct(var.storage.env_files[*].arn))
  env_file_statements = concat([for arns in [local.env_files] : {
    Sid      = "ReadVariables"
    Effect   = "Allow"
    Action   = ["s3:GetObject"]
    Resource = arns
    } if length(arns) > 0], [for arns in [local.env_files] : {
    Sid      = "FindVariables"
    Effect   = "Allow"
    Action   = ["s3:GetBucketLocation"]
    Resource = sort(distinct([for arn in arns : split("/", arn)[0]]))
  } if length(arns) > 0])
}

resource "aws_efs_access_point" "this" {
  for_each = local.opened_here

  file_system_id = each.value.file_system

  # Whatever user a container has, files belong to this one, and nothing above the directory is seen.
  posix_user {
    uid = 1000
    gid = 1000
  }

  root_directory {
    path = coalesce(each.value.root_directory, "/${local.full_name}/${each.key}")

    creation_info {
      owner_uid   = 1000
      owner_gid   = 1000
      permissions = "0750"
    }
  }

  tags = merge(local.tags, { Name = "${local.full_name}-${each.key}" })
}
