import re
from dataclasses import replace
from pathlib import Path

import pytest

from spsnet.assets import (
    DEFAULT_DETECTOR,
    Package,
    catalogue,
    default_models,
    detector_names,
    find_asset,
    list_assets,
)
from spsnet.records import UserError


def test_every_asset_is_found_by_its_name_and_has_its_own_place():
    assets = list_assets()
    assert [find_asset(asset.name) for asset in assets] == list(assets)
    assert len({asset.name for asset in assets}) == len({asset.filename for asset in assets}) == len(assets) == 17


def test_roles_part_the_catalogue():
    parts = [list_assets(role) for role in ("encoder", "detector", "footage", "calibration")]
    assert [len(part) for part in parts] == [2, 4, 10, 1]
    assert {asset for part in parts for asset in part} == set(list_assets())


def test_a_detector_of_two_files_keeps_them_together():
    assert default_models("nanodet") == ("blazepose-heavy", "detector-nanodet", "detector-nanodet-weights")
    assert default_models("ssdlite") == ("blazepose-heavy", "detector-ssdlite")
    assert default_models() == default_models(DEFAULT_DETECTOR)
    assert detector_names() == ("blazepose", "ssdlite", "nanodet")


def test_an_unknown_detector_is_refused():
    with pytest.raises(UserError, match="No detector is called 'nano': choose from blazepose, ssdlite, nanodet"):
        default_models("nano")


@pytest.mark.parametrize(("wrong", "near"), [("blazepose-hevy", "blazepose-heavy"), ("sports2d", "footage-sports2d")])
def test_a_slip_in_a_name_is_answered_with_the_nearest(wrong, near):
    with pytest.raises(UserError, match=f"No asset is called '{wrong}': did you mean {near}"):
        find_asset(wrong)


def test_a_name_like_no_other_is_answered_with_the_list():
    with pytest.raises(UserError, match=r"No asset is called 'qqq': `spsnet models list` names them all"):
        find_asset("qqq")


def test_packages_are_spelt_as_their_clients_do():
    assert str(Package(registry="pypi", name="a", version="1", size=1)) == "a==1"
    assert str(Package(registry="npm", name="@a/b", version="1", size=1)) == "@a/b@1"
    assert str(Package(registry="debian", name="a", version=None, size=1)) == "a"


def test_a_slip_in_a_record_is_refused():
    asset = list_assets()[0]
    with pytest.raises(ValueError, match="should have a sha256 of 64 hex digits"):
        replace(asset, sha256="abc")
    with pytest.raises(ValueError, match="should have a plain filename, got 'a/b'"):
        replace(asset, filename="a/b")


def test_no_address_of_a_registry_is_written_down():
    for source in Path(catalogue.__file__).parent.glob("*.py"):
        assert not re.search(r"https?:|\.(org|com|io|net)\b", source.read_text()), source.name
