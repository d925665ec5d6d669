"""Paths to fleets: files, folders, assemblies; what cannot be read never hides what can."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.readers import sources
from constructs_lib.readers.cloudformation import read_templates
from constructs_lib.readers.sources import read

TABLE = {"Resources": {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": {}}}}


def write(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def stack(template: str, **more: Any) -> dict[str, Any]:
    return {"type": "aws:cloudformation:stack", "properties": {"templateFile": template}, **more}


def test_one_template_has_plain_ids_and_several_are_told_apart(tmp_path: Path) -> None:
    first, second = write(tmp_path / "one.json", TABLE), write(tmp_path / "two.template.json", TABLE)
    assert [s.id for s in read([first]).fleet.stores] == ["Table"]
    assert [s.id for s in read([first, second]).fleet.stores] == ["one/Table", "two/Table"]
    assert [s.id for s in read([tmp_path]).fleet.stores] == ["one/Table", "two/Table"]


def test_templates_of_the_same_name_stay_apart(tmp_path: Path) -> None:
    paths = [write(tmp_path / folder / "template.json", TABLE) for folder in ("a", "b")]
    assert [s.id for s in read(paths).fleet.stores] == ["a/template/Table", "b/template/Table"]


def test_a_path_given_twice_is_read_once(tmp_path: Path) -> None:
    path = write(tmp_path / "one.json", TABLE)
    assert len(read([path, path, tmp_path]).fleet.stores) == 1


@pytest.mark.parametrize(
    ("name", "text", "line", "reason"),
    [
        ("broken.yaml", "Resources:\n  A: [\n", 3, "not valid YAML"),
        ("broken.json", '{"Resources": {\n"A": }}', 2, "not valid JSON"),
        ("list.json", "[1]", None, "no CloudFormation template"),
        ("text.yaml", "hello", None, "no CloudFormation template"),
        ("empty.yaml", "", None, "empty"),
        ("odd.json", '{"Resources": []}', None, "'Resources' is not a mapping"),
        (
            "plan.json",
            '{"format_version": "1.0", "terraform_version": "1.9", "values": {}}',
            None,
            "a Terraform state, not a plan",
        ),
    ],
)
def test_what_is_unreadable_is_listed_and_the_rest_is_read(
    tmp_path: Path, name: str, text: str, line: int | None, reason: str
) -> None:
    good, bad = write(tmp_path / "good.json", TABLE), write(tmp_path / name, text)
    reading = read([bad, good])
    assert [store.kind for store in reading.fleet.stores] == ["dynamodb-table"]
    (unread,) = reading.unread
    assert (unread.path, unread.line) == (str(bad), line)
    assert reason in unread.reason
    assert str(bad) in str(unread)


def test_missing_files_empty_folders_and_devices_are_listed(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "dangling.json").symlink_to(tmp_path / "gone.json")
    reading = read(
        [tmp_path / "gone.yaml", tmp_path / "empty", tmp_path / "pipe.json", tmp_path / "dangling.json", "\0"]
    )
    assert [item.reason.split(":")[0] for item in reading.unread] == [
        "there is no such file",
        "no template and no cloud assembly is in this folder",
        "not a regular file",
        "there is no such file",
        "cannot be read",
    ]


def test_a_folder_takes_templates_and_passes_over_other_files(tmp_path: Path) -> None:
    write(tmp_path / "stacks" / "a.yaml", "Resources:\n  T: {Type: AWS::DynamoDB::Table}\n")
    write(tmp_path / "package.json", {"name": "x"})
    write(tmp_path / "node_modules" / "b.json", TABLE)
    reading = read([tmp_path])
    assert [store.id for store in reading.fleet.stores] == ["T"]
    assert not reading.unread


def test_the_files_of_a_folder_come_in_the_order_of_their_paths(tmp_path: Path) -> None:
    names = (
        "b/z.json",
        "a/c/d.yaml",
        "a.json",
        "a/b.yml",
        "b.template",
        "a-b/c.json",
        ".hidden/e.json",
        "a/cdk.out/f.json",
    )
    for name in names:
        write(tmp_path / name, TABLE)
    write(tmp_path / "a" / "x.assets.json", TABLE)
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "c.json").symlink_to(tmp_path / "b" / "z.json")
    shown = [document.path.removeprefix(f"{tmp_path}/") for document in sources.documents_in([tmp_path])]
    kept = sorted(Path(name) for name in names if "hidden" not in name and "cdk.out" not in name)
    assert shown == [str(path) for path in kept]


def test_folders_in_folders_may_be_deeper_than_python_calls(tmp_path: Path) -> None:
    folders = [str(tmp_path)]
    for _ in range(1_500):
        folders.append(f"{folders[-1]}/f")
        os.mkdir(folders[-1])  # noqa: PTH102 - a path so deep is made step by step
    file = f"{folders[-1]}/a.json"
    try:
        with open(file, "w", encoding="utf-8") as stream:  # noqa: PTH123
            json.dump(TABLE, stream)
        assert [store.id for store in read([tmp_path]).fleet.stores] == ["Table"]
    finally:
        os.unlink(file)  # noqa: PTH108
        for folder in reversed(folders[1:]):
            os.rmdir(folder)  # noqa: PTH106


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Permissions stop nobody who is root, so the system's answer is given in its place."""
    write(tmp_path / "a" / "b.json", TABLE)
    listed = os.scandir

    def refuse(folder: str) -> object:
        if folder.endswith("/a"):
            raise PermissionError(13, "Permission denied", folder)
        return listed(folder)

    monkeypatch.setattr(sources.os, "scandir", refuse)
    assert [str(item) for item in read([tmp_path]).unread] == [f"{tmp_path}/a: cannot be read: Permission denied"]


