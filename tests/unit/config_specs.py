"""Specs of the shared configs in which every field is set: one for each way that a kind knows."""

from __future__ import annotations

from hooks.kubernetes.objects import Object

SECRET_KEY: Object = {"name": "secret", "key": "key"}
CA_BUNDLE: Object = {"configMapRef": {"name": "ca", "key": "ca.crt", "optional": True}}
HEADERS = {"team": "a"}

TOKEN_EXCHANGE: Object = {
    "tokenUrl": "https://idp.acme.test/token",
    "clientId": "client",
    "clientSecretRef": SECRET_KEY,
    "audience": "backend",
    "scopes": ["read"],
    "subjectTokenType": "jwt",
    "subjectProviderName": "okta",
    "externalTokenHeaderName": "X-Token",
}
USER_INFO: Object = {
    "endpointUrl": "https://idp.acme.test/userinfo",
    "httpMethod": "POST",
    "additionalHeaders": HEADERS,
    "fieldMapping": {"subjectFields": ["id"], "nameFields": ["login"], "emailFields": ["mail"]},
}
OIDC_UPSTREAM: Object = {
    "issuerUrl": "https://okta.acme.test",
    "clientId": "client",
    "clientSecretRef": SECRET_KEY,
    "redirectUri": "https://mcp.acme.test/oauth/callback",
    "scopes": ["openid"],
    "userInfoOverride": USER_INFO,
    "additionalAuthorizationParams": {"prompt": "login"},
    "subjectClaim": "oid",
}
OAUTH2_UPSTREAM: Object = {
    "authorizationEndpoint": "https://git.acme.test/authorize",
    "tokenEndpoint": "https://git.acme.test/token",
    "userInfo": USER_INFO,
    "clientId": "client",
    "clientSecretRef": SECRET_KEY,
    "redirectUri": "https://mcp.acme.test/oauth/callback",
    "scopes": ["repo"],
    "tokenResponseMapping": {
        "accessTokenPath": "data.token",
        "scopePath": "data.scope",
        "refreshTokenPath": "data.refresh",
        "expiresInPath": "data.expires",
    },
    "identityFromToken": {"subjectPath": "user.id", "namePath": "user.name", "emailPath": "user.mail"},
    "additionalAuthorizationParams": {"prompt": "login"},
    "insecureAllowHTTP": True,
    "allowPrivateIPs": True,
}
REGISTRATION: Object = {
    "initialAccessTokenRef": SECRET_KEY,
    "softwareId": "toolhive",
    "softwareStatement": "statement",
}
REGISTERED_UPSTREAM: Object = {
    "authorizationEndpoint": "https://git.acme.test/authorize",
    "tokenEndpoint": "https://git.acme.test/token",
    "dcrConfig": {"discoveryUrl": "https://git.acme.test/.well-known", **REGISTRATION},
}
ENDPOINT_UPSTREAM: Object = {
    **REGISTERED_UPSTREAM,
    "dcrConfig": {"registrationEndpoint": "https://git.acme.test/register", **REGISTRATION},
}
TLS: Object = {"insecureSkipVerify": True, "caCertSecretRef": SECRET_KEY}
REDIS: Object = {
    "addr": "redis:6379",
    "clusterMode": True,
    "aclUserConfig": {"usernameSecretRef": SECRET_KEY, "passwordSecretRef": SECRET_KEY},
    "dialTimeout": "1s",
    "readTimeout": "1.5s",
    "writeTimeout": "500ms",
    "tls": TLS,
    "sentinelTls": TLS,
}
SENTINEL: Object = {
    "sentinelConfig": {
        "masterName": "main",
        "sentinelAddrs": ["sentinel:26379"],
        "sentinelService": {"name": "sentinel", "namespace": "redis", "port": 26380},
        "db": 1,
    },
    "aclUserConfig": {"passwordSecretRef": SECRET_KEY},
    "dialTimeout": "5s",
    "readTimeout": "3s",
    "writeTimeout": "3s",
}
AUTH_SERVER: Object = {
    "issuer": "https://mcp.acme.test",
    "authorizationEndpointBaseUrl": "https://login.acme.test",
    "signingKeySecretRefs": [SECRET_KEY],
    "hmacSecretRefs": [SECRET_KEY],
    "tokenLifespans": {"accessTokenLifespan": "1h", "refreshTokenLifespan": "24h", "authCodeLifespan": "5m"},
    "upstreamProviders": [
        {"name": "okta", "type": "oidc", "oidcConfig": OIDC_UPSTREAM},
        {"name": "git", "type": "oauth2", "oauth2Config": OAUTH2_UPSTREAM},
        {"name": "registered", "type": "oauth2", "oauth2Config": REGISTERED_UPSTREAM},
        {"name": "endpoint", "type": "oauth2", "oauth2Config": ENDPOINT_UPSTREAM},
    ],
    "primaryUpstreamProvider": "okta",
    "storage": {"type": "redis", "redis": REDIS},
    "disableUpstreamTokenInjection": True,
    "insecureAllowHTTP": False,
    "baselineClientScopes": ["openid"],
    "allowConfidentialClientRegistration": True,
    "insecureAllowConfidentialOverLoopbackHTTP": True,
    "delegateClients": [
        {
            "clientId": "agent",
            "clientSecretRef": SECRET_KEY,
            "scopes": ["openid"],
            "audiences": ["https://mcp.acme.test"],
        }
    ],
    "trustedIssuers": [
        {
            "issuerUrl": "https://issuer.acme.test",
            "expectedAudience": "mcp",
            "jwksUrl": "https://issuer.acme.test/jwks",
            "insecureAllowHTTP": True,
            "allowPrivateIPs": True,
            "actorClaim": "azp",
            "allowedActors": ["agent"],
            "allowedDelegateClients": ["agent"],
            "allowMayAct": True,
        }
    ],
    "forceConfidentialRedirectUris": ["https://app.acme.test/callback"],
    "cimd": {"enabled": True, "cacheMaxSize": 10, "cacheFallbackTtl": "5m"},
}
SENTINEL_AUTH_SERVER: Object = {
    **AUTH_SERVER,
    "storage": {"type": "redis", "redis": SENTINEL},
}
AWS_STS: Object = {
    "region": "eu-central-1",
    "service": "execute-api",
    "fallbackRoleArn": "arn:aws:iam::123456789012:role/fallback",
    "roleMappings": [
        {"claim": "admins", "roleArn": "arn:aws:iam::123456789012:role/admin", "priority": 1},
        {"matcher": "claims.sub == 'a'", "roleArn": "arn:aws:iam::123456789012:role/team/a"},
    ],
    "roleClaim": "roles",
    "sessionDuration": 900,
    "sessionNameClaim": "email",
    "subjectProviderName": "okta",
}
OBO: Object = {
    "tenantId": "acme.test",
    "authority": "https://login.acme.test",
    "clientId": "client",
    "clientSecretRef": SECRET_KEY,
    "audience": "api",
    "scopes": ["read"],
    "subjectTokenProviderName": "entra",
    "cacheSkew": "1m",
}
XAA: Object = {
    "idpTokenUrl": "https://idp.acme.test/token",
    "idpClientId": "client",
    "idpClientSecretRef": SECRET_KEY,
    "targetTokenUrl": "https://app.acme.test/token",
    "insecureTargetTokenUrl": True,
    "targetClientId": "client",
    "targetClientSecretRef": SECRET_KEY,
    "targetAudience": "https://app.acme.test",
    "targetResource": "https://app.acme.test/mcp",
    "scopes": ["read"],
    "subjectProviderName": "okta",
    "subjectTokenType": "urn:ietf:params:oauth:token-type:id_token",
}
EXTERNAL_AUTHS: list[Object] = [
    {"type": "tokenExchange", "tokenExchange": TOKEN_EXCHANGE},
    {"type": "headerInjection", "headerInjection": {"headerName": "X-Api-Key", "valueSecretRef": SECRET_KEY}},
    {"type": "bearerToken", "bearerToken": {"tokenSecretRef": SECRET_KEY}},
    {"type": "unauthenticated"},
    {"type": "embeddedAuthServer", "embeddedAuthServer": AUTH_SERVER},
    {"type": "embeddedAuthServer", "embeddedAuthServer": SENTINEL_AUTH_SERVER},
    {"type": "awsSts", "awsSts": AWS_STS},
    {"type": "upstreamInject", "upstreamInject": {"providerName": "okta"}},
    {"type": "obo", "obo": OBO},
    {"type": "xaa", "xaa": XAA},
]
ANNOTATIONS: Object = {
    "title": "Search",
    "readOnlyHint": True,
    "destructiveHint": False,
    "idempotentHint": True,
    "openWorldHint": False,
}
TOOLS: Object = {
    "toolsFilter": ["new"],
    "toolsOverride": {"old": {"name": "new", "description": "Better.", "annotations": ANNOTATIONS}},
}
OIDC_CONFIGS: list[Object] = [
    {
        "type": "kubernetesServiceAccount",
        "kubernetesServiceAccount": {
            "serviceAccount": "account",
            "namespace": "other",
            "issuer": "https://issuer.test",
            "jwksUrl": "https://issuer.test/jwks",
            "introspectionUrl": "https://issuer.test/introspect",
            "useClusterAuth": False,
        },
    },
    {
        "type": "inline",
        "inline": {
            "issuer": "https://idp.acme.test",
            "jwksUrl": "https://idp.acme.test/jwks",
            "introspectionUrl": "https://idp.acme.test/introspect",
            "clientId": "client",
            "clientSecretRef": SECRET_KEY,
            "caBundleRef": CA_BUNDLE,
            "jwksAuthTokenPath": "/token",
            "jwksAllowPrivateIP": True,
            "protectedResourceAllowPrivateIP": True,
            "insecureAllowHTTP": True,
        },
    },
]
