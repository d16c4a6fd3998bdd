import csv
import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from reference.command_line import assert_refused, call
from reference.made_measured import (
    draw_pictures,
    make_body,
    make_own_motion,
    make_trap,
    make_truth_clip,
    make_vibe_person,
    place_joints,
    write_clips,
    write_smpl,
    write_vibe,
)
from reference.made_windows import make_windows
from spsnet.datasets.shards import save_shard
from spsnet.interchange import write_results

HEADINGS = ["model", "MPJPE", "loss", "PA-MPJPE", "PA", "loss", "PVE", "accel.", "mm/s²", "β", "stature", "girth"]
SHIPPED = Path(__file__).parents[2] / "weights" / "default"
FILES = ("results.json", "results.csv", "results.md", "report.html")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two windows of which one frame was not seen."""
    windows = make_windows(2, 4)
    windows.seen.present_mask[0, 1] = False
    save_shard(tmp_path / "data", 0, {"blazepose-heavy": replace(windows, occluded=None)})
    return tmp_path / "data"


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """3DPW with two people of 20 frames, of which there are pictures."""
    pictures = draw_pictures(tmp_path / "pictures", 20)
    film = [make_truth_clip(person=person, frames=20, pictures=pictures) for person in (0, 1)]
    return write_clips(tmp_path / "3dpw", [film])


def read(folder: Path, name: str) -> str:
    return (folder / name).read_text(encoding="utf-8")


def test_one_command_writes_every_table_of_windows_the_same_twice(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    for run in ("a", "b"):
        words = ["--data", data, "--model", f"ours={SHIPPED}", "--linear-map", data, "-o", tmp_path / run]
        assert call("evaluate", *words) == 0
        said.append(capsys.readouterr().out)
    lines = said[0].splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("clean: "))
    assert lines[start] == "clean: 2 windows, 7 of 8 frames scored; 1 left out: nobody seen in the clean picture"
    assert lines[start + 1].split() == HEADINGS
    names = ["blazepose-heavy's 3D landmarks, linear map", "ours ", "ours + refinement", "always the average adult"]
    assert [name for name, line in zip(names, lines[start + 2 :], strict=False) if line.startswith(name)] == names
    assert said[0] == said[1]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["results.json", "results.md"]
    for name in ("results.json", "results.md"):
        assert read(tmp_path / "a", name) == read(tmp_path / "b", name)
    assert "| ours + refinement |" in read(tmp_path / "a", "results.md")
    tables = json.loads(read(tmp_path / "a", "results.json"))
    assert [table["condition"] for table in tables] == ["clean", "swapped", "lost"]
    assert all(np.isfinite(row["scores"]["mpjpe_mm"]) for table in tables for row in table["rows"])


def test_without_a_model_the_one_that_ships_is_measured(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("evaluate", "--data", data, "--data", data, "--windows", 1) == 0
    said = capsys.readouterr().out
    assert "\ndefault + refinement " in said
    assert "\nclean: 1 windows, 3 of 4 frames scored" in said
    assert "\ndata (other windows than the clean ones): 1 windows" in said


def test_a_model_may_have_a_name_or_be_its_own(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = tmp_path / "width=3"
    odd.symlink_to(SHIPPED)
    assert call("evaluate", "--data", data, "--model", odd, "--windows", 1) == 0
    assert f"\n{odd} + refinement" in capsys.readouterr().out
    assert_refused(capsys, "--model =x: should be DIR or NAME=DIR", "evaluate", "--data", data, "--model", "=x")
    twice = ["--model", f"a={SHIPPED}", "--model", f"a={SHIPPED}"]
    assert_refused(capsys, "two models are called 'a'; give them names", "evaluate", "--data", data, *twice)


def test_missing_folders_are_named(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = tmp_path / "nowhere"
    no_folder = f"{nowhere}: no such folder; give --data a folder of `spsnet prepare` or `spsnet synthesize`"
    assert_refused(capsys, no_folder, "evaluate", "--data", nowhere)
    no_windows = f"{nowhere} holds no shards; `spsnet synthesize` makes them"
    assert_refused(capsys, no_windows, "evaluate", "--data", data, "--linear-map", nowhere)
    no_model = f"{nowhere / 'config.json'} cannot be read"
    assert_refused(capsys, no_model, "evaluate", "--data", data, "--model", nowhere)


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("evaluate", "--help") == 0
    assert "Example: spsnet evaluate --data runs/3dpw" in capsys.readouterr().out


def test_without_data_the_papers_table_is_printed_and_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("evaluate") == 0
    lines = capsys.readouterr().out.splitlines()
    paper = next(line.split() for line in lines if line.startswith("SPS-Net "))
    assert paper == ["SPS-Net", "50.4", "85.8", "100.6", "22.1", "60.7", "94.3", "90.1", "38.7", "58.9"]
    missing = [line for line in lines if "spsnet prepare" in line]
    assert [line.partition(":")[0] for line in missing] == ["3dpw", "mpi-inf-3dhp", "human36m"]
    assert "Accept the licence" in missing[0]
    assert "spsnet prepare 3dpw RAW -o runs/3dpw --split test" in missing[0]


@pytest.mark.parametrize(
    "words", [["--model", SHIPPED], ["--protocol", "vibe"], ["--smpl", "smpl"], ["--out", "never_made"]]
)
def test_without_data_nothing_is_measured_or_written(capsys: pytest.CaptureFixture[str], words: list[object]) -> None:
    assert_refused(capsys, f"{words[0]} does not go with these data: no --data is given", "evaluate", *words)
    assert not Path("never_made").exists()


def test_a_model_on_two_data_sets_fills_its_row(
    street: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    h36m = write_clips(tmp_path / "h36m", [[make_truth_clip("human36m", "S9/Walking 1", frames=20)]])
    words = ["--data", street, "--data", h36m, "--model", f"ours={SHIPPED}", "-o", tmp_path / "out"]
    assert call("evaluate", *words) == 0
    said = capsys.readouterr().out
    assert "\n3dpw, test split (1 film, 2 people's clips)\n" in said
    assert "h36m: human36m, test split (1 film, 1 person's clip)" in said
    assert "protocol spsnet: lsp14 joints, root between the hips, true bodies gendered where a gender is given" in said
    assert "truth: the data set's own joints (smpl24), without head_top" in said
    assert "ours + refinement: lsp14 joints of our body; 32 of 40 frames count; 8 dropped: tail that fills no" in said
    assert "3dpw: the truth lacks head_top, which Table 1 counts; give --smpl DIR to measure them too" in said
    assert "mpi-inf-3dhp: no --data holds its test split." in said
    assert "human36m: no --data" not in said

    plain = json.loads(read(tmp_path / "out", "results.json"))
    vibe = {
        (one["predictor"], one["data"]["folder"]): one["metrics"]
        for one in plain["measurements"]
        if one["protocol"] == "vibe"
    }
    for name in ("ours", "ours + refinement"):
        dpw, h36 = vibe[name, "3dpw"], vibe[name, "h36m"]
        row = next(line for line in said.splitlines() if re.match(rf"{re.escape(name)}  .* -  ", line))
        cells = [
            *(dpw[metric]["value"] for metric in ("pa_mpjpe_mm", "mpjpe_mm")), None,
            dpw["acceleration_mm_frame2"]["value"], None, None, None,
            *(h36[metric]["value"] for metric in ("pa_mpjpe_mm", "mpjpe_mm")),
        ]  # fmt: skip
        assert row.removeprefix(name).split() == ["-" if value is None else f"{value:.1f}" for value in cells]
        differences = said[said.index(f"{name} less") :].splitlines()[1].split()
        less = f"{cells[0] - 50.4:+.1f}".replace("-", "−")  # the paper's own row comes first
        assert differences[:2] == ["SPS-Net", less]


def test_other_programs_results_are_measured_and_the_files_are_the_same_twice(
    street: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    smpl = write_smpl(tmp_path / "smpl")
    people = [make_vibe_person(make_truth_clip(person=person, frames=20)) for person in (1, 0)]
    results = write_vibe(tmp_path / "vibe_output.pkl", people)
    for run in ("a", "b"):
        words = ["--predictions", results, "--format", "vibe", "--smpl", smpl, "-o", tmp_path / run]
        assert call("evaluate", "--data", street, *words) == 0
    said = capsys.readouterr().out
    assert "vibe_output (vibe): lsp14 joints of SMPL's surface; 40 of 40 frames count" in said
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == sorted(FILES)
    for name in FILES:
        assert read(tmp_path / "a", name) == read(tmp_path / "b", name)
        assert str(tmp_path) not in read(tmp_path / "a", name)
    rows = list(csv.DictReader(read(tmp_path / "a", "results.csv").splitlines()))
    everything = [row for row in rows if row["of"] == "all" and row["protocol"] == "spsnet"]
    assert {row["metric"] for row in everything} >= {"mpjpe_mm", "pa_mpjpe_mm", "pve_mm", "acceleration_mm_s2"}
    assert all(float(row["value"]) < 0.1 for row in everything if row["metric"].endswith("mpjpe_mm"))
    assert {row["name"] for row in rows if row["of"] == "clip"} == {"street/0", "street/1"}
    assert len({row["name"] for row in rows if row["of"] == "joint"}) == 14


def test_each_joint_has_its_interval_in_every_file(tmp_path: Path) -> None:
    """Two films as long, the wrist 20 mm aside in one and 60 in the other."""
    body = make_body(20)
    lsp = {"posed": body, "joints_m": place_joints(body, "lsp14"), "joint_set": "lsp14"}
    films = [make_truth_clip(sequence=name, frames=20, **lsp) for name in ("cafe", "street")]
    data = write_clips(tmp_path / "3dpw", [[clip] for clip in films])
    for clip, wrist_mm in zip(films, (20, 60), strict=True):
        write_vibe(tmp_path / "vibe" / f"{clip.sequence}.pkl", [make_vibe_person(clip, wrist_mm=wrist_mm)])
    words = ["--predictions", tmp_path / "vibe", "--protocol", "spsnet", "-o", tmp_path / "out"]
    assert call("evaluate", "--data", data, *words) == 0
    rows = csv.DictReader(read(tmp_path / "out", "results.csv").splitlines())
    wrist = next(row for row in rows if (row["of"], row["name"], row["metric"]) == ("joint", "right_wrist", "mpjpe_mm"))
    assert [float(wrist[key]) for key in ("low", "value", "high")] == pytest.approx([20, 40, 60], abs=0.1)
    (plain,) = json.loads(read(tmp_path / "out", "results.json"))["measurements"]
    assert plain["joint_mpjpe_mm"]["right_wrist"] == {key: float(wrist[key]) for key in ("value", "low", "high")}
    assert "40.0 ± 20.0 (" in read(tmp_path / "out", "report.html")


class Page(HTMLParser):
    """Which tags stand in a page, and whether they close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.sources: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value for name, value in attrs if name in ("href", "src") and value]
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_needs_nothing_else_and_shows_everything(street: Path, tmp_path: Path) -> None:
    film = [make_vibe_person(make_truth_clip(person=person, frames=20), wrist_mm=80 * person) for person in (0, 1)]
    results = write_vibe(tmp_path / "<b>vibe.pkl", film)
    assert call("evaluate", "--data", street, "--predictions", results, "-o", tmp_path / "out") == 0
    text = read(tmp_path / "out", "report.html")
    page = Page(text)
    assert page.open == []
    assert page.sources
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.sources)
    assert "http" not in text.replace("http-equiv", "")
    assert "script" not in page.tags
    assert "<b>vibe" not in text
    assert "&lt;b&gt;vibe" in text
    assert page.tags.count("image") == 2  # the worst frame of each person: a film of less than a second
    assert text.count('class="skeleton"') == 4
    assert text.count('class="curve"') == 2
    assert text.index("street/1, frame") < text.index("street/0, frame")  # the worst first
    assert "<h2>The paper's Table 1</h2>" in text


