"""What fleets of servers cost a cluster: our hooks, a placeholder's and ToolHive's own operators, in the same run.

Real etcd, kube-apiserver, controllers and Metacontroller; kwok's pods. Each run has a cluster of its own. A run's
result is written down when it ends and not measured again, so that an interrupted benchmark goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from tests.bench import fleet, peers, picture, table
from tests.bench.lives import SCENARIOS
from tests.bench.run import CHILDREN, Run, kept
from tests.controlplane import WatchLog, control_plane
from tests.controlplane.assets import EVERYTHING, ROOT, binaries
from tests.controlplane.fixtures import add_controllers


def measure(scenario: str, peer: str, servers: int) -> fleet.Object:
    """Measure one peer in one scenario with so many servers, in a cluster of its own."""
    live, _, kinds, resync_seconds = SCENARIOS[scenario]
    with (
        tempfile.TemporaryDirectory(prefix=f"bench-{peer}-{servers}-") as folder,
        control_plane(Path(folder), binaries(*EVERYTHING)) as cluster,
    ):
        peers.apply_crds(peer, cluster)
        add_controllers(cluster)
        cluster.kubectl("create", "namespace", fleet.NAMESPACE)
        cluster.kubectl("apply", "-n", fleet.NAMESPACE, "-f", "-", input=json.dumps(fleet.secret("first")))
        at_work = peers.start(peer, cluster, kinds, resync_seconds)
        with WatchLog(cluster, (*at_work.api.parents, *CHILDREN), fleet.NAMESPACE, keep=kept) as log:
            run = Run(cluster, log, at_work, servers)
            live(run, peer)
        result = {"scenario": scenario, "peer": peer, "servers": servers}
        return {**result, "phases": run.phases, "peak_mib": run.memory()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("servers", type=int, nargs="*", default=[50, 200, 1000])
    parser.add_argument("--out", type=Path, default=ROOT / ".bench", help="folder of the results")
    parser.add_argument("--scenario", nargs="*", default=list(SCENARIOS), choices=SCENARIOS)
    options = parser.parse_args()
    options.out.mkdir(exist_ok=True)
    results = []
    for scenario in options.scenario:
        for servers in options.servers:
            for peer in (each for each in SCENARIOS[scenario].of if each in peers.names()):
                file = options.out / f"{scenario}-{peer}-{servers}.json"
                if not file.exists():
                    print(f"{scenario}: {peer}, {servers} servers", flush=True)
                    file.write_text(json.dumps(measure(scenario, peer, servers), indent=1))
                results.append(json.loads(file.read_text()))
    text = table.markdown(results)
    (options.out / "cluster.md").write_text(text)
    (options.out / "cluster.svg").write_text(picture.draw(results))
    print(text)


if __name__ == "__main__":
    main()
