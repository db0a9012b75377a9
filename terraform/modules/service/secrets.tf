# What lets a role read secrets and parameters, each by its ARN. A source is written as ECS has it: the name of a secret
# of this account or an ARN, and after it, of a secret, the JSON key, the stage and the version to take.

locals {
  secret_name      = "(?:[a-z][a-z0-9-]*!)?[A-Za-z0-9/_+=.@-]{1,512}" # an AWS service begins the name of what it makes with its own and !
  secret_arn       = "arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:${local.secret_name}-[A-Za-z0-9]{6}"
  parameter_arn    = "arn:aws[a-z-]*:ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9_./-]{1,1000}"
  secret_reference = "^(?:(?:${local.secret_name}|${local.secret_arn})(?::[^:\\s]*:[^:\\s]*:[A-Za-z0-9-]*)?|${local.parameter_arn})$"
  looks_like_arn   = "^[^:]*-[A-Za-z0-9]{6}(?::|$)" # a name that Secrets Manager takes for the end of an ARN

  injected_secrets = concat(values(var.secrets), flatten([for sidecar in var.sidecars : values(sidecar.secrets)]), local.logins)
  readable_secrets = { execution = concat(local.injected_secrets, var.admitted_secrets), task = tolist(var.runtime_secrets) }

  # Without key, stage and version.
  read_origins = { for role, sources in local.readable_secrets : role => distinct([
    for source in sources : can(regex("^arn:[a-z-]+:ssm:", source)) ? source : join(":", slice(split(":", source), 0, startswith(source, "arn:") ? 7 : 1))
  ]) }

  # Secrets Manager ends the ARN of every secret with a hyphen and six characters of its own.
  read_parameters = { for role, origins in local.read_origins : role => sort([for origin in origins : origin if can(regex("^arn:[a-z-]+:ssm:", origin))]) }
  platform_keyed  = { for role, origins in local.read_origins : role => sort([for origin in origins : "${local.secret_prefix}${origin}-??????" if !can(regex("^arn:|!", origin))]) }
  otherwise_keyed = { for role, origins in local.read_origins : role => sort([
    for origin in origins : startswith(origin, "arn:") ? origin : "${local.secret_prefix}${origin}-??????" if can(regex("^arn:[a-z-]+:secretsmanager:|^[^:]*!", origin))
  ]) }

  # Secrets of other makers and parameters may have keys that are not known here. A key decrypts for one of them only:
  # both services name what they decrypt. Sources: AWS Secrets Manager user guide, "Secret encryption and decryption";
  # AWS KMS developer guide, "How AWS Systems Manager Parameter Store uses AWS KMS".
  other_keys = { for role, _ in local.readable_secrets : role => {
    for service, found in {
      secretsmanager = { arns = local.otherwise_keyed[role], context = "kms:EncryptionContext:SecretARN", sid = "DecryptOtherSecrets" }
      ssm            = { arns = local.read_parameters[role], context = "kms:EncryptionContext:PARAMETER_ARN", sid = "DecryptParameters" }
      } : service => {
      Sid      = found.sid
      Effect   = "Allow"
      Action   = ["kms:Decrypt"]
      Resource = sort(distinct([for arn in found.arns : "${local.arn_prefix}:kms:${split(":", arn)[3]}:${split(":", arn)[4]}:key/*"]))
      Condition = {
        StringEquals = { "kms:ViaService" = sort(distinct([for arn in found.arns : "${service}.${split(":", arn)[3]}.amazonaws.com"])) }
        StringLike   = { (found.context) = found.arns }
      }
    } if length(found.arns) > 0
  } }

  secret_statements = { for role, sources in local.readable_secrets : role => concat(
    [for arns in [sort(concat(local.platform_keyed[role], local.otherwise_keyed[role]))] : {
      Sid      = "ReadSecrets"
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue"]
      Resource = arns
    } if length(arns) > 0],
    [for arns in [local.platform_keyed[role]] : {
      Sid       = "DecryptSecrets"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = [var.platform.kms.secrets]
      Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${local.region}.amazonaws.com" } }
    } if length(arns) > 0],
    [for arns in [local.read_parameters[role]] : {
      Sid      = "ReadParameters"
      Effect   = "Allow"
      Action   = ["ssm:GetParameters"]
      Resource = arns
    } if length(arns) > 0],
    values(local.other_keys[role]),
  ) if length(sources) > 0 }
}
