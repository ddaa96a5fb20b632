"""What a life of N servers that share one config costs a cluster: our hooks, and beside them a placeholder's.

Real etcd, kube-apiserver, controllers and Metacontroller; kwok's pods. Each run has a cluster of its own. A run's
result is written down when it ends and not measured again, so that an interrupted benchmark goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.bench import picture, served
from tests.bench.bodies import OIDC
from tests.controlplane import ControlPlane, Event, WatchLog, control_plane, eventually
from tests.controlplane.assets import EVERYTHING, ROOT, binaries
from tests.controlplane.fixtures import complete
from tests.controlplane.processes import answers, free_port
from tests.served import MALLOC, Served
from tests.taken import peak_mib, processor_seconds
from tests.world import external_auth

NAMESPACE = "bench"
TOOLHIVE = "toolhive.stacklok.dev/v1alpha1"
SERVER, CONFIG = f"{TOOLHIVE}/MCPServer", f"{TOOLHIVE}/MCPExternalAuthConfig"
KINDS = (SERVER, CONFIG, "v1/ConfigMap", "apps/v1/Deployment")
APPS = ("ours", "placeholder")
PHASES = {
    "create": "every server is Ready",
    "edit": "the config's edit is in every RunConfig",
    "rotate": "the secret's new content is known to every Deployment",
    "delete": "the servers are gone, while the config waits for them",
    "release": "the config is gone",
}
PROGRAMS = ("hooks", "metacontroller", "kube-apiserver", "etcd")
QUIET_SECONDS = 3
CONNECTIONS = 8
_WRITES = re.compile(
    r'^apiserver_request_total\{.*?resource="(\w+)".*?subresource="(\w*)".*?verb="(POST|PUT|PATCH|DELETE)".*?\} (\S+)',
    re.MULTILINE,
)

Result = dict[str, Any]


class Run:
    """One application's run with N servers."""

    def __init__(self, cluster: ControlPlane, log: WatchLog, counts: Callable[[], served.Counts], servers: int) -> None:
        self.cluster = cluster
        self.log = log
        self.counts = counts
        self.servers = servers
        self.phases: dict[str, Result] = {}
        self._seen = 0
        self._last = time.monotonic()
        self._objects: dict[tuple[str, str], Any] = {}

    def lives(self) -> None:
        """Everything that happens to the servers and their config."""
        everyone = range(self.servers)
        with self._phase("create", lambda: self._all("MCPServer", lambda kept: kept["phase"] == "Ready")):
            self._each(lambda number: self._send("POST", "mcpservers", _server(number)), everyone)
        with self._phase("edit", lambda: self._all("ConfigMap", lambda kept: kept["edited"])):
            self._send("PATCH", "mcpexternalauthconfigs/tx", {"spec": {"tokenExchange": {"audience": "edited"}}})
        before = {name: kept for (kind, name), kept in self._objects.items() if kind == "Deployment"}
        with self._phase(
            "rotate", lambda: all(self._objects["Deployment", name] != kept for name, kept in before.items())
        ):
            self._send("PATCH", "secrets/tx-oauth", _secret("rotated"))
        self._send("DELETE", "mcpexternalauthconfigs/tx")
        with self._phase("delete", lambda: not self._kind("MCPServer")):
            self._each(lambda number: self._send("DELETE", f"mcpservers/server-{number}"), everyone)
        with self._phase("release", lambda: not self._kind("MCPExternalAuthConfig"), after="delete"):
            pass

    @contextmanager
    def _phase(self, name: str, done: Callable[[], bool], after: str = "") -> Iterator[None]:
        """Measure from here until it is done; then wait until nothing happens any more, which counts as calls alone."""
        counts, writes, processors = self.counts(), self._writes(), self._processors()
        began = self.phases[after]["at"] if after else time.monotonic()
        yield

        came = eventually(lambda: self._follow(done), 300 + 2 * self.servers, f"{self.servers}: {PHASES[name]}: not")
        at = max(came, began)
        if name != "delete":  # release is measured from there
            self.log.wait_quiet(QUIET_SECONDS, 300 + self.servers)
            self._follow()
        self.phases[name] = {
            "seconds": round(at - began, 2),
            "at": at,
            "calls": served.since(counts, self.counts()),
            "processor_seconds": {
                program: round(seconds - processors[program], 2) for program, seconds in self._processors().items()
            },
            "writes": {what: count - writes.get(what, 0) for what, count in self._writes().items()},
        }

    def _follow(self, done: Callable[[], bool] = lambda: False) -> float | None:
        """Take in what has happened, up to the event that made `done` true; return when that was, or None."""
        events, before, last = self.log.events(since=self._seen), dict(self._objects), self._last
        for event in events:
            self._take(event)
        if not done():
            self._seen += len(events)
            return None
        # Again, one by one: to ask after each from the start would be too slow. The rest is the next phase's.
        self._objects, self._last = before, last
        for event in events:
            if done():
                break
            self._take(event)
            self._seen += 1
        return self._last

    def _take(self, event: Event) -> None:
        self._last = event.at
        if event.type == "DELETED":
            self._objects.pop((event.kind, event.name), None)
        else:
            self._objects[event.kind, event.name] = event.object

    def _kind(self, kind: str) -> list[Any]:
        return [kept for (of, _), kept in self._objects.items() if of == kind]

    def _all(self, kind: str, holds: Callable[[Any], bool]) -> bool:
        found = self._kind(kind)
        return len(found) == self.servers and all(map(holds, found))

    def _each(self, send: Callable[[int], object], numbers: range) -> None:
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(send, numbers))

    def _send(self, method: str, path: str, body: Result | None = None) -> None:
        group = "api/v1" if path.startswith(("secrets", "namespaces")) else f"apis/{TOOLHIVE}"
        connection = self.cluster.connection()
        content = "merge-patch+json" if method == "PATCH" else "json"
        headers = {"Content-Type": f"application/{content}", **self.cluster.authorization()}
        connection.request(method, f"/{group}/namespaces/{NAMESPACE}/{path}", json.dumps(body or {}), headers)
        response = connection.getresponse()
        said = response.read()
        connection.close()
        assert response.status < 300, said

    def _processors(self) -> dict[str, float]:
        return {program: processor_seconds(self.cluster.processes[program].popen.pid) for program in PROGRAMS}

    def _writes(self) -> dict[str, int]:
        """Writes that the API server has answered so far, by resource."""
        connection = self.cluster.connection()
        connection.request("GET", "/metrics", headers=self.cluster.authorization())
        text = connection.getresponse().read().decode()
        connection.close()
        found: dict[str, int] = {}
        for resource, subresource, _verb, count in _WRITES.findall(text):
            what = f"{resource}/{subresource}" if subresource else resource
            found[what] = found.get(what, 0) + int(float(count))
        return found


