"""Which pods restart once the hooks run, said before anything is written."""

from __future__ import annotations

from collections.abc import Iterator

from hooks.kubernetes.kinds import DEPLOYMENT, STATEFUL_SET, Kind
from hooks.migrate.plan import Plan


def rolls(plan: Plan, *, back: bool) -> Iterator[str]:
    """Yield what restarts after a plan was carried out; no pod restarts by the plan itself.

    A proxy gets a new pod template: the RunConfig has one more label for what the runner makes, so its checksum
    differs. By that label the runner's next start changes the pod template of its StatefulSet too. On the way back the
    label is removed; how often the operator rolls a proxy then depends on the operator.
    """
    proxies, servers = _running(plan, DEPLOYMENT), _running(plan, STATEFUL_SET)
    if proxies or servers:
        over = "Metacontroller works on them, each of these rolls once at most"
        then = "the old operator works on them, it rolls" if back else over
        yield (
            f"No pod restarts by this. Once {then}: {proxies} "
            f"{'proxy' if proxies == 1 else 'proxies'} (Deployments) and {servers} MCP "
            f"server{'' if servers == 1 else 's'} (StatefulSets). One that is Failed stays as it is"
        )


def _running(plan: Plan, kind: Kind) -> int:
    return sum(change.kind == kind and change.obj.get("spec", {}).get("replicas", 1) != 0 for change in plan.changes)
