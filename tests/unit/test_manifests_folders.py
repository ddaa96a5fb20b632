"""Real folders: what beside manifests is in them, and what becomes of it."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from hooks.manifests.load import Source, load_all

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\n"
CHANGES = "changes what is in its files. To read it: render -k "


def write(folder: Path, **files: str) -> None:
    """Files by their paths, with __ for a slash and _ for the dot of the suffix."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_yaml", ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def load(folder: Path, **source: object) -> tuple[list[str], list[tuple[str, str]]]:
    """The names of what is read, and the notes by file."""
    loaded = load_all(Source([str(folder)], **source), io.BytesIO())  # type: ignore[arg-type]
    names = [obj["metadata"]["name"] for obj, _ in loaded.objects.values()]
    return names, [(os.path.relpath(each.file, folder), each.message) for each in loaded.problems]


def test_patches_of_a_kustomization_are_left_out(tmp_path: Path) -> None:
    write(
        tmp_path,
        base__kustomization_yaml="resources: [server.yaml]",
        base__server_yaml=MAP.replace("NAME", "base"),
        overlay__kustomization_yaml="""
resources: [../base]
namespace: prod
patches: [{path: patch.yaml}, {patch: "- op: remove\\n  path: /a"}]
patchesStrategicMerge: [merge.yaml]
patchesJson6902: [{path: json.yaml}]
""",
        overlay__patch_yaml=MAP.replace("NAME", "base"),
        overlay__merge_yaml=MAP.replace("NAME", "base") + "data: {a: b}",
        overlay__json_yaml="- op: remove\n  path: /data",
    )

    names, notes = load(tmp_path)

    patch = "left out: a patch of a kustomization, no manifest"
    assert names == ["base"]
    assert notes == [
        ("overlay/kustomization.yaml", f"left out: a kustomization, which {CHANGES}{tmp_path}/overlay"),
        ("overlay/json.yaml", patch),
        ("overlay/merge.yaml", patch),
        ("overlay/patch.yaml", patch),
    ]


def test_a_kustomization_alone_is_told_how_to_be_read(tmp_path: Path) -> None:
    write(tmp_path, kustomization_yaml="resources: []")

    names, notes = load(tmp_path / "kustomization.yaml")

    assert (names, notes) == ([], [(".", f"left out: a kustomization, which {CHANGES}{tmp_path}")])


def test_a_chart_is_left_out_with_its_templates(tmp_path: Path) -> None:
    write(
        tmp_path,
        chart__Chart_yaml="name: a",
        chart__values_yaml="a: b",
        chart__templates__a_yaml="{{ if .Values.a }}\na: {{ b }}",
        a_yaml=MAP.replace("NAME", "a"),
    )

    assert load(tmp_path) == (
        ["a"],
        [
            (
                "chart/Chart.yaml",
                f"left out: a Helm chart. To read it: helm template {tmp_path}/chart | toolhive-hooks render -",
            )
        ],
    )


@pytest.mark.parametrize("pattern", ["b", "b/", "b/*.yaml", "b.yaml", "*/b/*"])
def test_ignored_files_are_not_read(tmp_path: Path, pattern: str) -> None:
    write(tmp_path, a_yaml=MAP.replace("NAME", "a"), b__b_yaml="a: [")

    assert load(tmp_path, ignore=[pattern]) == (["a"], [])


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in the place of kubectl, alone on the PATH."""
    program = tmp_path / "bin/kubectl"
    program.parent.mkdir()
    monkeypatch.setenv("PATH", f"{program.parent}")
    return program


def test_a_kustomization_is_built_by_kubectl(kubectl: Path) -> None:
    kubectl.write_text('#!/bin/sh\n[ "$1" = kustomize ] || exit 1\nprintf "%s" "' + MAP.replace("NAME", "$2") + '"\n')
    kubectl.chmod(0o755)

    loaded = load_all(Source(kustomizations=["prod"]), io.BytesIO())

    assert [(obj["metadata"]["name"], place.file) for obj, place in loaded.objects.values()] == [("prod", "prod")]
    assert loaded.problems == []


def test_a_kustomization_that_cannot_be_built_is_said(kubectl: Path) -> None:
    without = load_all(Source(kustomizations=["prod"]), io.BytesIO())
    kubectl.write_text("#!/bin/sh\necho no such folder >&2\nexit 1\n")
    kubectl.chmod(0o755)
    refused = load_all(Source(kustomizations=["prod"]), io.BytesIO())

    neither = "a kustomization needs kubectl or kustomize on the PATH, and there is neither"
    assert [(each.file, each.message) for each in without.problems] == [("prod", neither)]
    assert [(each.file, each.message) for each in refused.problems] == [
        ("prod", f"{kubectl} can't build it: no such folder")
    ]


def test_what_is_left_out_is_said_in_the_order_of_paths(tmp_path: Path) -> None:
    """Whatever the order in which the file system has them: a report is the same on each machine."""
    charts = [f"chart-{number:02}" for number in range(20)]
    for chart in reversed(charts):
        write(tmp_path, **{f"{chart}__Chart_yaml": ""})

    assert [file for file, _ in load(tmp_path)[1]] == [f"{chart}/Chart.yaml" for chart in charts]
