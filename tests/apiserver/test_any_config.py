"""Any external auth config that the CRD admits: its users are Failed with the field named, or have children that pass.

A spec in which every field is set is altered in up to three places: most configs are of use, and none is usual.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from hooks.api.kinds import MCP_EXTERNAL_AUTH_CONFIG
from hooks.kubernetes.objects import Object
from tests.apiserver.objects import Refusal, causes, custom, dry_run
from tests.controlplane import ControlPlane
from tests.neighbours import CLUSTER
from tests.remote import remote
from tests.strategies import MCP_URL, near
from tests.unit.config_specs import AUTH_SERVER, EXTERNAL_AUTHS, SENTINEL_AUTH_SERVER
from tests.world import judged, parent, secret, server, sync

pytestmark = pytest.mark.apiserver

KIND = "MCPExternalAuthConfig"
PEM = {"name": "secret", "key": "pem"}
SECRET = secret(
    "secret",
    key="a-credential-of-more-than-thirty-two-bytes",
    pem="-----BEGIN PRIVATE KEY----- -----BEGIN CERTIFICATE-----",
)
CALLERS = {"oidcConfigRef": {"name": "idp", "audience": MCP_URL, "resourceUrl": MCP_URL}}
REFERENCES: dict[str, Object] = {
    "externalAuthConfigRef": {"name": "shared"},
    "authServerRef": {"kind": KIND, "name": "shared"},
}
CONFIGURED = ("ConfigMap", "Deployment", "Service")
"""The kinds of children that depend on a config."""
WORKLOADS = {"MCPServer": server, "MCPRemoteProxy": remote}


def auth_server(block: Object, **changes: Any) -> Object:
    """An authorization server whose files are PEM."""
    redis = {**block["storage"]["redis"], "tls": {"caCertSecretRef": PEM}, "sentinelTls": {"caCertSecretRef": PEM}}
    files = {"signingKeySecretRefs": [PEM, PEM], "storage": {"type": "redis", "redis": redis}}
    return {"type": "embeddedAuthServer", "embeddedAuthServer": {**block, **files, **changes}}


SPECS = {
    **{spec["type"]: spec for spec in EXTERNAL_AUTHS if spec["type"] != "embeddedAuthServer"},
    **{
        f"embeddedAuthServer-{upstream['name']}": auth_server(AUTH_SERVER, upstreamProviders=[upstream])
        for upstream in AUTH_SERVER["upstreamProviders"]
    },
    "embeddedAuthServer-sentinel": auth_server(
        SENTINEL_AUTH_SERVER, upstreamProviders=AUTH_SERVER["upstreamProviders"][:1]
    ),
}
"""A spec with every field for each type, and for each kind of upstream and storage."""
TYPES = {"awsSts", "bearerToken", "headerInjection", "obo", "tokenExchange", "unauthenticated", "upstreamInject", "xaa"}


def test_every_type_of_config_is_tried() -> None:
    assert {name.partition("-")[0] for name in SPECS} == TYPES | {"embeddedAuthServer"}


@pytest.mark.parametrize("name", SPECS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_its_users_are_failed_with_the_field_or_every_child_is_admitted(
    cluster: ControlPlane, name: str, data: st.DataObject
) -> None:
    admitted = dry_run(cluster, custom(KIND, data.draw(near(KIND, SPECS[name])), "shared"))
    if isinstance(admitted, Refusal):
        event("refused by the API server")
        return
    config = judged(parent(MCP_EXTERNAL_AUTH_CONFIG, "shared", admitted["spec"]), SECRET)

    for workload, made in WORKLOADS.items():
        for field, reference in list(REFERENCES.items())[: 1 + name.startswith("embeddedAuthServer")]:
            answer = sync(made(**CALLERS, **{field: reference}), related=[*CLUSTER, config])

            event(f"{workload} {field}: {answer['status']['phase']}")
            refused = [
                (child["kind"], admission)
                for child in answer["children"]
                if child["kind"] in CONFIGURED and isinstance(admission := dry_run(cluster, child), Refusal)
            ]
            assert refused == []
            if answer["status"]["phase"] == "Failed":
                assert [cause for cause in causes(answer) if "spec." not in cause] == []