def run(app: str, servers: int, metacontroller: Path) -> Result:
    """Measure one application with so many servers, in a cluster of its own."""
    with tempfile.TemporaryDirectory(prefix=f"bench-{app}-{servers}-") as folder:
        directory = Path(folder)
        with control_plane(directory, binaries(*EVERYTHING)) as cluster:
            complete(cluster)
            port, counts = _serve(app, cluster)
            cluster.metacontroller(metacontroller)
            cluster.kubectl("create", "namespace", NAMESPACE)
            cluster.kubectl("apply", "-f", "-", input=_installation(port))
            cluster.kubectl("apply", "-n", NAMESPACE, "-f", "-", input=json.dumps(_config()))
            eventually(
                lambda: (cluster.get(CONFIG, "tx", NAMESPACE) or {}).get("status"), 60, "the config has no status"
            )
            with WatchLog(cluster, KINDS, NAMESPACE, keep=_kept) as log:
                running = Run(cluster, log, counts, servers)
                running._objects["MCPExternalAuthConfig", "tx"] = {}
                running.lives()
            memory = {program: peak_mib(cluster.processes[program].popen.pid) for program in PROGRAMS}
            return {"app": app, "servers": servers, "phases": running.phases, "peak_mib": memory}


def _serve(app: str, cluster: ControlPlane) -> tuple[int, Callable[[], served.Counts]]:
    """Start one of the applications; return its port, and what counts its calls."""
    port, probes = free_port(), free_port()
    if app == "ours":
        command: list[str | Path] = [sys.executable, "-m", "hooks", "serve", "--bind", f"127.0.0.1:{port}"]
        env = {"TOOLHIVE_HOOKS_PROBES_BIND": f"127.0.0.1:{probes}", "TOOLHIVE_HOOKS_DIGEST_KEY": "the cluster's"}
        hooks = Served(cluster.run("hooks", command, env=env | MALLOC), port, probes).wait_ready()
        return port, lambda: served.exported(hooks.metrics())
    file = cluster.directory / "calls"
    file.touch()
    process = cluster.run("hooks", served.command(app, port, workers=2), env={served.COUNTS: str(file)} | MALLOC)
    process.wait_ready(lambda: answers(port, "/healthz"))
    return port, lambda: served.written(file)


