"""Which calls are admitted: the `config_data` of the authorization middleware."""

from __future__ import annotations

from hooks.kubernetes.objects import Object

CEDAR_OPTIONS = (
    "primary_upstream_provider",
    "group_claim_name",
    "role_claim_name",
    "group_entity_type",
    "multi_valued_claims",
)
"""What runner 0.44.0 knows of a Cedar configuration beside policies and entities, in the order of its Go struct."""


def make_cedar_config(version: str, settings: Object) -> Object:
    """Return an authorization configuration of type cedarv1, as ToolHive's operator writes its Go struct.

    Args:
        version: of the configuration's form.
        settings: `policies`, and what else is given; other keys are left out, and so are empty options.
    """
    return {
        "version": version,
        "type": "cedarv1",
        "cedar": {
            "policies": settings["policies"],
            "entities_json": settings.get("entities_json", ""),
            **{key: settings[key] for key in CEDAR_OPTIONS if settings.get(key)},
        },
    }


def with_cedar_options(document: Object, options: Object) -> Object:
    """Return a configuration with options that win over its own; where none is given, or it isn't Cedar's, as it is."""
    settings = document.get("cedar")
    if not any(options.values()) or document.get("type") != "cedarv1" or not isinstance(settings, dict):
        return document
    given = {key: value for key, value in options.items() if value}
    return make_cedar_config(document["version"], {**settings, **given})


def with_upstream(document: Object, upstream: str) -> Object:
    """Return the policies for a proxy that is an authorization server: Cedar evaluates the upstream token's claims.

    Args:
        document: the `authz_config` of the RunConfig.
        upstream: name of the upstream identity provider; empty where the proxy is no authorization server.
    """
    return with_cedar_options(document, {"primary_upstream_provider": upstream})
