"""`spsnet prepare`: the files of a data set to what `spsnet evaluate` and `spsnet train` read."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from spsnet.datasets.catalogue import CatalogueEntry
    from spsnet.datasets.reader import DatasetReader
    from spsnet.pipeline.window_folder import PreparedFilm

_UNRECORDED = ("pictures", "encoder")
"""Options that do not change what the annotation says: where pictures go, and what the index says by itself."""
_WIDTH = 100


def _print_list(wanted: bool) -> bool:
    if wanted:
        from spsnet.datasets.catalogue import CATALOGUE

        typer.echo("\n\n".join(_describe(entry) for entry in CATALOGUE.values()))
        raise typer.Exit
    return wanted


def prepare(
    dataset: Annotated[
        str,
        typer.Argument(
            help="A data set by its name in --list, such as 3dpw; films: any films of people.", show_default=False
        ),
    ],
    raw: Annotated[
        list[str],
        typer.Argument(
            metavar="RAW...",
            help="The folder of the data set's own files; for films, video files or names of `spsnet models list`.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for what is made.")],
    split: Annotated[
        str | None, typer.Option(help="Part of the data set.", show_default="test, val, train or all, see --list")
    ] = None,
    annotation_only: Annotated[
        bool,
        typer.Option(
            "--annotation-only",
            help="Leave the pictures alone: enough to measure other programs' results, and no pictures are needed.",
        ),
    ] = False,
    windows: Annotated[
        bool,
        typer.Option(
            "--windows",
            help="Labelled pictures: windows for `spsnet train --films` in place of clips, of the train split.",
        ),
    ] = False,
    protocol: Annotated[
        int | None,
        typer.Option(min=1, max=2, help="human36m: test with all cameras (1) or one (2).", show_default="2"),
    ] = None,
    universal: Annotated[
        bool, typer.Option("--universal", help="mpi-inf-3dhp: joints of the universal skeleton (univ_annot3).")
    ] = False,
    swap_sides: Annotated[
        bool, typer.Option("--swap-sides", help="penn-action: the first of each pair of points is the right one.")
    ] = False,
    fps: Annotated[
        float | None, typer.Option(help="posetrack18: frames per second of its films.", show_default="25")
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option(help="instavariety: folder for the pictures in its files.", show_default="pictures in --out"),
    ] = None,
    encoder: Annotated[
        str | None, typer.Option(help="synthetic: whose sight of the windows.", show_default="blazepose-heavy")
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(help="films, kinetics-400, --windows: also draw some of the windows (PNG).", show_default=False),
    ] = None,
    _list: Annotated[
        bool,
        typer.Option(
            "--list",
            help="Say of every data set how to get it, who may use it and how its files should lie.",
            is_eager=True,
            callback=_print_list,
        ),
    ] = False,
) -> None:
    """Make clips of a data set's files, windows of films, or motion of AMASS; goes on where it was cut off.

    Example: spsnet prepare 3dpw ~/3DPW -o runs/3dpw --split test

    Example: spsnet prepare penn-action ~/Penn_Action -o runs/penn --windows

    Example: spsnet prepare films walk.mp4 footage-vtest -o runs/films
    """
    from spsnet.datasets.catalogue import find_entry

    try:
        entry = find_entry(dataset)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="DATASET") from None
    asked = {
        "protocol": protocol,
        "universal": universal or None,
        "swap_sides": swap_sides or None,
        "fps": fps,
        "pictures": None if pictures is None else pictures.absolute(),
        "encoder": encoder,
    }
    options = {name: value for name, value in asked.items() if value is not None}
    _require_fitting(entry, raw, options, split=split, annotation_only=annotation_only, windows=windows, sheet=sheet)
    if windows:
        _prepare_windows(entry, Path(raw[0]), out, split or "train", options)
    elif entry.kind == "clips":
        _prepare_clips(entry, Path(raw[0]), out, split or entry.split or "", options, annotation_only=annotation_only)
    elif entry.kind == "motion":
        _prepare_motions(Path(raw[0]), out)
    elif entry.split is None:
        _prepare_films(_find_films(raw), out)
    else:
        _prepare_listed_films(Path(raw[0]), out, split or entry.split)
    if sheet is not None:
        from spsnet.datasets.shards import WindowSet
        from spsnet.datasets.sheet import save_sheet

        save_sheet(WindowSet(out), sheet)


def _require_fitting(
    entry: "CatalogueEntry",
    raw: list[str],
    options: Mapping[str, object],
    *,
    split: str | None,
    annotation_only: bool,
    windows: bool,
    sheet: Path | None,
) -> None:
    """Refuse what does not belong to the data set."""
    from spsnet.datasets.catalogue import CATALOGUE, FILMS, list_owners

    name = entry.info.name
    for option in options:
        if option not in entry.options:
            raise typer.BadParameter(
                f"does not belong to {name}, only to {' and '.join(list_owners(option))}", param_hint=_spell(option)
            )
    if split is not None and split not in entry.info.splits:
        there = ", ".join(entry.info.splits) or "none"
        raise typer.BadParameter(f"{name} has no split {split!r}; there is {there}", param_hint="--split")
    if annotation_only and entry.kind != "clips":
        raise typer.BadParameter(f"{name} gives {entry.kind}, not annotated clips", param_hint="--annotation-only")
    if windows and not entry.has_pictures_to_train_on:
        owners = ", ".join(name for name, other in CATALOGUE.items() if other.has_pictures_to_train_on)
        raise typer.BadParameter(f"does not belong to {name}, only to {owners}", param_hint="--windows")
    if windows and annotation_only:
        raise typer.BadParameter("windows are made of pictures; leave out --annotation-only", param_hint="--windows")
    if sheet is not None and entry.kind != "windows" and not windows:
        raise typer.BadParameter(f"{name} gives {entry.kind}, of which there is no sheet", param_hint="--sheet")
    if len(raw) > 1 and entry.info is not FILMS:
        raise typer.BadParameter(f"{name} is one folder, {len(raw)} are given", param_hint="RAW...")


def _prepare_clips(
    entry: "CatalogueEntry",
    raw: Path,
    out: Path,
    split: str,
    options: Mapping[str, object],
    *,
    annotation_only: bool,
) -> None:
    from spsnet.cli.progress import show_progress
    from spsnet.datasets.prepared import read_index
    from spsnet.pipeline.preparing_clips import prepare_clips

    reader, recorded = _make_reader(entry, out, options, with_pictures=not annotation_only)
    films = people = frames = seen = 0
    with show_progress(entry.info.name) as watch:
        for film in prepare_clips(
            reader, raw.absolute(), out, split, options=recorded, look=not annotation_only, watch=watch
        ):
            who = f"{_count(film.people, 'person', 'people')}, {_count(film.frames, 'frame')}"
            typer.echo(
                f"{film.sequence}: {who}" + ("" if film.seen_frames is None else f", seen in {film.seen_frames}")
            )
            films, people, frames = films + 1, people + film.people, frames + film.frames
            seen += film.seen_frames or 0
    by = read_index(out).encoder
    sight = "not looked at" if by is None else f"seen in {seen} by {by}"
    counts = f"{_count(films, 'film')}, {_count(people, 'person', 'people')}, {_count(frames, 'frame')}"
    typer.echo(f"{out}: {entry.info.name}, {split} split: {counts}, {sight}")


def _prepare_windows(entry: "CatalogueEntry", raw: Path, out: Path, split: str, options: Mapping[str, object]) -> None:
    from spsnet.assets import fetch_all
    from spsnet.cli.models import show_transfers
    from spsnet.cli.progress import show_progress
    from spsnet.pipeline.preparing import ENCODER
    from spsnet.pipeline.preparing_windows import prepare_windows

    reader, recorded = _make_reader(entry, out, options, with_pictures=True)
    with show_transfers() as report:
        fetch_all([ENCODER], report=report)
    films = people = windows = 0
    with show_progress(entry.info.name) as watch:
        for film in prepare_windows(reader, raw.absolute(), out, split, options=recorded, watch=watch):
            _tell_windows(film)
            films, people, windows = films + 1, people + film.people, windows + film.windows
    made = f"{_count(films, 'film')}, {_count(people, 'person', 'people')}, {_count(windows, 'window')}"
    typer.echo(f"{out}: {entry.info.name}, {split} split: {made}; use it with --films {out}")


def _make_reader(
    entry: "CatalogueEntry", out: Path, options: Mapping[str, object], *, with_pictures: bool
) -> tuple["DatasetReader", dict[str, Any]]:
    """A data set's reader, and what the index says of how it reads."""
    from spsnet.datasets.catalogue import make_reader

    chosen = {**entry.options, **options}
    if "pictures" in chosen and with_pictures:
        chosen["pictures"] = chosen["pictures"] or (out / "pictures").absolute()
    try:
        reader = make_reader(entry.info.name, chosen)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return reader, {name: value for name, value in chosen.items() if name not in _UNRECORDED}


