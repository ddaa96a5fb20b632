"""Image references, as distribution/reference reads them: each case was tried with its release 0.6.0."""

from __future__ import annotations

import pytest

from hooks.proxy.image import image_fault

SHA256 = "a" * 64
NO_REFERENCE = "must be an image reference, such as ghcr.io/acme/server:1.0.0"
NO_DIGEST = "must have a digest such as sha256: and 64 lower-case hexadecimal digits after '@'"
NO_TAG = "must have a tag of at most 128 letters, digits, '_', '.' and '-' after ':'"


@pytest.mark.parametrize(
    "image",
    [
        "ubuntu",
        "ubuntu:24.04",
        "localhost:5000",
        "localhost/x",
        "localhost:5000/x",
        "ghcr.io/acme/mcp-demo:1.2.3",
        "GHCR.io/acme/x",
        "Registry/x",
        "[::1]:5000/x",
        "[2001:db8::1]/x:1",
        "10.0.0.1:5000/a/b/c",
        "a/b__c/d--e/f.g_h",
        f"ghcr.io/x@sha256:{SHA256}",
        f"ghcr.io/x:1.0@sha256:{SHA256}",
        f"x@sha512:{SHA256 * 2}",
        f"x:{'t' * 128}",
        "x:_A.b-c",
        "a" * 247,  # Docker Hub's library/ goes before
        f"ghcr.io/{'a' * 255}",
        "a" * 63,
    ],
)
def test_a_reference_that_a_runtime_can_pull_has_no_fault(image: str) -> None:
    assert image_fault(image) == ""


@pytest.mark.parametrize(
    ("image", "fault"),
    [
        ("ghcr.io/example/web:1.0.0\n", "must not have leading or trailing whitespace"),
        ("ghcr.io/example/web:1.0.0 ", "must not have leading or trailing whitespace"),
        ("\tubuntu", "must not have leading or trailing whitespace"),
        ("ubuntu --privileged", "must not have blanks"),
        ("ubu\x00ntu", "must not have line breaks or control characters"),
        ("ubu\nntu", "must not have line breaks or control characters"),
        (
            "uvx://mcp-server-git",
            "is a package, not an image: build one, for example with `thv build`, and leave out uvx://",
        ),
        (
            "npx://@acme/x@1",
            "is a package, not an image: build one, for example with `thv build`, and leave out npx://",
        ),
        ("https://ghcr.io/acme/x", f"{NO_REFERENCE}, without https://"),
        ("docker://ubuntu", f"{NO_REFERENCE}, without docker://"),
        ("ghcr.io/${ORG}/x", "still has a placeholder in it: put the value in its place"),
        ("ghcr.io/acme/x:<TAG>", "still has a placeholder in it: put the value in its place"),
        ("GHCR.io/X", "must have its repository in lower case"),
        ("Ubuntu", "must have its repository in lower case"),
        ("ghcr.io/Acme/x:1", "must have its repository in lower case"),
        ("x@sha256:abc", NO_DIGEST),
        (f"x@sha256:{'a' * 63}", NO_DIGEST),
        (f"x@sha256:{'A' * 64}", NO_DIGEST),
        (f"x@md5:{'a' * 32}", NO_DIGEST),
        ("x@", NO_DIGEST),
        ("x:", NO_TAG),
        ("x:-1", NO_TAG),
        ("x:é", NO_TAG),
        (f"x:{'t' * 129}", NO_TAG),
        ("/x", NO_REFERENCE),
        ("x/", NO_REFERENCE),
        ("a//b", NO_REFERENCE),
        ("x_", NO_REFERENCE),
        ("x___y", NO_REFERENCE),
        ("a..b/x", NO_REFERENCE),
        ("é", NO_REFERENCE),
        ("a_b.c/x/y:1:2", NO_REFERENCE),
        (f"ghcr.io/{'a' * 256}", "must have a repository of at most 255 characters"),
        ("0" * 64, "must be an image reference, not an image's id"),
    ],
)
def test_a_reference_that_no_runtime_can_pull_has_a_fault(image: str, fault: str) -> None:
    assert image_fault(image) == fault


@pytest.mark.timeout(30)
def test_the_longest_of_specs_is_read_at_once() -> None:
    """A tenant may write an image of a mebibyte; the grammar has loops in loops."""
    for image in ("a" * 1_000_000, "a-" * 500_000, "a/" * 500_000, "a." * 500_000, f"{'a--' * 300_000}!"):
        assert image_fault(image) != ""
