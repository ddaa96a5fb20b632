"""The user's cluster, for the commands that look at it: the few requests that they make, with the user's kubeconfig.

This and hooks/kubeconfig.py are the only modules that know a Kubernetes client, and the served webhooks never load it.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import urllib3
from kubernetes import client, dynamic

from hooks import kubeconfig as kubeconfigs
from hooks.kubernetes.kinds import Kind
from hooks.kubernetes.objects import Object

CRD = Kind("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions")
COMPOSITE_CONTROLLER = Kind("metacontroller.k8s.io/v1alpha1", "CompositeController", "compositecontrollers")
CERTIFICATE = Kind("cert-manager.io/v1", "Certificate", "certificates")
ENDPOINT_SLICE = Kind("discovery.k8s.io/v1", "EndpointSlice", "endpointslices")
EVENT = Kind("v1", "Event", "events")
NAMESPACE = Kind("v1", "Namespace", "namespaces")
LEASE = Kind("coordination.k8s.io/v1", "Lease", "leases")

FIELD_MANAGER = "toolhive-hooks"
_BUILT_IN = ("", "apps", "apiextensions.k8s.io", "coordination.k8s.io", "discovery.k8s.io", "rbac.authorization.k8s.io")
"""API groups that every API server has: those of the kinds that are listed here."""
_METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
_PAGE = 500
_RETRIES = urllib3.Retry(3, connect=0, read=0, redirect=0, other=0, raise_on_status=False, allowed_methods=None)
"""Only where the API server says after what time to ask again (Retry-After); a lost connection is an error at once."""


class ClusterError(RuntimeError):
    """The cluster can't be asked, or refused. The text is for the user, and quotes no object."""


class Unreachable(ClusterError):
    """No API server answers; nor would it answer what is asked next."""


class Forbidden(ClusterError):
    """The user has no right to this. Other things may still be asked for."""


class Conflict(ClusterError):
    """The object is no longer the one that was read."""


