import os
from pathlib import Path

import pytest

from spsnet.pipeline.results import load_people, load_summary, write_whole
from spsnet.records import UserError


def read_tree(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def list_names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_folder_appears_when_it_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "out"
    with write_whole(folder) as part:
        (part / "a").write_text("1")
        assert not folder.exists()
    assert read_tree(tmp_path) == {"deep/out/a": "1"}


def test_a_folder_is_replaced_only_in_the_end(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    for content in ("1", "2"):
        with write_whole(folder) as part:
            (part / content).write_text(content)
            assert content not in read_tree(folder)
    assert read_tree(tmp_path) == {"out/2": "2"}


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, OSError])
def test_a_failure_leaves_what_was_there(error: type[BaseException], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "a").write_text("1")

    def write_half() -> None:
        with write_whole(folder) as part:
            (part / "a").write_text("half")
            raise error

    with pytest.raises(error):
        write_half()
    assert read_tree(tmp_path) == {"out/a": "1"}
    assert list_names(tmp_path) == ["out"]


def test_a_failure_removes_the_folder_it_made_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    for parent in ("mine", "new"):
        with pytest.raises(KeyError), write_whole(tmp_path / parent / "out"):
            raise KeyError
    assert list_names(tmp_path) == ["mine"]


def test_messages_name_the_place_that_was_meant(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught, write_whole(tmp_path / "out") as part:
        raise UserError(f"{part / 'film.mp4'}: the disk is full")
    assert str(caught.value) == f"{tmp_path / 'out' / 'film.mp4'}: the disk is full"


def test_leavings_of_a_killed_process_are_no_hindrance(tmp_path: Path) -> None:
    left = tmp_path / f".out.part-{os.getpid()}"
    left.mkdir()
    (left / "old").write_text("half")
    with write_whole(tmp_path / "out") as part:
        (part / "new").write_text("1")
    assert read_tree(tmp_path) == {"out/new": "1"}


def test_a_name_as_long_as_the_system_takes(tmp_path: Path) -> None:
    with write_whole(tmp_path / ("n" * 255)) as part:
        (part / "a").write_text("1")
    assert len(list_names(tmp_path)) == 1


def test_what_is_no_result_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is not the result of a run: it has no summary\.json"):
        load_people(tmp_path)
    (tmp_path / "summary.json").write_text("{")
    with pytest.raises(UserError, match=r"summary\.json cannot be read \(.*\); remove .* and do the run again"):
        load_summary(tmp_path)
    for content in ("[]", '{"a": 1}'):
        (tmp_path / "summary.json").write_text(content)
        with pytest.raises(UserError, match="another program wrote its summary"):
            load_summary(tmp_path)
    (tmp_path / "summary.json").write_text('{"spsnet": "0"}')
    assert load_people(tmp_path) == []
