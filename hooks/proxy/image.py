"""Image references, by the grammar by which kubelet and container runtimes read them."""

from __future__ import annotations

import re

from hooks.api.texts import text_fault

# The grammar and its bounds are those of github.com/distribution/reference (reference.go, normalize.go), with the
# digests that github.com/opencontainers/go-digest knows. What it refuses, the kubelet calls InvalidImageName.
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[A-Fa-f0-9:]+\])(?::[0-9]+)?"
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"(?:(?P<domain>{_DOMAIN})/)?(?P<path>{_COMPONENT}(?:/{_COMPONENT})*)")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_PACKAGES = ("uvx", "npx", "go")
"""Schemes from which ToolHive's own command line builds an image; nothing in a cluster does."""
_MAX_REPOSITORY = 255
_NO_REFERENCE = "must be an image reference, such as ghcr.io/acme/server:1.0.0"


def image_fault(image: str) -> str:
    """Why this can't be a container's image, to be said after the field's name; empty where it can."""
    if image != image.strip():
        return "must not have leading or trailing whitespace"
    if fault := text_fault(image):
        return fault
    if re.search(r"\s", image):
        return "must not have blanks"
    scheme = _SCHEME.match(image)
    if scheme and scheme[1] in _PACKAGES:
        return f"is a package, not an image: build one, for example with `thv build`, and leave out {scheme[0]}"
    if scheme:
        return f"{_NO_REFERENCE}, without {scheme[0]}"
    return _grammar_fault(image)


def _grammar_fault(image: str) -> str:
    rest, at, digest = image.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        return "must have a digest such as sha256: and 64 lower-case hexadecimal digits after '@'"
    name, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:  # a port's colon, or none
        name, colon, tag = rest, "", ""
    if colon and not _TAG.fullmatch(tag):
        return "must have a tag of at most 128 letters, digits, '_', '.' and '-' after ':'"
    match = _NAME.fullmatch(_with_domain(name))
    if match is None:
        in_lower_case = _NAME.fullmatch(_with_domain(name.lower()))
        return "must have its repository in lower case" if in_lower_case else _NO_REFERENCE
    if len(match["path"]) > _MAX_REPOSITORY:
        return f"must have a repository of at most {_MAX_REPOSITORY} characters"
    if re.fullmatch("[0-9a-f]{64}", rest):
        return "must be an image reference, not an image's id"
    return ""


def _with_domain(name: str) -> str:
    """The name, with the domain that is meant where it has none: its first part is one by its look."""
    first, slash, _ = name.partition("/")
    if slash and (first == "localhost" or first.lower() != first or re.search("[.:]", first)):
        return name
    return f"docker.io/{name}" if slash else f"docker.io/library/{name}"