def test_a_folder_of_too_many_files_says_that_some_were_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MOST_FILES", 2)
    for name in "abc":
        write(tmp_path / f"{name}.json", TABLE)
    reading = read([tmp_path])
    assert len(reading.fleet.stores) == 2
    assert [(item.path, item.reason.split(":")[0]) for item in reading.unread] == [(str(tmp_path), "more than 2 files")]


def test_an_unreadable_file_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Permissions stop nobody who is root, so the system's answer is given in its place."""
    path = write(tmp_path / "secret.json", TABLE)

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert [str(item) for item in read([path]).unread] == [f"{path}: cannot be read: Permission denied"]


def test_a_huge_file_is_refused_without_being_chewed_on(tmp_path: Path) -> None:
    for name in ("huge.json", "huge.yaml"):
        path = tmp_path / name
        path.write_bytes((b'{"Resources": {"A": "' if name.endswith("json") else b"A: '") + b"x" * 50_000_000)
        began = time.perf_counter()
        (unread,) = read([path]).unread
        assert "50 MB" in unread.reason
        assert time.perf_counter() - began < 2


def test_circular_links_of_folders_end(tmp_path: Path) -> None:
    write(tmp_path / "a.json", TABLE)
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert len(read([tmp_path]).fleet.stores) == 1


def test_an_assembly_with_stages_nested_stacks_paths_and_acknowledgements(tmp_path: Path) -> None:
    stage = tmp_path / "assembly-Prod"
    write(
        tmp_path / "manifest.json",
        {
            "artifacts": {
                "assembly-Prod": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}}
            }
        },
    )
    metadata = {
        "/Prod/Data": [{"type": "aws:cdk:templateFile", "data": "ProdData.template.json"}],
        "/Prod/Data/Table/Resource": [{"type": "aws:cdk:logicalId", "data": "Table"}],
        "/Prod/Data/Table": [
            {"type": "aws:cdk:acknowledged-rules", "data": {"poolproof::PP706": "test data", "Other::X": "no"}}
        ],
    }
    artifacts = {
        "ProdData": stack("ProdData.template.json", environment="aws://123456789012/eu-west-1", metadata=metadata),
        "ProdEmpty": stack("ProdEmpty.template.json"),
    }
    write(stage / "manifest.json", {"artifacts": artifacts})
    nested = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": {"Fn::Join": ["", ["https://s3/", "abc.json"]]}},
    }
    write(stage / "ProdData.template.json", {"Resources": {**TABLE["Resources"], "Nest": nested}})
    write(stage / "ProdEmpty.template.json", {})
    write(stage / "ProdDataNest.nested.template.json", TABLE)
    asset = {
        "source": {"path": "ProdDataNest.nested.template.json"},
        "destinations": {"here": {"objectKey": "abc.json"}},
    }
    write(stage / "ProdData.assets.json", {"files": {"abc": asset}})
    reading = read([tmp_path])
    assert not reading.unread
    assert [store.id for store in reading.fleet.stores] == ["ProdData/Table", "ProdDataNest.nested/Table"]
    assert reading.fleet.stores[0].origin.path == "Prod/Data/Table"
    assert [(a.code, a.reason, a.path) for a in reading.fleet.acknowledgements] == [
        ("PP706", "test data", "Prod/Data/Table")
    ]
    assert not reading.fleet.gaps


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        ("{", "not valid JSON"),
        ("{}", "no cloud assembly"),
        ({"artifacts": {"S": stack("gone.json")}}, "template of stack 'S' is not there"),
        (
            {"artifacts": {"S": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "."}}}},
            "nested assembly of 'S' is not there",
        ),
        ({"artifacts": {"S": 5}}, "the cloud assembly has no stacks"),
    ],
)
def test_a_damaged_assembly_is_listed(tmp_path: Path, manifest: Any, reason: str) -> None:
    write(tmp_path / "manifest.json", manifest)
    (unread,) = read([tmp_path]).unread
    assert reason in unread.reason


def test_a_nested_stack_whose_template_is_missing_is_a_gap(tmp_path: Path) -> None:
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "https://x/database.yaml"}}
    (gap,) = read([write(tmp_path / "a.json", {"Resources": {"N": nested}})]).fleet.gaps
    assert (gap.subject, "database.yaml" in gap.declare) == ("N", True)


def test_templates_that_nest_each_other_end(tmp_path: Path) -> None:
    def nesting(file: str) -> dict[str, Any]:
        return {
            "Resources": {
                "N": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": file}},
                **TABLE["Resources"],
            }
        }

    paths = [write(tmp_path / "a.json", nesting("b.json")), write(tmp_path / "b.json", nesting("a.json"))]
    assert {store.id for store in read(paths).fleet.stores} >= {"a/Table", "b/Table"}


def test_the_plugin_s_way_in_names_templates_itself(tmp_path: Path) -> None:
    path = write(tmp_path / "x.template.json", TABLE)
    reading = read_templates(
        [("Shop", path), ("Empty", write(tmp_path / "e.json", {})), ("Gone", tmp_path / "gone.json")]
    )
    assert [store.id for store in reading.fleet.stores] == ["Shop/Table"]
    assert [item.path for item in reading.unread] == [str(tmp_path / "gone.json")]