def _installation(port: int) -> str:
    """The CompositeControllers, their webhooks on loopback."""
    documents = []
    for document in yaml.safe_load_all("---\n".join(map(Path.read_text, _manifests()))):
        if document["kind"] != "CompositeController":
            continue
        for hook in document["spec"]["hooks"].values():
            hook["webhook"] = {"url": f"http://127.0.0.1:{port}{hook['webhook']['path']}"}
        documents.append(document)
    return yaml.safe_dump_all(documents)


def _manifests() -> list[Path]:
    return [ROOT / f"metacontroller/{kind}.yaml" for kind in ("mcpserver", "mcpexternalauthconfig")]


def _config() -> Result:
    config = external_auth()
    config["metadata"] = {"name": "tx"}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "tx-oauth"}, **_secret("first")}
    return {"apiVersion": "v1", "kind": "List", "items": [secret, config]}


def _secret(value: str) -> Result:
    return {"data": {"client-secret": b64encode(value.encode()).decode()}}


def _server(number: int) -> Result:
    spec = {"image": "ghcr.io/acme/mcp-demo:1.2.3", "oidcConfig": OIDC, "externalAuthConfigRef": {"name": "tx"}}
    return {"apiVersion": TOOLHIVE, "kind": "MCPServer", "metadata": {"name": f"server-{number}"}, "spec": spec}


def _kept(obj: Result) -> Result:
    """What of an object the phases look at."""
    template = ((obj.get("spec") or {}).get("template") or {}).get("metadata") or {}
    text = json.dumps(obj.get("data") or {})
    return {
        "phase": (obj.get("status") or {}).get("phase"),
        "edited": "edited" in text,
        "template": template.get("annotations"),
    }


def table(results: list[Result]) -> str:
    """The results as Markdown."""
    columns = ["servers", "hook", *(f"{phase}, s" for phase in PHASES)]
    columns += ["calls per server", "KB per call", "config calls", "MB for the config", "writes per server"]
    rows = [f"| {' | '.join(columns)} |", "|" + " ---: |" * len(columns)]
    for result in results:
        phases, servers = result["phases"], result["servers"]
        of_servers, of_config = (
            [c for p in phases.values() for path, c in p["calls"].items() if path.startswith(prefix)]
            for prefix in ("/mcpserver/", "/mcpexternalauthconfig/")
        )
        calls, sent = (sum(c[what] for c in of_servers) for what in ("calls", "sent"))
        config_calls, config_sent = (sum(c[what] for c in of_config) for what in ("calls", "sent"))
        writes = sum(count for p in phases.values() for count in p["writes"].values())
        cells = [str(servers), result["app"], *(f"{phases[phase]['seconds']:.1f}" for phase in PHASES)]
        cells += [f"{calls / servers:.1f}", f"{sent / calls / 1000:.1f}"]
        cells += [str(config_calls), f"{config_sent / 1e6:.1f}", f"{writes / servers:.0f}"]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("servers", type=int, nargs="*", default=[50, 200, 1000])
    parser.add_argument("--out", type=Path, default=ROOT / ".bench", help="folder of the results")
    options = parser.parse_args()
    metacontroller = Path(os.environ["METACONTROLLER"]).resolve()
    options.out.mkdir(exist_ok=True)
    results = []
    for servers in options.servers:
        for app in APPS:
            file = options.out / f"{app}-{servers}.json"
            if not file.exists():
                print(f"{app}, {servers} servers", flush=True)
                file.write_text(json.dumps(run(app, servers, metacontroller), indent=1))
            results.append(json.loads(file.read_text()))
    (options.out / "cluster.md").write_text(table(results) + "\n")
    (options.out / "cluster.svg").write_text(picture.draw(results, PHASES))
    print(table(results))


if __name__ == "__main__":
    main()
