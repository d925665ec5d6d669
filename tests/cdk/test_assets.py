from __future__ import annotations

import zipfile
from pathlib import Path

import aws_cdk as cdk
import pytest
from constructs import IConstruct

from constructs_lib.cdk._assets import Target, bundled_code
from constructs_lib.errors import InputError

pytestmark = pytest.mark.cdk


def wheel(folder: Path, name: str, files: dict[str, str]) -> Path:
    """A wheel made by hand, so that installing it needs no network."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    information = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(f"{name}/{file}", text)
        archive.writestr(f"{information}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{information}/RECORD", "")
    return path


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POOLPROOF_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "runtime"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    made = wheel(tmp_path, "driver", {"__init__.py": "", "tests/test_driver.py": "", "core.py": "x = 1\n"})
    (folder / "requirements.txt").write_text(f"{made}  # the driver\n")
    return folder


def scope(stage: str = "local", *, bundles: bool = True) -> cdk.Stack:
    context = {"poolproof:stage": stage, **({} if bundles else {"aws:cdk:bundling-stacks": []})}
    return cdk.Stack(cdk.App(builtin_cloud_formation_validation=False, context=context), "Stack")


def staged(stack: IConstruct, sources: Path, **more: object) -> tuple[str, set[str]]:
    """Hash and files of the asset as CDK staged it."""
    from aws_cdk import aws_lambda as lambda_

    code = bundled_code(stack, sources={"runtime": sources}, requirements=sources / "requirements.txt", **more)  # type: ignore[arg-type]
    layer = lambda_.LayerVersion(stack, "Layer", code=code)
    resource = layer.node.default_child
    assert isinstance(resource, lambda_.CfnLayerVersion)
    app = stack.node.root
    assert isinstance(app, cdk.App)
    directory = Path(app.synth().directory)
    (asset,) = [path for path in directory.glob("asset.*") if path.is_dir()]
    return asset.name, {path.relative_to(asset).as_posix() for path in asset.rglob("*") if path.is_file()}


def test_a_layer_holds_the_package_and_its_dependencies_and_nothing_compiled(sources: Path) -> None:
    (sources / "__pycache__").mkdir()
    (sources / "__pycache__" / "x.pyc").write_bytes(b"")
    (sources / ".mypy_cache").mkdir()
    (sources / ".mypy_cache" / "x.json").write_bytes(b"{}")
    _, files = staged(scope(), sources, prune=["driver/tests"])
    assert {"python/runtime/__init__.py", "python/driver/core.py", "python/driver/__init__.py"} <= files
    assert not [file for file in files if file.endswith(".pyc") or "tests" in file or file.startswith("python/bin")]
    assert not [file for file in files if "mypy_cache" in file]


def test_hashes_depend_on_contents_not_on_places_clocks_or_whether_cdk_bundles(sources: Path, tmp_path: Path) -> None:
    first, _ = staged(scope(), sources)
    unbundled, files = staged(scope(bundles=False), sources)
    assert unbundled == first
    assert "__init__.py" in files
    (sources / ".ruff_cache").mkdir()
    (sources / ".ruff_cache" / "x").write_bytes(b"")
    moved = sources.rename(tmp_path / "elsewhere")
    (moved / "__init__.py").touch()
    assert staged(scope(), moved)[0] == first
    (moved / "__init__.py").write_text("x = 1\n")
    changed = staged(scope(), moved)[0]
    assert changed != first
    requirements = moved / "requirements.txt"
    requirements.write_text("# only a comment more\n" + requirements.read_text())
    assert staged(scope(), moved)[0] != changed, "sources changed: the comment is part of the package's folder"


def test_a_warm_cache_installs_nothing(sources: Path, tmp_path: Path) -> None:
    staged(scope(), sources)
    (tmp_path / "driver-1.0-py3-none-any.whl").unlink()
    (sources / "__init__.py").write_text("y = 2\n")
    _, files = staged(scope(), sources)
    assert "python/driver/core.py" in files


def test_what_cannot_be_installed_names_the_file_and_the_reason(sources: Path) -> None:
    (sources / "requirements.txt").write_text("/nowhere/absent-1.0-py3-none-any.whl\n")
    with pytest.raises(InputError, match=r"requirements.txt: dependencies for .* could not be installed: .*absent"):
        staged(scope(), sources)


def test_lambda_and_this_machine_are_different_targets(sources: Path) -> None:
    assert Target.of(scope("local")) == Target.host()
    assert Target.of(scope("aws")) == Target.function()
    assert "aarch64-manylinux_2_28" in Target.function().options
    assert staged(scope("aws", bundles=False), sources)[0] != staged(scope("local", bundles=False), sources)[0]


def test_a_function_is_bundled_without_a_folder_for_layers(sources: Path) -> None:
    stack = scope()
    code = bundled_code(stack, sources={"": sources}, requirements=sources / "requirements.txt", prefix="")
    from aws_cdk import aws_lambda as lambda_

    lambda_.LayerVersion(stack, "Layer", code=code)
    app = stack.node.root
    assert isinstance(app, cdk.App)
    (asset,) = Path(app.synth().directory).glob("asset.*")
    assert (asset / "__init__.py").is_file()
    assert (asset / "driver" / "core.py").is_file()
