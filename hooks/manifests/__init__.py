"""Manifests as Kubernetes reads them: YAML and JSON documents, from files and folders."""
