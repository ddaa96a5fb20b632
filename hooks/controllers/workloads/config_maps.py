"""The ConfigMaps that a workload's raw spec names, for customize."""

from __future__ import annotations

from hooks.kubernetes.objects import Object


def config_map_names(spec: Object) -> list[str]:
    """Return the names of the ConfigMaps to which a raw spec refers."""
    oidc, authz, profile = (spec.get(field) for field in ("oidcConfig", "authzConfig", "permissionProfile"))
    references = [place.get("configMap") for place in (oidc, authz) if isinstance(place, dict)]
    if isinstance(profile, dict) and profile.get("type") == "configmap":
        references.append(profile)
    names = [reference.get("name") for reference in references if isinstance(reference, dict)]
    return [name for name in names if isinstance(name, str) and name]
