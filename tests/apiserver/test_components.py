"""metacontroller/components: each builds, alone and with any of the others, and a real API server takes it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hooks.controllers import CONTROLLERS
from hooks.kubernetes.objects import Object
from hooks.metacontroller.controller import HOOKS
from hooks.server.settings import described
from tests.apiserver.manifests import BASE, COMPONENTS, NAMESPACE, Manifests, built, named, overlay, strictly
from tests.controlplane import ControlPlane, eventually
from tests.controlplane.assets import ROOT
from tests.controlplane.components import metacontroller_crds, wait_established

pytestmark = pytest.mark.apiserver

GIVEN = [name for name in ("METACONTROLLER_CRDS", "METACONTROLLER") if os.environ.get(name)]
FOR_METACONTROLLER = "metacontroller-tuning"  # patches Metacontroller, not the hooks
FOR_OTHER_NAMESPACES = "namespaces"  # needs a ConfigMap beside it: test_chart.py
OPTIONAL = sorted(
    path.name for path in COMPONENTS.iterdir() if path.name not in (FOR_METACONTROLLER, FOR_OTHER_NAMESPACES)
)
ALONE = [["tls", name] if name == "mtls" else [name] for name in OPTIONAL]
SETS = [
    list(chosen)
    for size in (0, 1, 2, len(OPTIONAL))
    for chosen in itertools.combinations(OPTIONAL, size)
    if "mtls" not in chosen or "tls" in chosen
]


@pytest.fixture(scope="module")
def served(cluster: ControlPlane, hooks_namespace: str) -> ControlPlane:
    """The API server with stand-ins for the CRDs that components use, and Metacontroller's own where it is given.

    Prometheus' namespace exists too, as component `monitoring-servers` needs it.
    """
    files = sorted(Path(__file__).with_name("stand_ins").iterdir())
    if GIVEN:
        files.append(metacontroller_crds(Path(os.environ.get("METACONTROLLER", ""))))
    for file in files:
        cluster.kubectl("apply", "-f", file)
    wait_established(cluster)
    group = "certificates,issuers,servicemonitors,podmonitors,prometheusrules" + (
        ",compositecontrollers" if GIVEN else ""
    )
    eventually(lambda: cluster.kubectl("get", group, "-A"), message="the CRDs are not served")
    prometheus = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "monitoring"}}
    cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump(prometheus))
    return cluster


def admitted(served: ControlPlane, objects: list[Object]) -> None:
    """Fail unless the API server takes every object as it is, without a warning."""
    known = [obj for obj in objects if GIVEN or obj["kind"] != "CompositeController"]
    said = strictly(served, "apply", "--dry-run=server", objects=known)
    assert len(said) == len(known)
    assert {line.partition(" ")[2] for line in said} <= {"created (server dry run)", "unchanged (server dry run)"}


@pytest.mark.parametrize("components", [*ALONE, OPTIONAL], ids="+".join)
def test_the_api_server_takes_it(served: ControlPlane, tmp_path: Path, components: list[str]) -> None:
    """By schema, admission and Pod Security, CompositeControllers by Metacontroller's own CRD where there is one."""
    admitted(served, built(served, overlay(tmp_path / "overlay", components)))


