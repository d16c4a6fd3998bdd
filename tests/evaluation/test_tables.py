import json
import re
import subprocess
import sys

from spsnet.evaluation.comparison import Row, Table
from spsnet.evaluation.scores import Scores, ShapeScores
from spsnet.evaluation.tables import NOTES, format_markdown, format_text, to_plain
from spsnet.metrics import Estimate

ADULT = ShapeScores(error=1.0, stature_mm=80.0, chest_girth_mm=90.0, waist_girth_mm=100.0, hip_girth_mm=80.0)
FULL = Row(
    name="of a rather long name",
    scores=Scores(
        frames=7,
        mpjpe_mm=60.25,
        pa_mpjpe_mm=Estimate(value=40.04, low=38.0, high=42.4),
        acceleration_mm_frame2=3.14,
        pve_mm=70.0,
        shape=ADULT,
    ),
    mpjpe_loss_mm=Estimate(value=5.0, low=4.0, high=6.0),
    pa_mpjpe_loss_mm=Estimate(value=-0.04, low=-1.04, high=-0.04),
)
BARE = Row(name="bare", scores=None, mpjpe_loss_mm=None, pa_mpjpe_loss_mm=None)


def make_table(*, paired: bool = True) -> Table:
    return Table(
        data="held_out",
        condition="swapped",
        paired=paired,
        frames={"blazepose-heavy": "2 windows, 7 of 8 frames scored"},
        rows=(FULL, BARE),
        average_adult=ADULT,
    )


def test_text_is_aligned() -> None:
    first, *lines = format_text(make_table()).splitlines()
    assert first == "swapped: 2 windows, 7 of 8 frames scored"
    assert len({len(line) for line in lines}) == 1
    assert re.split(r" {2,}", lines[1]) == [
        "of a rather long name", "60.2", "5.0 ± 1.0", "40.0 ± 2.2", "0.0 ± 0.5", "70.0", "3.1", "2826", "1.00",
        "80", "90",
    ]  # fmt: skip
    assert lines[2].split() == ["bare", *"-" * 10]
    assert lines[3].split() == ["always", "the", "average", "adult", *"-" * 7, "1.00", "80", "90"]


def test_markdown_has_a_table_a_condition() -> None:
    page = format_markdown([make_table(), make_table(paired=False)])
    assert page.startswith(NOTES.splitlines()[0])
    assert "**swapped (other windows than the clean ones): 2 windows, 7 of 8 frames scored**" in page
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert len(rows) == 2 * 5
    assert {line.count("|") for line in rows} == {12}
    assert rows[2].startswith("| of a rather long name | 60.2 | 5.0 ± 1.0 | 40.0 ± 2.2 |")


def test_json_has_every_number() -> None:
    (plain,) = json.loads(json.dumps(to_plain([make_table()])))
    assert (plain["data"], plain["condition"], plain["paired"]) == ("held_out", "swapped", True)
    assert plain["average_adult"]["waist_girth_mm"] == 100
    full, bare = plain["rows"]
    assert full["scores"]["pa_mpjpe_mm"] == {"value": 40.04, "low": 38.0, "high": 42.4}
    assert full["scores"]["acceleration_mm_s2"] == 3.14 * 900
    assert full["pa_mpjpe_loss_mm"]["value"] == -0.04
    assert bare == {"name": "bare", "scores": None, "mpjpe_loss_mm": None, "pa_mpjpe_loss_mm": None}


def test_measuring_needs_no_pytorch() -> None:
    program = "import sys; sys.modules['torch'] = None; import spsnet.evaluation.tables, spsnet.evaluation.linear_map"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
