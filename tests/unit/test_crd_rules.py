"""What the CRDs admit and fill in: defaults, CEL rules, and how lists are merged."""

import pytest

from tests.unit.structural import KINDS, nodes, root

# Every rule of the spec itself and of the parts in it, by its place. Two names of one thing exclude each other only
# where no stored object can have both: with tools and toolConfigRef the reference wins.
AUTHZ = [
    "self.type == 'configMap' ? has(self.configMap) : !has(self.configMap)",
    "self.type == 'inline' ? has(self.inline) : !has(self.inline)",
]
SESSIONS = ["self.provider == 'redis' ? has(self.address) : true"]
CALLERS = "has(self.oidcConfigRef) || has(self.oidcConfig) || has(self.externalAuthConfigRef)"
ONE_SCHEME_OF_AUTHZ = "!(has(self.authzConfig) && has(self.authzConfigRef))"
AUTH_SERVER = "embeddedAuthServer"
CONFIDENTIAL = "(has(self.allowConfidentialClientRegistration) && self.allowConfidentialClientRegistration"
RESERVED = "'sub', 'iss', 'aud', 'exp', 'iat', 'nbf', 'jti', 'name', 'email', 'scope', 'scp', 'may_act'"
RULES: dict[str, dict[str, list[str]]] = {
    "MCPServer": {
        "": [
            ONE_SCHEME_OF_AUTHZ,
            "!(has(self.oidcConfig) && has(self.oidcConfigRef))",
            "!(has(self.telemetry) && has(self.telemetryConfigRef))",
            "!has(self.rateLimiting) || (has(self.sessionStorage) && self.sessionStorage.provider == 'redis')",
            f"!(has(self.rateLimiting) && has(self.rateLimiting.perUser)) || {CALLERS}",
            "!has(self.rateLimiting) || !has(self.rateLimiting.tools) || "
            f"self.rateLimiting.tools.all(t, !has(t.perUser)) || {CALLERS}",
        ],
        "permissionProfile": ["self.type != 'configmap' || (has(self.key) && self.key != '')"],
        "oidcConfig": ["self.type != 'configMap' || has(self.configMap)", "self.type != 'inline' || has(self.inline)"],
        "authzConfig": AUTHZ,
        "sessionStorage": SESSIONS,
        "rateLimiting": ["has(self.shared) || has(self.perUser) || (has(self.tools) && size(self.tools) > 0)"],
        "rateLimiting.tools[]": ["has(self.shared) || has(self.perUser)"],
    },
    "MCPRemoteProxy": {"": [ONE_SCHEME_OF_AUTHZ], "authzConfig": AUTHZ, "sessionStorage": SESSIONS},
    "MCPExternalAuthConfig": {
        "": [
            f"self.type == '{name}' ? has(self.{name}) : !has(self.{name})"
            for name in (
                *("tokenExchange", "headerInjection", "bearerToken", "embeddedAuthServer", "awsSts"),
                *("upstreamInject", "obo", "xaa"),
            )
        ],
        AUTH_SERVER: [
            f"!{CONFIDENTIAL} && has(self.insecureAllowHTTP) && self.insecureAllowHTTP)",
            "!has(self.delegateClients) || size(self.delegateClients) == 0 || !self.issuer.startsWith('http://')",
            "(!has(self.forceConfidentialRedirectUris) || size(self.forceConfidentialRedirectUris) == 0) || "
            f"{CONFIDENTIAL})",
        ],
        f"{AUTH_SERVER}.delegateClients[]": [
            "has(self.clientSecretRef) && size(self.clientSecretRef.name) > 0 && size(self.clientSecretRef.key) > 0"
        ],
        f"{AUTH_SERVER}.storage.redis": [
            "(has(self.addr) && self.addr.size() > 0) != has(self.sentinelConfig)",
            "!(has(self.clusterMode) && self.clusterMode) || (has(self.addr) && self.addr.size() > 0)",
        ],
        f"{AUTH_SERVER}.trustedIssuers[]": [
            "!('*' in self.allowedDelegateClients) || size(self.allowedDelegateClients) == 1",
            "!(has(self.allowMayAct) && self.allowMayAct && '*' in self.allowedDelegateClients)",
            f"!has(self.actorClaim) || !(self.actorClaim in [{RESERVED}])",
            "!(has(self.allowPrivateIPs) && self.allowPrivateIPs) || (has(self.jwksUrl) && self.jwksUrl != '')",
        ],
        f"{AUTH_SERVER}.upstreamProviders[]": [
            "self.type == 'oidc' ? (has(self.oidcConfig) && !has(self.oauth2Config)) : "
            "self.type == 'oauth2' ? (has(self.oauth2Config) && !has(self.oidcConfig)) : false"
        ],
        f"{AUTH_SERVER}.upstreamProviders[].oauth2Config": [
            "(has(self.clientId) && size(self.clientId) > 0) ? !has(self.dcrConfig) : has(self.dcrConfig)",
            "!(has(self.dcrConfig) && has(self.clientSecretRef))",
        ],
        f"{AUTH_SERVER}.upstreamProviders[].oauth2Config.dcrConfig": [
            "has(self.discoveryUrl) != has(self.registrationEndpoint)"
        ],
    },
    "MCPToolConfig": {},
    "MCPOIDCConfig": {
        "": [
            "self.type == 'kubernetesServiceAccount' ? has(self.kubernetesServiceAccount) : "
            "!has(self.kubernetesServiceAccount)",
            "self.type == 'inline' ? has(self.inline) : !has(self.inline)",
        ]
    },
    "MCPAuthzConfig": {},
    "MCPTelemetryConfig": {
        "openTelemetry": [
            "!has(self.headers) || !has(self.sensitiveHeaders) || "
            "self.sensitiveHeaders.all(sh, !(sh.name in self.headers))"
        ]
    },
    "MCPWebhookConfig": {
        "": ["(has(self.validating) ? size(self.validating) : 0) + (has(self.mutating) ? size(self.mutating) : 0) > 0"]
    },
    "MCPGroup": {},
}


@pytest.mark.parametrize("kind", KINDS)
def test_these_are_all_the_cel_rules(kind: str) -> None:
    found = {
        at.removeprefix(".spec").removeprefix("."): [rule["rule"] for rule in node["x-kubernetes-validations"]]
        for at, node in nodes(root(kind)["properties"]["spec"], ".spec")
        if "x-kubernetes-validations" in node
    }

    assert found == RULES[kind]


NAMES = {"MCPServer": 50, "MCPRemoteProxy": 46}


@pytest.mark.parametrize("kind", KINDS)
def test_rules_of_the_whole_object_are_for_new_ones(kind: str) -> None:
    """One that exists must stay writable."""
    rules = root(kind).get("x-kubernetes-validations", [])
    of_names = (
        [f"size(self.metadata.name) <= {NAMES[kind]}", "!self.metadata.name.contains('.')"] if kind in NAMES else []
    )
    has_spec = ["has(self.spec)"] if "required" in root(kind)["properties"]["spec"] else []

    assert [rule["rule"] for rule in rules] == [f"oldSelf.hasValue() || {rule}" for rule in (*has_spec, *of_names)]
    assert all(rule["optionalOldSelf"] for rule in rules)