def test_the_api_server_takes_the_secure_example(served: ControlPlane, tmp_path: Path) -> None:
    secure = built(served, ROOT / "examples/secure")

    admitted(served, secure)
    [container] = named(secure)["Deployment", NAMESPACE]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.example.com/change-me/toolhive-hooks:0.2.0"  # no one takes it for a real one
    container["image"] = "toolhive-hooks:dev"
    components = ["tls", "auth", "digest-key", "least-privilege"]
    assert named(secure) == named(built(served, overlay(tmp_path / "overlay", components)))


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Certificate", ["spec", "usages"], ["server-auth"]),
        ("Certificate", ["spec", "privatekey"], {}),
        ("ServiceMonitor", ["spec", "endpoints"], [{"interval": "half a minute"}]),
        ("CompositeController", ["spec", "hooks", "sync", "webhook", "caBundle"], {"secretref": {}}),
        ("Deployment", ["spec", "template", "spec", "securityContext", "runAsNonRoot"], False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_not_taken(
    served: ControlPlane, tmp_path: Path, kind: str, path: list[str], value: Any
) -> None:
    """The tests above can fail: one wrong field, and the API server refuses, or warns."""
    if kind == "CompositeController" and not GIVEN:
        pytest.skip("neither METACONTROLLER_CRDS (their file) nor METACONTROLLER (the binary) is set")
    objects = built(served, overlay(tmp_path / "overlay", OPTIONAL))
    place: Any = next(obj for obj in objects if obj["kind"] == kind)
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value

    with pytest.raises(AssertionError, match=path[-1]):
        admitted(served, objects)


def facts(objects: list[Object]) -> set[str]:
    """Every leaf with the way to it; items of lists are known by what Kubernetes merges them by."""
    return {fact for (kind, name), obj in named(objects).items() for fact in leaves(f"{kind}/{name}", obj)}


def leaves(path: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(f"{path}.{key}", item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            key = item.get("mountPath") or item.get("name") if isinstance(item, dict) else None
            yield from leaves(f"{path}[{key or index}]", item)
    else:
        yield f"{path}={value!r}"


@pytest.fixture(scope="module")
def default(cluster: ControlPlane) -> set[str]:
    """The default's facts."""
    return facts(built(cluster, BASE))


@pytest.fixture(scope="module")
def changes(
    cluster: ControlPlane, tmp_path_factory: pytest.TempPathFactory, default: set[str]
) -> dict[str, tuple[set[str], set[str]]]:
    """What each component takes away from the default, and what it adds."""
    folder = tmp_path_factory.mktemp("components")
    alone = {name: facts(built(cluster, overlay(folder / name, [name]))) for name in OPTIONAL}
    return {name: (default - found, found - default) for name, found in alone.items()}


@pytest.mark.parametrize("components", SETS, ids=lambda components: "+".join(components) or "none")
def test_components_go_together(
    cluster: ControlPlane,
    tmp_path: Path,
    default: set[str],
    changes: dict[str, tuple[set[str], set[str]]],
    components: list[str],
) -> None:
    """Each with each and all of them, in any order: what several do is what each of them does, and nothing else."""
    taken, added = (set().union(*(changes[name][part] for name in components)) for part in (0, 1))

    assert facts(built(cluster, overlay(tmp_path / "overlay", components[::-1]))) == (default - taken) | added


@pytest.fixture(scope="module")
def everything(cluster: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Manifests:
    """The default with all components."""
    return named(built(cluster, overlay(tmp_path_factory.mktemp("all"), OPTIONAL)))


def test_every_webhook_gets_the_same_security(everything: Manifests) -> None:
    for controller in CONTROLLERS:
        hooks = everything["CompositeController", controller.slug]["spec"]["hooks"]
        assert sorted(hooks) == sorted(HOOKS)
        for hook in hooks.values():
            assert {**hook["webhook"], "path": ""} == {
                "path": "",
                "service": {"name": NAMESPACE, "namespace": NAMESPACE, "port": 8080, "protocol": "https"},
                "caBundle": {"secretRef": {"name": "toolhive-hooks-tls", "namespace": NAMESPACE, "key": "ca.crt"}},
                "clientTLS": {"secretRef": {"name": "toolhive-hooks-client", "namespace": NAMESPACE}},
                "authorization": {
                    "type": "Bearer",
                    "secretRef": {"name": "toolhive-hooks-auth", "namespace": NAMESPACE, "key": "token"},
                },
            }


def test_a_users_own_composite_controller_is_left_alone(cluster: ControlPlane, tmp_path: Path) -> None:
    own = {
        "apiVersion": "metacontroller.k8s.io/v1alpha1",
        "kind": "CompositeController",
        "metadata": {"name": "own"},
        "spec": {"hooks": {"sync": {"webhook": {"url": "http://own"}}}},
    }
    (tmp_path / "own").mkdir()
    (tmp_path / "own/kustomization.yaml").write_text("resources: [own.yaml]\n")
    (tmp_path / "own/own.yaml").write_text(yaml.safe_dump(own))

    found = named(built(cluster, overlay(tmp_path / "overlay", OPTIONAL, [BASE, tmp_path / "own"])))

    assert found["CompositeController", "own"] == own


def test_the_pod_is_told_of_every_file_that_is_mounted(everything: Manifests) -> None:
    """Each variable that names a file names one below a mounted Secret, by a key that the Secret has."""
    spec = everything["Deployment", NAMESPACE]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    secrets = {volume["name"]: volume["secret"]["secretName"] for volume in spec["volumes"] if "secret" in volume}
    mounts = {mount["mountPath"]: secrets.get(mount["name"]) for mount in container["volumeMounts"]}
    files = {item["name"]: item["value"] for item in container["env"] if item["name"].endswith("_FILE")}

    assert {name: (mounts.get(str(Path(file).parent)), Path(file).name) for name, file in files.items()} == {
        "TOOLHIVE_HOOKS_TLS_CERT_FILE": ("toolhive-hooks-tls", "tls.crt"),
        "TOOLHIVE_HOOKS_TLS_KEY_FILE": ("toolhive-hooks-tls", "tls.key"),
        "TOOLHIVE_HOOKS_CLIENT_CA_FILE": ("toolhive-hooks-tls", "ca.crt"),
        "TOOLHIVE_HOOKS_AUTH_TOKEN_FILE": ("toolhive-hooks-auth", "token"),
        "TOOLHIVE_HOOKS_DIGEST_KEY_FILE": ("toolhive-hooks-digest-key", "digest-key"),
    }
    assert {item["name"] for item in container["env"]} - files.keys() == {
        "OPERATOR_OPENSHIFT",
        "TOOLHIVE_HOOKS_MAX_BODY_BYTES",
    }
    assert {item["name"] for item in container["env"]} <= {setting.variable for setting in described()}


def test_certificates_are_for_who_uses_them(everything: Manifests) -> None:
    """The server's for the name that Metacontroller dials; the authority outlives the others, with one key."""
    hooks, client, authority = (
        everything["Certificate", name]["spec"] for name in (NAMESPACE, "toolhive-hooks-client", "toolhive-hooks-ca")
    )
    service = everything["CompositeController", "mcpserver"]["spec"]["hooks"]["sync"]["webhook"]["service"]

    assert f"{service['name']}.{service['namespace']}" in hooks["dnsNames"]
    assert (hooks["secretName"], client["secretName"]) == ("toolhive-hooks-tls", "toolhive-hooks-client")
    assert (hooks["usages"][1:], client["usages"][1:]) == (["server auth"], ["client auth"])
    assert {leaf["issuerRef"]["name"] for leaf in (hooks, client)} == {"toolhive-hooks-ca"}
    assert everything["Issuer", "toolhive-hooks-ca"]["spec"] == {"ca": {"secretName": authority["secretName"]}}
    assert (authority["isCA"], authority["privateKey"]["rotationPolicy"]) == (True, "Never")
    # What the authority signs last before it is renewed ends before it does.
    assert hours(authority["renewBefore"]) >= max(hours(leaf["duration"]) for leaf in (hooks, client))


def hours(duration: str) -> int:
    return int(duration.removesuffix("h"))


def test_openshift_chooses_the_ids(cluster: ControlPlane, tmp_path: Path) -> None:
    found = named(built(cluster, overlay(tmp_path / "overlay", ["openshift"])))
    spec = found["Deployment", NAMESPACE]["spec"]["template"]["spec"]

    assert spec["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert spec["containers"][0]["env"] == [{"name": "OPERATOR_OPENSHIFT", "value": "true"}]


def test_small_lowers_the_limit_with_the_bound(cluster: ControlPlane, tmp_path: Path) -> None:
    """tests/unit/test_serve_large_bodies.py measures that the one is enough for the other."""
    found = named(built(cluster, overlay(tmp_path / "overlay", ["small"])))
    (container,) = found["Deployment", NAMESPACE]["spec"]["template"]["spec"]["containers"]

    assert container["env"] == [{"name": "TOOLHIVE_HOOKS_MAX_BODY_BYTES", "value": str(4 << 20)}]
    assert container["resources"] == {"requests": {"cpu": "50m", "memory": "192Mi"}, "limits": {"memory": "512Mi"}}


def test_tls_says_so_to_meshes(cluster: ControlPlane, tmp_path: Path) -> None:
    plain, secured = (named(built(cluster, folder)) for folder in (BASE, overlay(tmp_path / "overlay", ["tls"])))
    before, after = (found["Service", NAMESPACE]["spec"]["ports"] for found in (plain, secured))

    assert before == [{"name": "hooks", "port": 8080, "targetPort": "hooks", "appProtocol": "http"}]
    assert after == [{**before[0], "appProtocol": "https"}]


@pytest.mark.skipif(
    "METACONTROLLER" not in os.environ, reason="METACONTROLLER (the binary, with its source) is not set"
)
def test_metacontroller_gets_room(cluster: ControlPlane, tmp_path: Path) -> None:
    """In an overlay with Metacontroller's own manifests; its other arguments stay."""
    source = metacontroller_crds(Path(os.environ["METACONTROLLER"])).parent
    if not (source / "kustomization.yaml").exists():
        pytest.skip("Metacontroller's manifests are not beside its CRDs")
    before = named(list(yaml.safe_load_all(cluster.kubectl("kustomize", source).stdout)))
    folder = overlay(tmp_path / "overlay", [FOR_METACONTROLLER], [source])

    after = named(list(yaml.safe_load_all(cluster.kubectl("kustomize", folder).stdout)))

    arguments = before["StatefulSet", "metacontroller"]["spec"]["template"]["spec"]["containers"][0]["args"]
    arguments += ["--client-go-qps=100", "--client-go-burst=200", "--workers=10"]
    assert after == before


def test_tuning_without_metacontroller_is_refused(cluster: ControlPlane, tmp_path: Path) -> None:
    folder = overlay(tmp_path / "overlay", [FOR_METACONTROLLER])

    result = cluster.kubectl("kustomize", folder, check=False)

    assert result.returncode != 0
    assert "StatefulSet" in result.stderr
