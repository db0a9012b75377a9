"""The reader of a whole environment."""

from asyncio import gather

from reconciler.core.environment import Environment
from reconciler.core.verification.account import Account
from reconciler.edges.aws.account import access, network, services, storage
from reconciler.edges.aws.account.calls import Calls
from reconciler.edges.aws.clients import AwsClients


async def read_account(clients: AwsClients, environment: Environment, *, bucket: str, prefix: str) -> Account:
    """Return all that AWS has of an environment. Makes read calls only. Raises: AwsFailed.

    `bucket` and `prefix` are where the account's states are.
    """
    calls = Calls(clients, environment)
    vpcs, clusters = await gather(network.read_vpcs(calls), services.read_clusters(calls))
    keys, repositories, log_groups, stores, states, quotas = await gather(
        storage.read_keys(calls),
        storage.read_repositories(calls),
        storage.read_log_groups(calls),
        storage.read_stores(calls),
        storage.read_states(calls, bucket, f"{prefix}{environment.name}/"),
        access.read_quotas(calls),
    )
    inside = {vpc.id for vpc in vpcs}
    groups, balancers = await gather(network.read_security_groups(calls, inside), network.read_balancers(calls, inside))
    found = await services.read_services(calls) if clusters else ()
    names = [f"{environment.name}-{service.name}" for service in found]
    pipelines, projects, alarms = await gather(
        services.read_pipelines(calls, names),
        services.read_projects(calls, names),
        services.read_alarms(
            calls, {each.name for each in balancers}, {group for service in found for group in service.target_groups}
        ),
    )
    return Account(
        vpcs=vpcs,
        security_groups=groups,
        balancers=balancers,
        clusters=clusters,
        services=found,
        repositories=repositories,
        log_groups=log_groups,
        keys=keys,
        stores=stores,
        pipelines=pipelines,
        projects=projects,
        alarms=alarms,
        roles=await access.read_roles(calls, found, projects, pipelines),
        states=states,
        quotas=quotas,
    )
