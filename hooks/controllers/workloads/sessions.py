"""Where the proxies of one workload share their sessions."""

from __future__ import annotations

from hooks.controllers.workloads.spec import WorkloadSpec
from hooks.installation import Installation
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.proxy.backing_services import SessionRedis


def session_redis(spec: WorkloadSpec, installation: Installation) -> SessionRedis | None:
    """Return the Redis of the workload, else that of the installation, which has no password."""
    storage = spec.session_storage
    if storage and storage.provider == "redis":
        return SessionRedis(storage.address, storage.db, storage.key_prefix, storage.password_ref)
    if installation.default_redis_address:
        return SessionRedis(installation.default_redis_address, 0, "", None)
    return None


def session_storage_condition(spec: WorkloadSpec, redis: SessionRedis | None) -> Condition:
    """Return what release 0.44 says of several proxies, in its words."""
    type_ = "SessionStorageWarning"
    if (spec.replicas or 0) <= 1:
        return conditions.false(type_, "SessionStorageWarningNotApplicable", "session storage warning is not active")
    if redis:
        return conditions.false(type_, "SessionStorageConfigured", "Redis session storage is configured")
    message = "replicas > 1 but sessionStorage.provider is not redis; sessions are not shared across replicas"
    return conditions.true(type_, "SessionStorageMissingForReplicas", message)
