import shutil

import pytest

from spsnet.assets.archives import BrokenArchiveError, open_archive
from spsnet.records import UserError

MEMBERS = {"package/deep/a.bin": b"a" * 5000}


def test_members_come_back_as_they_went_in(pack):
    with open_archive(pack(MEMBERS)) as archive:
        assert set(MEMBERS) <= archive.members
        assert b"".join(archive.read_member("package/deep/a.bin")) == b"a" * 5000
        with pytest.raises(KeyError):
            next(archive.read_member("package/b.bin"))


def test_a_cut_archive_is_broken(pack):
    path = pack(MEMBERS)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(BrokenArchiveError, match=r"packed\.\w+ is not a whole archive"), open_archive(path):
        pass


def test_damage_inside_a_wheel_is_found_while_reading(shop):
    path = shop.write_wheel(shop.folder / "x.whl", MEMBERS)
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"aaaa") + 100] ^= 1
    path.write_bytes(raw)
    with pytest.raises(BrokenArchiveError), open_archive(path) as archive:
        list(archive.read_member("package/deep/a.bin"))


def test_an_empty_file_is_broken(tmp_path):
    (tmp_path / "x.tgz").touch()
    with pytest.raises(BrokenArchiveError), open_archive(tmp_path / "x.tgz"):
        pass


def test_a_folder_inside_is_no_content(tmp_path):
    (tmp_path / "here" / "folder").mkdir(parents=True)
    path = shutil.make_archive(str(tmp_path / "x"), "gztar", tmp_path / "here", "folder")
    with open_archive(tmp_path / path) as archive, pytest.raises(KeyError):
        next(archive.read_member("folder"))


def test_a_debian_package_without_dpkg_names_the_way_out(tmp_path, monkeypatch):
    path = tmp_path / "x.deb"
    path.write_bytes(b"!<arch>\n")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(UserError, match=r"x.deb needs dpkg-deb .* hand over the file inside"), open_archive(path):
        pass
