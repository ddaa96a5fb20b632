"""The custom resources of group toolhive.stacklok.dev as pydantic models: the one source of crds/."""