def test_results_of_a_run_of_ours_are_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clip = make_truth_clip("human36m", "S9/Walking 1", frames=20)
    h36m = write_clips(tmp_path / "h36m", [[clip]], encoder=None)
    run = tmp_path / "runs" / "S9_Walking 1"
    run.parent.mkdir()
    write_results([make_own_motion(make_body(3))], run, "spsnet")
    for path in (run, run.parent):
        assert call("evaluate", "--data", h36m, "--predictions", path, "--protocol", "spsnet") == 0
        said = capsys.readouterr().out
        assert "h36m17 joints of our body; 3 of 20 frames count; 17 dropped: not predicted" in said
        assert "protocol vibe" not in said
        assert "human36m: measured under spsnet, Table 1 is nearest to vibe: differences say little" in said


def test_another_split_is_measured_and_stays_out_of_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = make_truth_clip("human36m", "S1/Walking 1", frames=20)
    train = write_clips(tmp_path / "train", [[clip]], split="train")
    assert call("evaluate", "--data", train, "--model", f"ours={SHIPPED}", "--protocol", "vibe") == 0
    said = capsys.readouterr().out
    assert "human36m: this is the train split; Table 1 is of the test split" in said
    assert "ours less" not in said
    assert "human36m: no --data holds its test split." in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--windows", "3"], "--windows does not go with these data: no --data holds windows of `spsnet synthesize`"),
        (["--format", "vibe"], "--format is that of --predictions; give both"),
        (["--smpl", "nowhere"], "nowhere: no such folder of SMPL bodies; register at"),
        (["--predictions", "nowhere"], "nowhere: no such file or folder of results; check --predictions"),
        (
            ["--predictions", "a", "--predictions", "b"],
            "--predictions is given 2 times for 1 --data",
        ),
        (["--predictions", "a", "--model", "b"], "--model and --predictions are measured apart; give one of them"),
        (["--predictions", ".", "--format", "dance"], "--format 'dance' is none of"),
        (["--model", "nowhere"], "cannot be read"),
    ],
)
def test_what_does_not_go_together_is_refused(
    street: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert_refused(capsys, message, "evaluate", "--data", street, *words)


def break_film(folder: Path, _work: Path) -> list[object]:
    next((folder / "films").iterdir()).write_bytes(b"nothing")
    return []


def lose_film(folder: Path, _work: Path) -> list[object]:
    next((folder / "films").iterdir()).unlink()
    return []


def give_trap(_folder: Path, work: Path) -> list[object]:
    (work / "trap.pkl").write_bytes(make_trap(work / "sprung"))
    return ["--predictions", work / "trap.pkl", "--format", "vibe"]


def give_text(_folder: Path, work: Path) -> list[object]:
    (work / "notes.pkl").write_text("no results")
    return ["--predictions", work / "notes.pkl"]


def give_poses(_folder: Path, work: Path) -> list[object]:
    person = make_vibe_person(make_truth_clip(frames=20))
    del person["joints3d"]
    return ["--predictions", write_vibe(work / "poses.pkl", [person])]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (break_film, "is damaged"),
        (lose_film, "lacks 1 of 1 films, first street; run `spsnet prepare` again"),
        (give_trap, "trap.pkl"),
        (give_text, "notes.pkl"),
        (give_poses, "poses.pkl: it holds poses and no joints, and lsp14 joints are compared; give --smpl DIR"),
    ],
)
def test_broken_files_are_named(
    street: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Path, Path], list[object]],
    message: str,
) -> None:
    words = spoil(street, tmp_path) or ["--model", SHIPPED]
    assert call("evaluate", "--data", street, *words, "-o", tmp_path / "out") == 1
    said = capsys.readouterr().err
    assert message in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "sprung").exists()
    assert not (tmp_path / "out").exists()


def test_windows_and_clips_are_measured_apart(street: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert_refused(capsys, f"{data} holds no clips, another --data does", "evaluate", "--data", street, "--data", data)
    refused = f"--protocol does not go with these data: {data} holds no clips of `spsnet prepare`"
    assert_refused(capsys, refused, "evaluate", "--data", data, "--protocol", "vibe")
