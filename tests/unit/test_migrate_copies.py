"""The copy that `migrate --convert --from` takes: what kubectl printed, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from hooks.kubernetes.objects import Object
from hooks.manifests.load import InputError
from hooks.migrate.copies import as_copied
from tests.world import group, server, with_metadata


def copy_of(folder: Path, *objects: Object) -> Path:
    path = folder / "before.yaml"
    path.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": list(objects)}))
    return path


def test_a_workload_has_what_its_copy_has(tmp_path: Path) -> None:
    old, other = server(tools=["search"]), server("other")
    path = copy_of(tmp_path, old, with_metadata(group(), uid=None), {"kind": "MCPServer"})

    assert as_copied([server(), other], path) == ([old, other], [])


def test_one_that_was_changed_since_is_left_where_it_has_old_fields(tmp_path: Path) -> None:
    changed = with_metadata(server(port=9000), generation=2)
    said = "MCPServer team-a/demo was changed since the copy: write it in current fields, as the copy has it"

    assert as_copied([changed], copy_of(tmp_path, server(tools=["search"]))) == ([], [said])


@pytest.mark.parametrize(
    "written",
    [
        {**server(), "metadata": {"name": "demo"}},
        {**server(), "metadata": None},
        {key: value for key, value in server().items() if key != "metadata"},
        {key: value for key, value in server().items() if key != "spec"},
        {**server(), "spec": None},
        with_metadata(server(), uid=["u"]),
    ],
)
def test_a_manifest_is_no_copy(tmp_path: Path, written: Object) -> None:
    """It has no uid, so nothing of it would count, and old fields that a CRD hides would be lost."""
    path = copy_of(tmp_path, written)

    with pytest.raises(InputError, match=r"before\.yaml: an MCPServer has no uid or no spec, so this is no copy"):
        as_copied([server()], path)