def _prepare_motions(raw: Path, out: Path) -> None:
    from spsnet.cli.progress import show_progress
    from spsnet.pipeline.preparing_motions import prepare_motions

    captures = clips = 0
    seconds = 0.0
    with show_progress("amass") as watch:
        for motion in prepare_motions(raw, out, watch=watch):
            typer.echo(f"{motion.name}: {_count(motion.clips, 'clip')}, {motion.seconds:.1f} s")
            captures, clips, seconds = captures + 1, clips + motion.clips, seconds + motion.seconds
    made = f"{_count(captures, 'capture')}, {_count(clips, 'clip')}, {seconds / 60:.1f} minutes"
    typer.echo(f"{out}: amass: {made}; use it with --mocap {out}")


def _find_films(raw: list[str]) -> list[Path]:
    """Paths as they are, names of the catalogue of assets fetched."""
    from spsnet.assets import fetch_all, list_assets
    from spsnet.cli.models import show_transfers
    from spsnet.cli.run import expand_inputs

    ours = {asset.name for asset in list_assets("footage")}
    sources = expand_inputs(raw)
    with show_transfers() as report:
        fetched = iter(fetch_all([source for source in sources if source in ours], report=report))
    return [next(fetched) if source in ours else Path(source) for source in sources]


def _prepare_listed_films(raw: Path, out: Path, split: str) -> None:
    """Kinetics-400: films that cannot be read are told and left out."""
    from spsnet.datasets.kinetics import list_films

    def warn(words: str) -> None:
        typer.echo(f"warning: {words}", err=True)

    _prepare_films(list_films(raw, split, warn=warn), out, warn=warn)


