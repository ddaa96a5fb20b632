"""The Secrets and ConfigMaps that a config names: whether their content is there, and what stands for it in a status.

Nothing here reveals a value: messages name the object, the key, and what to do.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from hooks.api.meta import Model, config_map_refs, secret_refs
from hooks.controllers.configs.secret_values import fault, notes, remedy, use_of
from hooks.installation import Installation
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.kinds import CONFIG_MAP, SECRET, Kind
from hooks.kubernetes.names import OBJECT_NAME, SECRET_KEY
from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import SyncRequest
from hooks.references.configs import DIGEST
from hooks.references.oidc import CA_KEY
from hooks.text import shortened

_LONGEST_FAULTS = 800
_LONGEST = conditions.MAX_MESSAGE - len(DIGEST) - hashlib.sha256().digest_size * 2


class Named(NamedTuple):
    """A key of a Secret or ConfigMap that a config's spec names."""

    path: str
    """The field that names it: `spec.tokenExchange.clientSecretRef`."""
    kind: Kind
    name: str
    key: str


class _Fault(NamedTuple):
    reason: str
    message: str


class _Content(NamedTuple):
    value: bytes
    stands_for: str
    """Changes with the value, which can't be guessed from it."""


def named_by(spec: Model) -> list[Named]:
    """Return every key of a Secret or ConfigMap that a spec names, by its path."""
    secrets = [Named(path, SECRET, ref.name, ref.key) for path, ref in secret_refs(spec)]
    config_maps = [Named(path, CONFIG_MAP, ref.name, ref.key or CA_KEY) for path, ref in config_map_refs(spec)]
    return sorted([*secrets, *config_maps])


def readable(named: Iterable[Named], installation: Installation) -> list[Named]:
    """Return those that the hooks may look at: an installation can keep Secrets from them."""
    return [each for each in named if each.kind != SECRET or installation.read_secrets]


def faulty_names(named: Iterable[Named]) -> Iterator[tuple[str, str]]:
    """Yield reason and message of each name or key that no Secret or ConfigMap can have."""
    for path, kind, name, key in named:
        if not OBJECT_NAME.fullmatch(name):
            yield f"{kind.kind}NameInvalid", f"{path}.name must be the name of a {kind.kind}"
        if not SECRET_KEY.fullmatch(key):
            yield f"{kind.kind}KeyInvalid", f"{path}.key must be letters, digits, '-', '_' and '.'"


def availability(request: SyncRequest, named: Sequence[Named], digest_key: bytes) -> tuple[Condition, str]:
    """Look everything that a config names up among the related objects, and check it by its use.

    Args:
        request: of a config.
        named: what its spec names; there is something.
        digest_key: the installation's key; may be empty.

    Returns:
        The condition SecretAvailable, whose message ends with what stands for the whole content, and that alone: empty
        where something can't be used.
    """
    found = [(each, _content(request, each, digest_key)) for each in named]
    faults = [content for _, content in found if isinstance(content, _Fault)]
    if faults:
        return conditions.false("SecretAvailable", faults[0].reason, _joined(faults)), ""
    contents = [(each, content) for each, content in found if isinstance(content, _Content)]
    digest = hashlib.sha256("\n".join(content.stands_for for _, content in contents).encode()).hexdigest()
    message = shortened(_said(request, contents), _LONGEST)
    return conditions.true("SecretAvailable", "SecretAvailable", f"{message}{DIGEST}{digest}"), digest


def _said(request: SyncRequest, contents: list[tuple[Named, _Content]]) -> str:
    """Return what to say of content that is all there, and what is rarely meant of its values."""
    if len(contents) == 1:
        named, content = contents[0]
        extra = [f"its value {note}" for note in notes(content.value, use_of(named.path))]
        return "; ".join([f"{_where(request, named)} has key {named.key!r}", *extra])
    extra = [
        f"the value at key {named.key!r} of {named.kind.kind} {named.name!r} {note}"
        for named, content in contents
        for note in notes(content.value, use_of(named.path))
    ]
    return "; ".join([f"All {len(contents)} keys that the spec names in Secrets and ConfigMaps are there", *extra])


def _joined(faults: list[_Fault]) -> str:
    """Return as many faults as a message has room for, the first in any case, and the number of the others."""
    text, left = faults[0].message, len(faults) - 1
    for other in faults[1:]:
        if len(text) + len(other.message) > _LONGEST_FAULTS:
            break
        text, left = f"{text}; {other.message}", left - 1
    return f"{text}; and {left} more" if left else text


def _content(request: SyncRequest, named: Named, digest_key: bytes) -> _Content | _Fault:
    request.related.require(named.kind)
    path, key, noun = named.path, named.key, named.kind.kind
    where = _where(request, named)
    obj = request.related.get(named.kind, named.name)
    if obj is None:
        return _Fault(f"{noun}NotFound", f"{where} not found: create it, or correct {path}.name")
    value = _value(obj, key)
    if value is None:
        return _Fault(f"{noun}KeyNotFound", f"{where} has no key {key!r}: add it, or correct {path}.key")
    if isinstance(value, str):
        return _Fault(f"{noun}ValueInvalid", f"{where} has something at key {key!r} that {value}")
    use = use_of(path)
    if not value.decode(errors="replace").strip():
        blanks = " but blanks" if value else ""
        return _Fault(f"{noun}KeyEmpty", f"{where} has nothing{blanks} at key {key!r}: put the {use.noun} there")
    if wrong := fault(value, use):
        message = f"{where} has a value at key {key!r} that {wrong}, and can't be a {use.noun}: {remedy(value, use)}"
        return _Fault(f"{noun}ValueInvalid", message)
    return _Content(value, _stands_for(obj, key, value, digest_key))


def _where(request: SyncRequest, named: Named) -> str:
    return f"{named.kind.kind} {named.name!r} of namespace {request.namespace!r}"


def _value(obj: Object, key: str) -> bytes | str | None:
    """Return the bytes at a key, None where there is none, and what is wrong with something that can't be read."""
    text = (obj.get("data") or {}).get(key)
    if text is not None and obj["kind"] == CONFIG_MAP.kind:
        return str(text).encode()
    encoded = text if obj["kind"] == SECRET.kind else (obj.get("binaryData") or {}).get(key)
    if encoded is None:
        return None
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return "is not base64: encode it, or put it into stringData"


def _stands_for(obj: Object, key: str, value: bytes, digest_key: bytes) -> str:
    """Return a name for a value that changes with it, and from which the value can't be guessed.

    With an installation key, an HMAC. Kind, namespace, name and key go in too, apart by what none of them can hold:
    else a reader of the statuses would see which credentials are the same, and could test guesses by a Secret of
    their own. Without a key, the name is made from the object's uid and version and not from the value, so an edit of
    its metadata counts as a change.
    """
    metadata = obj["metadata"]
    if not digest_key:
        return f"{metadata.get('uid', '')}.{metadata.get('resourceVersion', '')}.{key}"
    place = "\0".join((obj["kind"], metadata["namespace"], metadata["name"], key, ""))
    return hmac.new(digest_key, place.encode() + value, hashlib.sha256).hexdigest()
