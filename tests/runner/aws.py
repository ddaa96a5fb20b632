"""A stand-in of AWS: gives out temporary credentials, and checks signatures that were made with them."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from flask import Flask, Response, request

from tests.runner.backend import Call
from tests.runner.serving import serving

ACCESS_KEY, SECRET_KEY, SESSION_TOKEN = "ASIAEXAMPLE", "temporary/secret", "temporary-session"
_ANSWER = f"""<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>{ACCESS_KEY}</AccessKeyId>
<SecretAccessKey>{SECRET_KEY}</SecretAccessKey><SessionToken>{SESSION_TOKEN}</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"""


class Sts:
    """AWS STS, and the requests for credentials that it has seen."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[dict[str, str]] = []
        self.app = Flask("sts")
        self.app.add_url_rule("/", view_func=self._assume, methods=["POST"])

    @contextmanager
    def running(self) -> Iterator[Sts]:
        """Serve for as long as the block."""
        with serving(self.app) as port:
            self.url = f"http://127.0.0.1:{port}"
            yield self

    def _assume(self) -> Response:
        self.requests.append(request.form.to_dict())
        return Response(_ANSWER, content_type="text/xml")


def signed_for(call: Call, body: bytes, url: str) -> str:
    """Return region and service that a call of a URL was signed for, its signature checked (AWS SigV4)."""
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8}/([^/]+)/([^/]+)/aws4_request), "
        r"SignedHeaders=([^,]+), Signature=(.+)",
        call.headers["Authorization"],
    )
    assert found, call.headers["Authorization"]
    key_id, scope, region, service, signed, signature = found.groups()
    parts = urlsplit(url)
    sent = {name.lower(): value for name, value in call.headers.items()} | {"host": parts.netloc}
    headers = "".join(f"{name}:{sent[name].strip()}\n" for name in signed.split(";"))
    canonical = "\n".join([call.verb, parts.path, "", headers, signed, hashlib.sha256(body).hexdigest()])
    text = "\n".join(["AWS4-HMAC-SHA256", sent["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{SECRET_KEY}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    assert (key_id, sent["x-amz-security-token"]) == (ACCESS_KEY, SESSION_TOKEN)
    assert hmac.new(key, text.encode(), "sha256").hexdigest() == signature
    return f"{region}/{service}"
