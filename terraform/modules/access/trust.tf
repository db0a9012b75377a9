# Who may take on a role, by how they signed in. MFA is demanded here and nowhere else: of IAM users by AWS, which sees
# their device; of federated people by their identity provider, as AWS does not see it.
#
# Sessions of roles carry no MFA, so a role that is trusted under an MFA condition can never get in:
# docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html ("temporary credentials returned
# by AssumeRole do not include MFA information in the context").

locals {
  federated = var.people.federated

  # Identity Center makes the role of a permission set anew with another suffix, so it may be trusted by a pattern, which
  # is a condition, not a principal: docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
  permission_sets = [for arn in local.federated.role_arns : arn if endswith(arn, "_*")]
  plain_roles     = [for arn in local.federated.role_arns : arn if !contains(local.permission_sets, arn)]
  their_accounts  = distinct([for arn in local.permission_sets : "${join(":", slice(split(":", arn), 0, 5))}:root"])

  sign_in = {
    aws        = "signin.aws.amazon.com"
    aws-cn     = "signin.amazonaws.cn"
    aws-us-gov = "signin.amazonaws-us-gov.com"
  }[var.environment.partition]

  # A session that has a source identity takes on another role only where it may set it there, and keeps it:
  # docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
  taking_on = ["sts:AssumeRole", "sts:SetSourceIdentity"]
  kept      = { for wanted in [local.federated.source_identities] : "StringLike" => { "aws:SourceIdentity" = wanted } if length(wanted) > 0 }
  asserted  = { for wanted in [local.federated.source_identities] : "StringLike" => { "sts:SourceIdentity" = wanted } if length(wanted) > 0 }

  trusted = {
    PeopleWithMfa = {
      principal = { AWS = var.people.trusted_arns }
      action    = ["sts:AssumeRole"]
      condition = merge(local.with_mfa, {
        NumericLessThan = { "aws:MultiFactorAuthAge" = tostring(var.people.mfa_age_seconds) }
      })
    }
    PeopleWithRoles = {
      principal = { AWS = local.plain_roles }
      action    = local.taking_on
      condition = local.kept
    }
    PeopleWithPermissionSets = {
      principal = { AWS = local.their_accounts }
      action    = local.taking_on
      condition = merge(local.kept, { ArnLike = { "aws:PrincipalArn" = local.permission_sets } })
    }
    # docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_saml.html
    PeopleOfSamlProviders = {
      principal = { Federated = local.federated.saml_provider_arns }
      action    = ["sts:AssumeRoleWithSAML", "sts:SetSourceIdentity"]
      condition = merge(local.asserted, {
        StringEquals = { "SAML:aud" = ["https://${local.sign_in}/saml", "https://${var.environment.region}.${local.sign_in}/saml"] }
      })
    }
  }

  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for sid, settings in local.trusted : merge(
        { Sid = sid, Effect = "Allow", Principal = settings.principal, Action = settings.action },
        { for condition in [settings.condition] : "Condition" => condition if length(condition) > 0 },
      ) if length(flatten(values(settings.principal))) > 0
    ]
  })
}
