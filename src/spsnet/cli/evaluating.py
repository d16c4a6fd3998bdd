"""`spsnet evaluate`: models and other programs' results against the truth."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spsnet.records import UserError

if TYPE_CHECKING:
    from spsnet.datasets.prepared import PreparedClips
    from spsnet.evaluation.clip_motions import BodyJoints
    from spsnet.evaluation.measurement import Measurement
    from spsnet.pipeline.predictors import Predictor
    from spsnet.records import Gender


class ProtocolName(StrEnum):
    """How to measure (docs/protocols.md)."""

    spsnet = "spsnet"
    vibe = "vibe"
    spin = "spin"
    wham = "wham"


def evaluate(
    data: Annotated[
        list[Path] | None,
        typer.Option(
            help="A data set of `spsnet prepare`, or windows of `spsnet synthesize`; may be given several times. Of "
            "the first folder of windows the conditions are made, every further one is a condition by itself. Without "
            "any: the paper's Table 1, and what is missing to stand in it.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="Model folder, or NAME=DIR; may be given several times. Default: the one that ships.",
            show_default=False,
        ),
    ] = None,
    predictions: Annotated[
        list[Path] | None,
        typer.Option(
            help="Another program's results on a data set: the file of its one film, or a folder with a file or folder "
            "for each film, called as the film is. Given once for each --data, in their order.",
            show_default=False,
        ),
    ] = None,
    result_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="Of the results: vibe, wham, gvhmr, phalp, romp, amass, spsnet. Default: told from the files.",
            show_default=False,
        ),
    ] = None,
    protocol: Annotated[
        list[ProtocolName] | None,
        typer.Option(
            help="How to measure a data set; may be given several times. Default: spsnet, and vibe where Table 1 has "
            "the data set.",
            show_default=False,
        ),
    ] = None,
    smpl: Annotated[
        Path | None,
        typer.Option(
            help="Your SMPL files (neutral, male, female) and J_regressor_h36m.npy, for truth and results that are "
            "SMPL's poses; SMPLX_NEUTRAL.npz and smplx2smpl_sparse.pt for those of GVHMR.",
            show_default=False,
        ),
    ] = None,
    linear_map: Annotated[
        Path | None,
        typer.Option(
            help="Windows only: also measure the encoders' own 3D landmarks, brought to our joints by a linear map "
            "that is fitted on this folder of training windows.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Folder for results.json and results.md; of data sets also results.csv and report.html.",
            show_default=False,
        ),
    ] = None,
    windows: Annotated[
        int | None, typer.Option(min=1, help="Windows only: use the first ones of each folder.", show_default=False)
    ] = None,
) -> None:
    """Measure models, as the network says and after refinement, or another program's results.

    Example: spsnet evaluate --data runs/3dpw --data runs/human36m --smpl SMPL -o runs/evaluation

    Example: spsnet evaluate --data runs/3dpw --predictions vibe_results --format vibe --smpl SMPL

    Example: spsnet evaluate --data runs/held_out --linear-map runs/windows --model weights/default
    """
    from spsnet.datasets.prepared import PreparedClips, holds_clips

    folders = data or []
    _require_folders(folders)
    of_clips = [holds_clips(folder) for folder in folders]
    if any(of_clips) and not all(of_clips):
        raise UserError(f"{folders[of_clips.index(False)]} holds no clips, another --data does; measure them apart")
    if folders and not any(of_clips):
        _refuse({"--predictions": predictions, "--format": result_format, "--protocol": protocol, "--smpl": smpl},
                f"{folders[0]} holds no clips of `spsnet prepare`")  # fmt: skip
        _compare_on_windows(folders, model, linear_map, out, windows)
        return
    _refuse({"--linear-map": linear_map, "--windows": windows}, "no --data holds windows of `spsnet synthesize`")
    if not folders:
        _refuse({"--model": model, "--protocol": protocol, "--smpl": smpl, "--out": out}, "no --data is given")
    clips = [PreparedClips(folder) for folder in folders]
    if predictions and len(predictions) != len(clips):
        raise UserError(f"--predictions is given {len(predictions)} times for {len(clips)} --data; give one for each")
    if predictions and model:
        raise UserError("--model and --predictions are measured apart; give one of them")
    if result_format is not None and not predictions:
        raise UserError("--format is that of --predictions; give both")
    bodies = _load_bodies(smpl)
    predictors = _open_results(predictions, result_format, smpl, bodies) if predictions else _load_models(clips, model)
    measured = _measure(clips, predictors, protocol, bodies)
    if out is not None and measured:
        from spsnet.evaluation.result_files import save_measurements

        save_measurements(measured, out)
        typer.echo(f"\nreport: {out / 'report.html'}")


def _measure(
    clips: "list[PreparedClips]",
    predictors: "list[list[Predictor]]",
    names: list[ProtocolName] | None,
    bodies: "dict[Gender, BodyJoints]",
) -> "list[Measurement]":
    """Measure and print folder by folder, and Table 1 where it has one of them, or there is none."""
    from spsnet.cli.progress import show_progress
    from spsnet.evaluation.measurement_tables import NOTES, format_data, format_table_one
    from spsnet.evaluation.protocols import get_protocol
    from spsnet.evaluation.table_one import PROTOCOL, has_data_set
    from spsnet.pipeline.measuring import measure_clips

    measured: list[Measurement] = []
    for folder, several in zip(clips, predictors, strict=True):
        known = has_data_set(folder.index.dataset)
        chosen = list(dict.fromkeys(names or [ProtocolName.spsnet, *([ProtocolName(PROTOCOL)] if known else [])]))
        with show_progress("evaluate") as watch:
            parts = [
                measure_clips(folder, one, [get_protocol(name) for name in chosen], bodies, watch=watch)
                for one in several
            ]
        by_protocol = [one for alike in zip(*parts, strict=True) for one in alike]
        if not measured:
            typer.echo(NOTES)
        typer.echo(f"\n{format_data(by_protocol)}")
        measured += by_protocol
    if not clips or any(has_data_set(folder.index.dataset) for folder in clips):
        typer.echo(f"{chr(10) * bool(clips)}{format_table_one(measured)}")
    return measured


def _load_bodies(smpl: Path | None) -> "dict[Gender, BodyJoints]":
    from spsnet.evaluation.clip_motions import prepare_bodies
    from spsnet.evaluation.smpl_bodies import load_smpl

    return {} if smpl is None else prepare_bodies(load_smpl(smpl))


def _open_results(
    predictions: list[Path], result_format: str | None, smpl: Path | None, bodies: "dict[Gender, BodyJoints]"
) -> "list[list[Predictor]]":
    """For each folder."""
    from spsnet.evaluation.clip_motions import BodyJoints
    from spsnet.evaluation.smplx_bodies import load_smplx
    from spsnet.pipeline.predictors import FilePredictor

    body = None if smpl is None else load_smplx(smpl, [joints.body for joints in bodies.values()])
    smplx = None if body is None else BodyJoints(body=body)
    return [[FilePredictor(path, result_format, bodies, smplx)] for path in predictions]


def _load_models(clips: "list[PreparedClips]", model: list[str] | None) -> "list[list[Predictor]]":
    """For each folder."""
    from spsnet.body import load_body
    from spsnet.pipeline.lifting import Lifter
    from spsnet.pipeline.predictors import ModelPredictor

    if not clips:
        return []
    predictors: list[Predictor] = []
    for name, folder in _name_models(model):
        lifter = Lifter(folder, load_body())
        predictors += [ModelPredictor(name, lifter, refine=refine) for refine in (False, True)]
    return [predictors for _ in clips]


def _compare_on_windows(
    folders: list[Path], model: list[str] | None, linear_map: Path | None, out: Path | None, windows: int | None
) -> None:
    from spsnet.body import load_body
    from spsnet.evaluation.answers import Contestant, TrainedModel
    from spsnet.evaluation.comparison import Table, compare
    from spsnet.evaluation.linear_map import LinearMap
    from spsnet.evaluation.result_files import save_tables
    from spsnet.evaluation.tables import NOTES, format_text

    body = load_body()
    contestants: list[Contestant] = [TrainedModel(name, folder, body) for name, folder in _name_models(model)]
    if linear_map is not None:
        encoders = dict.fromkeys(contestant.encoder for contestant in contestants)
        contestants = [*(LinearMap.fit(linear_map, encoder, body) for encoder in encoders), *contestants]
    tables: list[Table] = []
    for table in compare(folders, contestants, body, window_limit=windows):
        if not tables:
            typer.echo(NOTES)
        typer.echo(f"\n{format_text(table)}")
        tables.append(table)
    if out is not None:
        save_tables(tables, out)


def _name_models(model: list[str] | None) -> list[tuple[str, Path]]:
    """Models by name, each once; the one that ships where none is given.

    A model is NAME=DIR, or a folder that names itself, even one with = in its name.
    """
    from spsnet.pipeline.recover import find_default_model

    named: dict[str, Path] = {}
    for text in model or []:
        name, equals, folder = text.partition("=")
        if not equals or Path(text).is_dir():
            name, folder = text, text
        elif not name or not folder:
            raise UserError(f"--model {text}: should be DIR or NAME=DIR")
        if name in named:
            raise UserError(f"two models are called {name!r}; give them names: --model NAME=DIR")
        named[name] = Path(folder)
    return list(named.items()) or [("default", find_default_model())]


def _require_folders(folders: list[Path]) -> None:
    for folder in folders:
        if not folder.is_dir():
            raise UserError(
                f"{folder}: no such folder; give --data a folder of `spsnet prepare` or `spsnet synthesize`"
            )


def _refuse(options: dict[str, object], reason: str) -> None:
    """Refuse options that do not go with the data."""
    for name, value in options.items():
        if value:
            raise UserError(f"{name} does not go with these data: {reason}")
