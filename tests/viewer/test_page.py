import base64
import hashlib
import json
import re
from importlib import resources
from pathlib import Path

import pytest

from spsnet.records import UserError
from spsnet.viewer.clips import ViewedClip, find_clips, open_clip
from spsnet.viewer.page import make_served_page, make_standalone_page
from viewer.made_run import make_film, make_person, save_run

WEB = Path(__file__).parents[2] / "web"
STATIC = resources.files("spsnet.viewer") / "static"


def make_clip(folder: Path) -> ViewedClip:
    return open_clip(save_run(folder, make_person(), film=make_film(folder.parent / "film.mp4")))


def read_holder(page: str, name: str) -> bytes:
    found = re.search(rf'<script type="text/plain" id="{name}">([^<]*)</script>', page)
    assert found is not None
    return base64.b64decode(found[1])


def read_told(page: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="told">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_a_page_to_be_sent_holds_everything(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "walk")
    page = make_standalone_page(clip, clip.film.path)
    assert read_holder(page, "motion") == clip.scene.content
    assert clip.film.path is not None
    assert read_holder(page, "film") == clip.film.path.read_bytes()
    told = read_told(page)
    assert (told["motion"], told["film"], told["files"]) == ("#motion", "#film", [])
    assert "<title>walk · spsnet</title>" in page
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page)
    assert "%%" not in page[: page.index('<script type="module">')]


def test_a_served_page_says_where_its_parts_are(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "walk")
    told = read_told(make_served_page(clip, "/clips/walk", [("walk", "/clips/walk"), ("run", "/clips/run")]))
    assert (told["motion"], told["film"]) == ("/clips/walk/motion", "/clips/walk/film")
    assert [file["name"] for file in told["files"]] == ["person_001.npz", "summary.json"]  # type: ignore[attr-defined]
    assert told["clips"] == [{"name": "walk", "url": "/clips/walk"}, {"name": "run", "url": "/clips/run"}]


def test_names_are_text_and_never_markup(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "<script>alert(1)<")
    page = make_standalone_page(clip, None)
    assert "<script>alert" not in page
    assert read_told(page)["name"] == "<script>alert(1)<"
    assert read_told(page)["film"] is None


def test_runs_are_found_in_a_folder_or_are_the_folder(tmp_path: Path) -> None:
    for name in ("b", "a", ".a.part-1"):
        save_run(tmp_path / name)
    (tmp_path / "other").mkdir()
    assert find_clips(tmp_path) == {"a": tmp_path / "a", "b": tmp_path / "b"}
    assert find_clips(tmp_path / "a") == {"a": tmp_path / "a"}
    with pytest.raises(UserError, match="holds no result of a run; give the folder"):
        find_clips(tmp_path / "other")
    with pytest.raises(UserError, match="is not a folder"):
        find_clips(tmp_path / "gone")


def test_the_built_script_is_that_of_the_sources() -> None:
    digest = hashlib.sha256()
    for path in (*sorted((WEB / "src").iterdir(), key=lambda path: path.name), WEB / "package-lock.json"):
        digest.update(path.read_bytes())
    assert digest.hexdigest() in (STATIC / "viewer.js").read_text(encoding="utf-8")[:200], "run `make viewer`"
    assert "MIT" in (STATIC / "three-LICENSE.txt").read_text(encoding="utf-8")