def _prepare_films(films: list[Path], out: Path, **options: Any) -> None:
    from spsnet.assets import DEFAULT_DETECTOR, default_models, fetch_all
    from spsnet.cli.models import show_transfers
    from spsnet.cli.progress import show_progress
    from spsnet.pipeline.preparing import prepare_films

    with show_transfers() as report:
        fetch_all(default_models(DEFAULT_DETECTOR), report=report)
    with show_progress("films") as watch:
        for film in prepare_films(films, out, watch=watch, **options):
            _tell_windows(film)


def _tell_windows(film: "PreparedFilm") -> None:
    typer.echo(
        f"{film.name}: {_count(film.people, 'person', 'people')}, {film.windows} windows, "
        f"seen in {film.seen_frames} of their frames, {film.silhouettes} with a mask"
    )


def _describe(entry: "CatalogueEntry") -> str:
    """A data set for --list."""
    import textwrap

    info = entry.info
    lines = [f"{info.name}: {info.title}" + (f" ({', '.join(info.splits)})" if len(info.splits) > 1 else "")]
    for heading, text in (("get it", info.source), ("licence", info.licence), ("gives", entry.gives)):
        lines += textwrap.wrap(text, _WIDTH, initial_indent=f"  {heading:<8} ", subsequent_indent=11 * " ",
                               break_long_words=False, break_on_hyphens=False)  # fmt: skip
    lines += [f"  {'files' if i == 0 else '':<8} {line}" for i, line in enumerate(info.layout.splitlines())]
    return "\n".join([*lines, f"  {'then':<8} {entry.describe_command()}"])


def _spell(option: str) -> str:
    return f"--{option.replace('_', '-')}"


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
