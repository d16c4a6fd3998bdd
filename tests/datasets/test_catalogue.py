import inspect
from pathlib import Path

import pytest

from spsnet.datasets.catalogue import CATALOGUE, CatalogueEntry, find_entry, list_owners, make_reader
from spsnet.datasets.reader import DatasetReader

ENTRIES = list(CATALOGUE.values())
DOCS = Path(__file__).parents[2] / "docs" / "datasets.md"


def name_entry(entry: CatalogueEntry) -> str:
    return entry.info.name


def test_every_data_set_of_the_paper_is_there() -> None:
    paper = {"3dpw", "mpi-inf-3dhp", "human36m", "penn-action", "posetrack18", "instavariety", "kinetics-400", "amass"}
    assert paper | {"synthetic", "films"} == set(CATALOGUE)
    assert [name for name, entry in CATALOGUE.items() if entry.kind != "clips"] == ["kinetics-400", "films", "amass"]


@pytest.mark.parametrize("entry", ENTRIES, ids=name_entry)
def test_entries_agree_with_their_readers(entry: CatalogueEntry) -> None:
    assert (entry.make is not None) == (entry.kind == "clips")
    assert (entry.split is None) == (not entry.info.splits)
    assert entry.split is None or entry.split in entry.info.splits
    if entry.make is not None:
        reader = make_reader(entry.info.name)
        assert isinstance(reader, DatasetReader)
        assert reader.info is entry.info
        defaults = {name: one.default for name, one in inspect.signature(entry.make).parameters.items()}
        assert defaults == dict(entry.options)


def test_the_test_split_is_taken_unless_its_labels_are_withheld() -> None:
    splits = {name: entry.split for name, entry in CATALOGUE.items() if len(entry.info.splits) > 1}
    assert splits.pop("posetrack18") == "val"
    assert splits.pop("kinetics-400") == "train"
    assert set(splits.values()) == {"test"}


def test_options_go_to_the_reader() -> None:
    assert make_reader("posetrack18", {"fps": 30.0}).fps == 30  # type: ignore[attr-defined]
    assert make_reader("human36m").protocol == 2  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="fps should be positive"):
        make_reader("posetrack18", {"fps": 0.0})
    with pytest.raises(ValueError, match="3dpw has no option 'fps'"):
        make_reader("3dpw", {"fps": 30.0})
    with pytest.raises(ValueError, match="amass gives motion, it has no reader of clips"):
        make_reader("amass")
    assert list_owners("protocol") == ["human36m"]
    assert list_owners("nothing") == []


def test_an_unknown_name_is_told_with_those_that_are_known() -> None:
    assert find_entry("3dpw").info.title == "3D Poses in the Wild (3DPW)"
    with pytest.raises(ValueError, match="there is no data set '3DPW'; known are 3dpw, mpi-inf-3dhp, human36m"):
        find_entry("3DPW")


def test_commands_by_hand() -> None:
    assert find_entry("3dpw").describe_command() == "spsnet prepare 3dpw RAW -o runs/3dpw --split test"
    assert find_entry("films").describe_command() == "spsnet prepare films FILM... -o runs/films"
    assert find_entry("synthetic").describe_command() == "spsnet prepare synthetic RAW -o runs/synthetic"


@pytest.mark.parametrize("entry", ENTRIES, ids=name_entry)
def test_the_page_says_what_the_catalogue_says(entry: CatalogueEntry) -> None:
    """docs/datasets.md, section by section."""
    page = DOCS.read_text(encoding="utf-8")
    (section,) = [part for part in page.split("\n## ") if part.startswith(f"{entry.info.title}\n")]
    words = " ".join(section.split())
    for text in (f"**Name.** `{entry.info.name}`", entry.info.source, entry.info.licence, entry.gives):
        assert " ".join(text.split()) in words
    for line in (*entry.info.layout.splitlines(), entry.describe_command()):
        assert line in section.splitlines()
    for option in entry.options:
        assert f"`--{option.replace('_', '-')}" in section
