"""MCPRemoteProxy: what it makes and says, where that isn't an MCPServer's with other names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hooks.kubernetes.kinds import DEPLOYMENT, SERVICE_ACCOUNT
from hooks.kubernetes.objects import Object
from tests.remote import ACCESS, CHILDREN, LABELS, RUNNER, remote, remote_pod
from tests.world import (
    CONFIG,
    NAMESPACE,
    child,
    child_names,
    condition,
    config_map,
    customize,
    deleting,
    external_auth,
    good_config,
    group,
    judged,
    oidc_config,
    run_config,
    running,
    secret,
    settled,
    sync,
    telemetry_config,
    tool_config,
)

URL = f"http://mcp-demo-remote-proxy.{NAMESPACE}.svc.cluster.local:8080"


def said(answer: Object) -> list[tuple[str, str, str, str]]:
    return [(c["type"], c["status"], c["reason"], c["message"]) for c in answer["status"]["conditions"]]


def deployed(owner: Object, *related: Object) -> Any:
    return child(sync(owner, related=related), DEPLOYMENT, "demo")["spec"]["template"]


def test_customize_asks_for_what_has_a_name_of_its_own_and_nothing_of_a_stateful_set() -> None:
    by_name = [(rule["resource"], rule["names"]) for rule in customize(remote())["relatedResources"] if "names" in rule]

    assert by_name == [
        ("services", ["mcp-demo-remote-proxy"]),
        ("configmaps", ["demo-authz-inline", "demo-runconfig"]),
        ("serviceaccounts", [RUNNER]),
        ("roles", [RUNNER]),
        ("rolebindings", [RUNNER]),
    ]


def test_the_whole_status_of_a_proxy_that_serves() -> None:
    _, children = settled(remote())

    answer = sync(remote(), children, [remote_pod()])

    assert child_names(answer) == CHILDREN
    assert {key: value for key, value in answer["status"].items() if key != "conditions"} == {
        "phase": "Ready",
        "message": "Remote proxy is running",
        "url": URL,
        "observedGeneration": 1,
    }
    assert said(answer) == [
        ("Ready", "True", "Ready", "Remote proxy is running"),
        ("Valid", "True", "Valid", "The spec is valid"),
        ("ConfigurationValid", "True", "ConfigurationValid", "All configuration validations passed"),
        (
            "SessionStorageWarning",
            "False",
            "SessionStorageWarningNotApplicable",
            "session storage warning is not active",
        ),
    ]
    assert "resyncAfterSeconds" not in answer


def test_every_reference_has_a_condition_a_hash_and_a_claim() -> None:
    owner = remote(
        externalAuthConfigRef={"name": "tx"},
        oidcConfigRef={"name": "idp", "audience": "mcp"},
        toolConfigRef={"name": "tools"},
        telemetryConfigRef={"name": "otel"},
        groupRef={"name": "team"},
    )
    configs = [judged(oidc_config()), judged(tool_config()), judged(telemetry_config()), judged(group()), good_config()]

    answer = sync(owner, related=configs)

    assert [(type_, status, reason) for type_, status, reason, _ in said(answer)][2:] == [
        ("ConfigurationValid", "True", "ConfigurationValid"),
        ("ExternalAuthConfigValidated", "True", "ExternalAuthConfigValid"),
        ("IncomingAuthentication", "True", "Configured"),
        ("ToolConfigValidated", "True", "ToolConfigValid"),
        ("OIDCConfigRefValidated", "True", "OIDCConfigRefValid"),
        ("TelemetryConfigRefValidated", "True", "TelemetryConfigRefValid"),
        ("GroupRefValidated", "True", "GroupRefIsValid"),
        ("SessionStorageWarning", "False", "SessionStorageWarningNotApplicable"),
    ]
    assert sorted(key for key in answer["status"] if key.endswith("Hash")) == [
        *("externalAuthConfigHash", "oidcConfigHash", "telemetryConfigHash", "toolConfigHash")
    ]
    assert child(answer, SERVICE_ACCOUNT, RUNNER)["metadata"]["labels"] == {
        "toolhive.stacklok.dev/external-auth-config": "tx",
        "toolhive.stacklok.dev/oidc-config": "idp",
        "toolhive.stacklok.dev/tool-config": "tools",
        "toolhive.stacklok.dev/telemetry-config": "otel",
        "toolhive.stacklok.dev/group": "team",
    }


def test_a_config_that_only_a_proxy_uses_is_in_use() -> None:
    owner = remote(externalAuthConfigRef={"name": "tx"})
    [account] = [obj for obj in running(owner, good_config()) if obj["kind"] == "ServiceAccount"]

    alive = sync(external_auth(), related=[secret(), account])
    going = sync(deleting(external_auth()), related=[secret(), account, owner])

    assert alive["status"]["referencingServers"] == ["MCPRemoteProxy/demo"]
    assert going["finalized"] is False
    assert condition(going, "DeletionBlocked") == (
        "True",
        "ReferencedByWorkloads",
        "Referenced by 1 MCPRemoteProxy: demo. Delete them or remove their spec.externalAuthConfigRef",
    )
    assert sync(deleting(external_auth()), related=[secret()])["finalized"] is False  # it looks once more


def blocked_address(address: str, block: str) -> str:
    return f"{BLOCKED}: IP address {address} falls within blocked range {block}: use a public one"


def blocked_host(host: str, pattern: str) -> str:
    where = f'hostname "{host}" matches blocked internal hostname "{pattern}"'
    return f"{BLOCKED}: {where}: use an MCPServer for what runs in the cluster"


BLOCKED = "remote URL host is not allowed"


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://10.1.2.3/mcp", blocked_address("10.1.2.3", "10.0.0.0/8")),
        ("http://169.254.169.254/latest", blocked_address("169.254.169.254", "169.254.0.0/16")),
        ("http://[::1]:8080/", blocked_address("::1", "::1/128")),
        ("http://[::ffff:127.0.0.1]/", blocked_address("::ffff:127.0.0.1", "127.0.0.0/8")),
        ("http://[fd00::1]/", blocked_address("fd00::1", "fc00::/7")),
        ("http://LOCALHOST/", blocked_host("LOCALHOST", "localhost")),
        ("http://a.svc.cluster.local./", blocked_host("a.svc.cluster.local.", "cluster.local")),
        ("http://metadata.google.internal", blocked_host("metadata.google.internal", "metadata.google.internal")),
        ("https://", "has no host"),
        ("https://a b.test", "must be an http:// or https:// URL without blanks"),
    ],
)
def test_a_url_that_leads_where_no_proxy_may_call_is_refused_and_all_is_held(url: str, fault: str) -> None:
    _, children = settled(remote())

    answer = sync(remote(remoteUrl=url), children)

    assert answer["status"]["phase"] == "Failed"
    for type_ in ("Ready", "Valid", "ConfigurationValid"):
        assert condition(answer, type_) == ("False", "RemoteURLInvalid", f"spec.remoteUrl: {fault}")
    assert child_names(answer) == CHILDREN
    assert child(answer, DEPLOYMENT, "demo") == child(sync(remote(), children), DEPLOYMENT, "demo")
    assert child_names(sync(remote(remoteUrl=url))) == ACCESS


@pytest.mark.parametrize(
    "url", ["https://11.0.0.1/mcp", "http://mylocalhost/", "https://[2001:db8::1]/", "http://svc/"]
)
def test_a_url_of_a_public_or_service_host_is_called(url: str) -> None:
    assert run_config(sync(remote(remoteUrl=url)))["remote_url"] == url


def header(name: str, of: str = "s", key: str = "k") -> Object:
    return {"headerName": name, "valueSecretRef": {"name": of, "key": key}}


@pytest.mark.parametrize(
    ("forward", "fault"),
    [
        (
            {"addPlaintextHeaders": {"Host": "x"}},
            "addPlaintextHeaders['Host']: the proxy runner forwards no header 'Host': remove it",
        ),
        ({"addPlaintextHeaders": {"a b": "x"}}, "addPlaintextHeaders['a b']: must be the name of an HTTP header"),
        (
            {"addPlaintextHeaders": {"x": "a\nb"}},
            "addPlaintextHeaders['x']: its value has a line break or a control character",
        ),
        (
            {"addHeadersFromSecret": [header("x-real-ip")]},
            "addHeadersFromSecret[0].headerName: the proxy runner forwards no header 'x-real-ip': remove it",
        ),
        (
            {"addHeadersFromSecret": [header("x-a"), header("X_A")]},
            "addHeadersFromSecret[1].headerName: is one with spec.headerForward.addHeadersFromSecret[0].headerName to "
            "the proxy runner: remove one of them",
        ),
        (
            {"addPlaintextHeaders": {"X-A": "1"}, "addHeadersFromSecret": [header("x-a")]},
            "addHeadersFromSecret[0].headerName: is one with spec.headerForward.addPlaintextHeaders['X-A'] to the "
            "proxy runner: remove one of them",
        ),
        (
            {"addHeadersFromSecret": [header("x-a", "S_")]},
            "addHeadersFromSecret[0].valueSecretRef: must have the name of a Secret, and one of its keys",
        ),
    ],
)
def test_headers_that_would_not_arrive_are_refused(forward: Object, fault: str) -> None:
    answer = sync(remote(headerForward=forward))

    assert condition(answer, "Valid") == ("False", "SpecInvalid", f"spec.headerForward.{fault}")


def test_a_missing_secret_of_a_header_is_told_by_the_pods_state() -> None:
    """The hooks are never sent the Secrets that a workload names."""
    owner = remote(headerForward={"addHeadersFromSecret": [header("X-Key", "gone")]})
    _, children = settled(owner)
    waiting = {"reason": "CreateContainerConfigError", "message": 'secret "gone" not found'}
    pod = remote_pod(ready=False)
    pod["status"]["containerStatuses"] = [{"name": "toolhive", "state": {"waiting": waiting}}]

    answer = sync(owner, children, [pod])

    assert condition(answer, "Ready") == (
        "False",
        "CreateContainerConfigError",
        "Proxy container 'toolhive' can't start: Secret 'gone' is missing",
    )


def test_where_pods_are_not_looked_at_the_message_says_what_it_goes_by() -> None:
    """There is no StatefulSet behind a remote proxy."""
    answer = sync(remote(), running(remote()), config=replace(CONFIG, read_pods=False))

    assert answer["status"]["message"] == (
        "Remote proxy is starting; its pods aren't looked at (TOOLHIVE_HOOKS_READ_PODS is false), so only the "
        "Deployment counts"
    )


def test_a_proxy_that_is_scaled_to_zero_is_pending() -> None:
    _, children = settled(remote(replicas=0))

    answer = sync(remote(replicas=0), children)

    assert answer["status"]["phase"] == "Pending"
    assert condition(answer, "Ready") == (
        "False",
        "ScaledToZero",
        "Remote proxy is scaled to zero: spec.replicas is 0",
    )


class TestServiceAccount:
    def test_an_account_of_the_users_needs_no_rights_and_ours_carries_the_claims(self) -> None:
        owner = remote(serviceAccount="mine", externalAuthConfigRef={"name": "tx"})

        answer = sync(owner, related=[good_config()])

        assert deployed(owner, good_config())["spec"]["serviceAccountName"] == "mine"
        assert child_names(answer) == [
            *("ConfigMap/demo-runconfig", "Deployment/demo", "Service/mcp-demo-remote-proxy"),
            f"ServiceAccount/{RUNNER}",
        ]
        assert child(answer, SERVICE_ACCOUNT, RUNNER)["metadata"]["labels"] == {
            "toolhive.stacklok.dev/external-auth-config": "tx"
        }

    def test_rights_that_were_given_before_stay(self) -> None:
        assert child_names(sync(remote(serviceAccount="mine"), running(remote()))) == CHILDREN


class TestPodTemplate:
    def test_a_pod_template_is_merged_into_the_proxys_own(self) -> None:
        template = {
            "metadata": {"labels": {"team": "blue", "toolhive-name": "other"}, "annotations": {"a": "b"}},
            "spec": {
                "priorityClassName": "high",
                "serviceAccountName": "",
                "tolerations": [{"key": "gpu", "operator": "Exists"}],
                "imagePullSecrets": [{"name": "regcred"}],
                "containers": [
                    {
                        "name": "toolhive",
                        "resources": {"limits": {"cpu": "0.5"}},
                        "env": [{"name": "HOME", "value": "/home"}, {"name": "HTTPS_PROXY", "value": "http://p:1"}],
                        "volumeMounts": [{"name": "cache", "mountPath": "/cache"}],
                        "securityContext": {"runAsUser": 2000},
                    },
                    {"name": "sidecar", "image": "acme/sidecar:1"},
                ],
                "volumes": [{"name": "cache", "emptyDir": {}}],
            },
        }
        plain, merged = deployed(remote()), deployed(remote(podTemplateSpec=template))
        [ours] = plain["spec"].pop("containers")
        toolhive, sidecar = merged["spec"].pop("containers")

        assert merged["metadata"]["labels"] == {**LABELS, "team": "blue"}
        assert merged["metadata"]["annotations"] == {**plain["metadata"]["annotations"], "a": "b"}
        assert merged["spec"] == {
            **plain["spec"],
            "priorityClassName": "high",
            "tolerations": [{"key": "gpu", "operator": "Exists"}],
            "imagePullSecrets": [{"name": "regcred"}],
            "volumes": [{"name": "cache", "emptyDir": {}}, *plain["spec"]["volumes"]],
        }
        assert sidecar == {"name": "sidecar", "image": "acme/sidecar:1"}
        env = {variable["name"]: variable["value"] for variable in toolhive["env"]}
        assert env == {
            "HTTPS_PROXY": "http://p:1",
            "XDG_CONFIG_HOME": "/tmp",
            "HOME": "/home",
            "TOOLHIVE_RUNTIME": "kubernetes",
            "UNSTRUCTURED_LOGS": "false",
        }
        assert {**toolhive, "env": ours["env"]} == {
            **ours,
            "resources": {"limits": {"cpu": "500m"}},
            "volumeMounts": [{"name": "cache", "mountPath": "/cache"}, *ours["volumeMounts"]],
            "securityContext": {**ours["securityContext"], "runAsUser": 2000},
        }

    def test_a_pod_template_that_cannot_be_read_holds_the_proxy(self) -> None:
        _, children = settled(remote())

        answer = sync(remote(podTemplateSpec={"spec": {"nodeSelector": {"disk": 1}}}), children)

        assert condition(answer, "PodTemplateValid") == (
            "False",
            "InvalidPodTemplateSpec",
            "spec.podTemplateSpec.spec.nodeSelector.disk must be a string, is an integer",
        )
        assert child_names(answer) == CHILDREN

    def test_a_directive_in_a_pod_template_is_named(self) -> None:
        answer = sync(remote(podTemplateSpec={"spec": {"volumes": [{"name": "runconfig", "$patch": "delete"}]}}))

        assert condition(answer, "PodTemplateValid") == (
            "True",
            "ValidPodTemplateSpec",
            "spec.podTemplateSpec is used, but a pod template has no field spec.podTemplateSpec.spec.volumes[0].$patch",
        )


class TestDeletion:
    def test_a_deletion_removes_all_children_at_once(self) -> None:
        answer = sync(deleting(remote()), running(remote()), [remote_pod()])

        assert (answer["children"], answer["finalized"]) == ([], False)
        assert (answer["status"]["phase"], condition(answer, "Ready")) == (
            "Terminating",
            (
                "False",
                "Terminating",
                "Remote proxy is being terminated: all its objects are deleted",
            ),
        )

    def test_a_deletion_waits_for_the_last_pod(self) -> None:
        assert sync(deleting(remote()), related=[remote_pod()])["finalized"] is False
        assert sync(deleting(remote()))["finalized"] is True


def test_a_missing_config_map_is_said_in_configuration_valid() -> None:
    owner = remote(authzConfig={"type": "configMap", "configMap": {"name": "rules"}})

    missing, empty = sync(owner), sync(owner, related=[config_map("rules", other="x")])

    assert condition(missing, "ConfigurationValid") == (
        "False",
        "AuthzConfigMapNotFound",
        "ConfigMap 'rules' not found in namespace 'team-a': create it, or correct spec.authzConfig.configMap.name",
    )
    assert condition(empty, "ConfigurationValid") == (
        "False",
        "AuthzConfigMapInvalid",
        "ConfigMap 'rules' has nothing at key 'authz.json': add it, or correct spec.authzConfig.configMap.key",
    )


def test_a_missing_config_is_said_in_configuration_valid() -> None:
    assert condition(sync(remote(externalAuthConfigRef={"name": "tx"})), "ConfigurationValid") == (
        "False",
        "ExternalAuthConfigFetchError",
        "MCPExternalAuthConfig 'tx' not found in namespace 'team-a': create it, or remove spec.externalAuthConfigRef",
    )


@pytest.mark.parametrize(
    ("field", "remedy"),
    [
        ("port", "it is called proxyPort now"),
        ("oidcConfig", "it is called oidcConfigRef now"),
        ("telemetry", "it is called telemetryConfigRef now"),
        ("toolsFilter", "remove it, or correct its name"),
    ],
)
def test_fields_of_earlier_releases_are_refused(field: str, remedy: str) -> None:
    fault = f"spec.{field}: is not a field that toolhive-hooks knows: {remedy}"

    assert condition(sync(remote(**{field: {}})), "Valid") == ("False", "SpecInvalid", fault)


@pytest.mark.parametrize(
    ("amount", "type_", "reason", "fault"),
    [
        (
            "1" * 1300,
            "PodTemplateValid",
            "InvalidPodTemplateSpec",
            "resources.limits.cpu must have at most 100 characters",
        ),
        ("1e30", "Valid", "SpecInvalid", "resources.limits['cpu']: must be at most 9223372036854775807"),
    ],
)
def test_an_amount_that_the_api_server_stores_as_another_one_is_told(
    amount: str, type_: str, reason: str, fault: str
) -> None:
    """It would be a difference at every sync; one of 1,200 digits ended each call with an error."""
    container = {"name": "toolhive", "resources": {"limits": {"cpu": amount}}}

    answer = sync(remote(podTemplateSpec={"spec": {"containers": [container]}}), running(remote()))

    assert condition(answer, type_) == ("False", reason, f"spec.podTemplateSpec.spec.containers[0].{fault}")
    assert (
        child(answer, DEPLOYMENT, "demo")["spec"]
        == child(sync(remote(), running(remote())), DEPLOYMENT, "demo")["spec"]
    )
