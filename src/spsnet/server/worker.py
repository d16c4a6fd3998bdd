"""One run in a process of its own, which can be stopped: `python -m spsnet.server.worker FILM OUT`.

It tells how far it is, and how it ended, in lines of JSON on its standard output.
"""

import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from spsnet.pipeline.running import run
from spsnet.pipeline.settings import RunSettings
from spsnet.records import UserError

_EVERY_S = 0.2


def main() -> int:
    """Do the run; 0 where it went well."""
    film, out = Path(sys.argv[1]), Path(sys.argv[2])
    try:
        _, summary = run(str(film), out, RunSettings(), command=("spsnet", "serve"), force=True, watch=_watch)
    except UserError as error:
        _tell({"failed": str(error).replace(str(film), film.name)})
        return 1
    assert summary is not None
    people, frames = len(summary["people"]), summary["input"]["frames"]
    _tell({"found": f"{people} {'person' if people == 1 else 'people'} in {frames} frames"})
    return 0


def _watch(items: Iterable[Any], doing: str, total: int | None) -> Iterable[Any]:
    """Tell of each stage a few times a second; end where nobody listens any more."""
    parent, told_s = os.getppid(), 0.0
    for done, item in enumerate(items):
        if time.monotonic() - told_s > _EVERY_S:
            told_s = time.monotonic()
            _tell({"doing": doing, "done": done, "total": total})
            if os.getppid() != parent:
                raise SystemExit(1)
        yield item


def _tell(words: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
