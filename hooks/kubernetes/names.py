"""What the API server takes as names, keys and values: each pattern once, for `fullmatch`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?")
"""The value of a label; the empty text is one."""
LABEL_VALUE_RULE = "at most 63 letters, digits, '-', '_' and '.', the first and last a letter or digit"
"""The same in words, for messages."""
DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
"""A DNS label (RFC 1123): the name of a volume, a namespace, a container."""
OBJECT_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
"""A DNS subdomain (RFC 1123): the name of most objects."""
SECRET_KEY = re.compile(r"[-._A-Za-z0-9]{1,253}")
"""A key in the data of a Secret or ConfigMap."""
ENV_NAME = re.compile(r"[ -<>-~]+")
"""The name of an environment variable: printable ASCII without '='."""
CONDITION_REASON = re.compile(r"[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?")
"""The reason of a condition (metav1.Condition)."""
PRESERVE_UNKNOWN = "x-kubernetes-preserve-unknown-fields"
"""In the schema of a CustomResourceDefinition: the API server keeps fields that the schema doesn't name."""

_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]")


def is_qualified_name(key: str) -> bool:
    """Whether this can be the key of a label or an annotation: a name, or a DNS subdomain, a slash and a name."""
    prefix, slash, name = key.rpartition("/")
    return bool(_QUALIFIED.fullmatch(name) and (not slash or OBJECT_NAME.fullmatch(prefix)))


def label_faults(labels: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with labels, to be said after their field's name."""
    for key, value in labels.items():
        if not is_qualified_name(key):
            yield f"{key!r} is no label key"
        if not LABEL_VALUE.fullmatch(value):
            yield f"the value of {key!r} must be {LABEL_VALUE_RULE}"
