"""The files that `spsnet evaluate -o DIR` leaves: the same command leaves the same bytes."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spsnet.evaluation import measurement_tables, tables
from spsnet.evaluation.comparison import Table
from spsnet.evaluation.measurement import Measurement
from spsnet.evaluation.report_page import make_page

JSON_FILE, CSV_FILE, MARKDOWN_FILE, PAGE_FILE = "results.json", "results.csv", "results.md", "report.html"


def save_measurements(measurements: Sequence[Measurement], folder: Path) -> None:
    """Write numbers (JSON, CSV), tables (Markdown) and the page of measured data sets."""
    _save(
        folder,
        {
            JSON_FILE: _dump(measurement_tables.to_plain(measurements)),
            CSV_FILE: measurement_tables.format_csv(measurements),
            MARKDOWN_FILE: measurement_tables.format_markdown(measurements),
            PAGE_FILE: make_page(measurements),
        },
    )


def save_tables(compared: Sequence[Table], folder: Path) -> None:
    """Write numbers (JSON) and tables (Markdown) of models compared on windows."""
    _save(folder, {JSON_FILE: _dump(tables.to_plain(compared)), MARKDOWN_FILE: tables.format_markdown(compared)})


def _dump(plain: Any) -> str:
    return json.dumps(_clean(plain), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _clean(value: Any) -> Any:
    """NaN as None, which JSON has."""
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, Mapping):
        return {key: _clean(item) for key, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, list | tuple) else value


def _save(folder: Path, files: Mapping[str, str]) -> None:
    """Each file is whole or not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        part = folder / f".{name}.part"
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(folder / name)
