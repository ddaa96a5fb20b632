"""References to the certificates of a certificate authority, in a ConfigMap that the proxy's pod mounts."""

from __future__ import annotations

from collections.abc import Iterator

from hooks.api.configs import CABundleRef

_VOLUME_NAME_MAX = 63


def bundle_faults(ref: CABundleRef | None, where: str, volume_prefix: str) -> Iterator[tuple[str, str]]:
    """Yield reason and message of what is wrong with such a reference.

    Args:
        ref: the reference; None where there is none.
        where: the path of its field.
        volume_prefix: what the name of the volume has before the ConfigMap's, which must have room there.
    """
    if ref is None:
        return
    if ref.config_map_ref is None or not ref.config_map_ref.name:
        yield "CABundleRefInvalid", f"{where}.configMapRef.name must be the name of a ConfigMap"
    elif len(ref.config_map_ref.name) > (longest := _VOLUME_NAME_MAX - len(volume_prefix)):
        message = f"{where}.configMapRef.name must be at most {longest} characters long: a volume is named after it"
        yield "CABundleRefInvalid", message
