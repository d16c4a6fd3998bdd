"""Imports only point up the list of layers (docs/architecture.md), and importing the package stays cheap."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "spsnet"
STAGES = (
    "video", "detection", "tracking", "crops", "encoders", "network", "losses", "metrics", "rendering", "export",
    "refinement", "pages",
)  # fmt: skip
LAYERS: tuple[tuple[str, ...], ...] = (
    ("records",),
    ("pickles",),
    ("geometry",),
    ("skeletons",),
    ("body",),
    ("assets",),
    ("engines",),
    STAGES,
    ("datasets",),
    ("synthesis", "interchange"),
    ("training", "evaluation", "quality"),
    ("pipeline",),
    ("viewer",),
    ("server",),
    ("cli",),
)
LEVEL = {folder: level for level, folders in enumerate(LAYERS) for folder in folders}
FILES = sorted(path for path in SOURCE.rglob("*.py") if path.parent != SOURCE)


def list_imported_folders(path: Path) -> set[str]:
    folders = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            names = [node.module or ""]
            if node.module == "spsnet":
                names = [f"spsnet.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        folders |= {name.split(".")[1] for name in names if name.startswith("spsnet.")}
    return folders - {"__version__"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_up_the_list(path: Path) -> None:
    own = path.relative_to(SOURCE).parts[0]
    assert own in LEVEL, f"{own} is in no layer"
    for folder in list_imported_folders(path):
        assert LEVEL[folder] < LEVEL[own] or folder == own, f"{path.name} in {own} imports {folder}"


@pytest.mark.parametrize("module", ["spsnet", "spsnet.records", "spsnet.geometry"])
def test_import_brings_in_no_heavy_library(module: str) -> None:
    heavy = ("torch", "openvino", "cv2", "av", "scipy")
    program = f"import sys, {module}; print([m for m in {heavy} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("module", ["spsnet.pipeline.running", "spsnet.cli.main", "spsnet.refinement"])
def test_the_runtime_does_without_pytorch(module: str) -> None:
    program = f"import sys; sys.modules['torch'] = None; import {module}"
    subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
