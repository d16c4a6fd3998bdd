"""The page as text: its markup, style and script in one file, with what it shows or with where to get that."""

import base64
import json
from collections.abc import Sequence
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

from spsnet.viewer.clips import ViewedClip

MOTION, FILM = "motion", "film"
"""Elements of the page that hold a block of bytes; names under a clip's address where it is served."""


def make_standalone_page(clip: ViewedClip, film: Path | None) -> str:
    """One file that needs no other and no network: three.js, motion and film are in it; downloads are not.

    Args:
        clip: To show.
        film: As prepared to be small; MP4.
    """
    content = {MOTION: clip.scene.content}
    if film is not None:
        content[FILM] = film.read_bytes()
    told = _tell(clip, motion=f"#{MOTION}", film=f"#{FILM}" if film else None, files=[])
    return _fill(clip.name, told, content)


def make_served_page(clip: ViewedClip, address: str, clips: Sequence[tuple[str, str]]) -> str:
    """A page that fetches motion and film from the server that gave it.

    Args:
        clip: To show.
        address: Under which the server has the clip's parts: `motion`, `film`, `files/NAME`.
        clips: Name and page of every clip there is, for the chooser.
    """
    files = [
        {"name": name, "bytes": path.stat().st_size, "url": f"{address}/files/{name}"}
        for name, path in clip.files.items()
    ]
    film = f"{address}/{FILM}" if clip.film.path else None
    told = _tell(clip, motion=f"{address}/{MOTION}", film=film, files=files)
    return _fill(clip.name, told | {"clips": [{"name": name, "url": url} for name, url in clips]}, {})


def _tell(clip: ViewedClip, *, motion: str, film: str | None, files: list[dict[str, Any]]) -> dict[str, Any]:
    """What the script is told; an address that starts with # is an element of the page."""
    return {
        "name": clip.name,
        "motion": motion,
        "film": film,
        "notes": [*([clip.film.note] if clip.film.note else []), *clip.scene.notes],
        "files": files,
        "clips": [],
        **clip.scene.header,
    }


def _fill(name: str, told: dict[str, Any], content: dict[str, bytes]) -> str:
    """Put the parts into the markup."""
    holders = [
        f'<script type="text/plain" id="{key}">{base64.b64encode(value).decode()}</script>'
        for key, value in content.items()
    ]
    parts = {
        "title": escape(f"{name} · spsnet"),
        "style": _read("viewer.css"),
        "told": json.dumps(told, allow_nan=False).replace("<", "\\u003c"),
        "content": "\n".join(holders),
        "script": _read("viewer.js").replace("</script", "<\\/script"),
    }
    pieces = _read("viewer.html").split("%%")
    return "".join(parts[piece] if i % 2 else piece for i, piece in enumerate(pieces))


def _read(name: str) -> str:
    return (resources.files("spsnet.viewer") / "static" / name).read_text(encoding="utf-8")