class LiveCluster:
    """A cluster, as the user of a kubeconfig may see and change it."""

    def __init__(
        self, context: str | None = None, kubeconfig: str | None = None, user: str = "", timeout: int = 60
    ) -> None:
        """Read the kubeconfig; nothing is sent yet.

        Args:
            context: one of its contexts; None means the current one.
            kubeconfig: the file; None means where kubectl looks.
            user: whom to impersonate.
            timeout: seconds that a request may take; 0 for any time.

        Raises:
            ClusterError: there is no such kubeconfig or context, it isn't one at all, or its credentials can't be had.
        """
        try:
            settings, self.namespace = kubeconfigs.read(context, kubeconfig)
        except ValueError as error:
            raise ClusterError(str(error)) from None
        settings.retries = _RETRIES
        # No discovery: the kinds are known, and it would leave a file in the temporary folder.
        api = client.ApiClient(settings)
        if user:
            api.set_default_header("Impersonate-User", user)  # type: ignore[no-untyped-call]
        self._timeout = timeout or None
        self._client = dynamic.DynamicClient(api, discoverer=lambda *_: None)  # type: ignore[no-untyped-call]

    def get(self, kind: Kind, name: str, namespace: str = "") -> Object | None:
        """An object, or None where there is none, or its kind isn't served."""
        answer = self._request("get", _path(kind, namespace, name))
        return answer and {**answer, "apiVersion": kind.api_version, "kind": kind.kind}

    def is_there(self, kind: Kind, name: str, namespace: str) -> bool:
        """Whether there is such an object. Only its metadata is asked for: a Secret's data isn't sent.

        Raises:
            Forbidden: the user may not read it.
        """
        path = _path(kind, namespace, name)
        return self._request("get", path, header_params={"Accept": _METADATA_ONLY}) is not None

    def version(self) -> str:
        """The API server's version, such as `v1.34.1`."""
        return str((self._request("get", "/version") or {}).get("gitVersion"))

    def may(self, user: str, verb: str, kind: Kind, subresource: str = "") -> bool:
        """Whether a user has a right in all namespaces.

        Raises:
            Forbidden: the user of the kubeconfig may not ask that.
        """
        group = kind.api_version.rpartition("/")[0]
        attributes = {"verb": verb, "group": group, "resource": kind.resource, "subresource": subresource}
        groups = ["system:serviceaccounts", f"system:serviceaccounts:{user.split(':')[2]}", "system:authenticated"]
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": user, "groups": groups, "resourceAttributes": attributes},
        }
        answer = self._request("post", "/apis/authorization.k8s.io/v1/subjectaccessreviews", body=review) or {}
        return bool((answer.get("status") or {}).get("allowed"))

    def list(self, kind: Kind, namespace: str = "", *, labels: str = "", fields: str = "") -> list[Object]:
        """The objects of a kind, by namespace and name; none where the kind isn't served.

        Args:
            kind: what to look for.
            namespace: where; everywhere without it.
            labels: a label selector.
            fields: a field selector.

        Raises:
            ClusterError: also where a kind of `_BUILT_IN` isn't served: that is no API server.
        """
        found: list[Object] = []
        page: str | None = None
        while page != "":
            answer = self._request(
                "get",
                _path(kind, namespace),
                limit=_PAGE,
                _continue=page,
                label_selector=labels or None,
                field_selector=fields or None,
            )
            if answer is None:
                if kind.api_version.rpartition("/")[0] in _BUILT_IN:
                    raise self._no_api_server()
                return []
            items = answer.get("items") or []
            found += [{**item, "apiVersion": kind.api_version, "kind": kind.kind} for item in items]
            page = (answer.get("metadata") or {}).get("continue") or ""
        return sorted(found, key=lambda obj: (obj["metadata"].get("namespace", ""), obj["metadata"]["name"]))

    def patch(self, kind: Kind, obj: Object, patch: Object) -> None:
        """Change an object by a merge patch, provided that it still is as it was read.

        Raises:
            Conflict: it isn't, or it is gone.
        """
        metadata = obj["metadata"]
        guarded = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
        answer = self._request(
            "patch",
            _path(kind, metadata["namespace"], metadata["name"]),
            body={**patch, "metadata": {**patch["metadata"], **guarded}},
            content_type="application/merge-patch+json",
            field_manager=FIELD_MANAGER,
        )
        if answer is None:
            raise Conflict("it is gone")

    def create(self, kind: Kind, obj: Object) -> None:
        """Create an object.

        Raises:
            Conflict: there is one of that name.
        """
        namespace = obj["metadata"]["namespace"]
        if self._request("post", _path(kind, namespace), body=obj, field_manager=FIELD_MANAGER) is None:
            raise ClusterError(f"{kind.kind} isn't served, or namespace {namespace} is gone")

    def try_out(self, kind: Kind, obj: Object, *, create: bool) -> Object:
        """What the API server would make of creating or replacing this object; nothing is stored.

        Raises:
            ClusterError: the API server would refuse it.
        """
        metadata = obj["metadata"]
        method, name = ("post", None) if create else ("put", metadata["name"])
        path = _path(kind, metadata["namespace"], name)
        answer = self._request(method, path, body=obj, dry_run="All", field_manager=FIELD_MANAGER)
        if answer is None:
            raise Conflict(f"{kind.kind} {metadata['namespace']}/{metadata['name']} is gone")
        return answer

    def try_apply(self, kind: Kind, obj: Object) -> Object:
        """What the API server would make of applying a manifest; nothing is stored.

        Raises:
            ClusterError: the API server would refuse it.
        """
        metadata = obj["metadata"]
        answer = self._request(
            "patch",
            _path(kind, metadata["namespace"], metadata["name"]),
            body=obj,
            content_type="application/apply-patch+yaml",
            dry_run="All",
            field_manager=FIELD_MANAGER,
            force_conflicts=True,
        )
        if answer is None:
            raise ClusterError(f"namespace {metadata['namespace']} is not there, or {kind.kind} isn't served")
        return answer

    def _request(self, method: str, path: str, **options: Any) -> Object | None:
        """The answer's object; None for 404."""
        try:
            response = self._client.request(method, path, serialize=False, _request_timeout=self._timeout, **options)
        except client.ApiException as error:
            if error.status == 404:
                return None
            kinds = {403: Forbidden, 409: Conflict}
            raise kinds.get(error.status, ClusterError)(_message(error)) from None
        except (urllib3.exceptions.HTTPError, OSError) as error:
            host, reason = self._client.configuration.host, getattr(error, "reason", None) or error
            raise Unreachable(f"{host} can't be reached: {reason}") from None
        try:
            answer = json.loads(response.data)
        except ValueError:
            answer = None
        if isinstance(answer, dict):
            return answer
        raise self._no_api_server()

    def _no_api_server(self) -> ClusterError:
        return ClusterError(f"{self._client.configuration.host} doesn't answer as an API server")


def _path(kind: Kind, namespace: str = "", name: str | None = None) -> str:
    """The path of an object, or without a name of a list; names are others' texts, and never lead out of it."""
    scope = ["namespaces", namespace] if namespace else []
    parts = [*scope, kind.resource, *([] if name is None else [name])]
    if not {"", ".", ".."}.isdisjoint(parts):
        raise ClusterError(f"no {kind.kind} can be named {name!r} in namespace {namespace!r}")
    root = "/apis" if "/" in kind.api_version else "/api"
    return f"{root}/{kind.api_version}/{'/'.join(quote(part, safe='') for part in parts)}"


def _message(error: client.ApiException) -> str:
    """The message of the Status that the API server sends with a refusal."""
    try:
        message = json.loads(error.body or "")["message"]
    except (KeyError, TypeError, ValueError):
        message = error.reason or "no reason given"
    return f"the API server refuses ({error.status}): {message}"
