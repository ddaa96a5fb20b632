"""The convert command less its command line: files, options, messages and exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.converted import API, convert, server


def test_options_say_where_the_result_goes(tmp_path: Path) -> None:
    old, new = server("demo", port=80), server("demo", proxyPort=80).replace("v1alpha1", "v1beta1")
    folder = tmp_path / "in" / "team"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_bytes(b"\xef\xbb\xbf" + old.encode())
    (folder / "values.yaml").write_text("port: 80\n")
    said = f"converted: {folder / 'a.yaml'}: MCPServer default/demo\n"

    assert convert(tmp_path / "in") == (0, f"{new}---\nport: 80\n", said)
    assert convert(tmp_path / "in", check=True) == (1, "", said.replace("converted", "would convert"))
    assert convert(folder, output=tmp_path / "out") == (0, "", said)
    assert convert(folder, diff=True, check=True).stdout.splitlines()[2:] == [
        "@@ -1,7 +1,7 @@",
        f"-apiVersion: {API}",
        "+apiVersion: toolhive.stacklok.dev/v1beta1",
        " kind: MCPServer",
        ' metadata: {"name": "demo"}',
        " spec:",
        '   image: "x"',
        '   proxyMode: "sse"',
        "-  port: 80",
        "+  proxyPort: 80",
    ]
    assert (folder / "a.yaml").read_text("utf-8-sig") == old
    assert convert(folder, in_place=True) == (0, "", said)
    for result in (folder, tmp_path / "out"):
        assert (result / "a.yaml").read_bytes() == b"\xef\xbb\xbf" + new.encode()
        assert (result / "values.yaml").read_text() == "port: 80\n"


def test_files_that_are_no_manifests_are_named_and_left_alone(tmp_path: Path) -> None:
    old = server("demo", port=80)
    files = {
        "kustomization.yaml": (
            "namePrefix: a-\npatches:\n- path: patch.yaml\n- target: {kind: MCPServer}\n  patch: |\n    - op: remove\n"
        ),
        "patch.yaml": old,
        "partial.yaml": old.replace('  image: "x"\n', ""),
        "template.yaml": old.replace('"x"', "{{ .Values.image }}"),
        "quoted.yaml": server("demo", args=["{{ .Values.image }}"]),
        "vault.yaml": server("vault", podTemplateSpec={"metadata": {"annotations": {"a": "{{ with secret }}"}}}),
        "other.yaml": "a: {{ .Values.x }}\n",
        "ours/Chart.yaml": "name: ours\n",
        "ours/templates/a.yaml": old,
        "theirs/Chart.yaml": "name: theirs\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    outcome = convert(tmp_path, in_place=True)

    assert outcome.code == 0
    assert sorted(outcome.stderr.replace(f"{tmp_path}/", "").splitlines()) == [
        "converted: vault.yaml: MCPServer default/vault",
        "left: kustomization.yaml: it has patches of our kinds in itself: convert by hand what it sets",
        "left: kustomization.yaml: it renames objects, but no references to new ones: give it nameReferences",
        "left: ours: it is a Helm chart: convert what it renders, and carry that over",
        "left: partial.yaml: document 1, MCPServer, has no name or image, as a Kustomize patch has none: "
        "convert by hand what it sets",
        "left: patch.yaml: it is a Kustomize patch: convert by hand what it sets",
        "left: quoted.yaml: it is a Helm template: convert by hand what it sets",
        "left: template.yaml: it is a Helm template: convert by hand what it sets",
    ]
    assert {name for name, text in files.items() if (tmp_path / name).read_text() != text} == {"vault.yaml"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no-such-file: No such file or directory"),
        (f"apiVersion: {API}\na: [\n", "no-such-file: document 1: did not find expected node content (line 3)"),
        (f"apiVersion: {API}\na: 1\na: 2\n", "no-such-file: document 1: the key 'a' is given twice (line 3)"),
    ],
)
def test_one_unreadable_file_stops_the_conversion(tmp_path: Path, content: str | None, message: str) -> None:
    good, path = tmp_path / "good.yaml", tmp_path / "no-such-file"
    good.write_text(server("demo", port=80))
    if content is not None:
        path.write_text(content)
    outcome = convert(good, path, in_place=True)

    assert outcome == (2, "", f"error: {tmp_path}/{message}\n")
    assert good.read_text() == server("demo", port=80)


def test_two_files_of_one_name_have_no_place_in_an_output_folder(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "c.yaml").write_text(server(folder))

    said = "error: two of the files would be c.yaml in the output folder: convert them one by one\n"
    assert convert(tmp_path / "a", tmp_path / "b", output=tmp_path / "out") == (2, "", said)
    assert not (tmp_path / "out").exists()
    assert convert(tmp_path, output=tmp_path / "out").code == 0


def test_a_file_that_is_no_text_stops_all(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"a: \xff\n")

    assert convert(tmp_path) == (2, "", f"error: {tmp_path / 'a.yaml'}: not UTF-8 (byte 3)\n")


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("no folder")
    outcome = convert("-", stdin=server("demo", port=80), output=tmp_path / "out")

    assert outcome == (2, "", f"error: {tmp_path / 'out'}: File exists\n")


def test_a_version_that_no_release_had_is_left_alone() -> None:
    text = "apiVersion: toolhive.stacklok.dev/v2\nkind: MCPServer\nmetadata: {name: demo}\nspec: {image: x, port: 80}\n"

    said = "left: stdin: document 1, MCPServer: ToolHive 0.3 to 0.44 have no toolhive.stacklok.dev/v2\n"
    assert convert("-", stdin=text) == (0, text, said)
