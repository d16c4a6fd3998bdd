"""Films that were handed in, each in a folder of its own, so that a restart finds them again."""

import json
import re
import secrets
import shutil
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from spsnet.pipeline.results import SUMMARY_FILE
from spsnet.server.uploads import make_safe_stem

State = Literal["arriving", "waiting", "running", "done", "failed", "cancelled"]
_JOB_FILE = "job.json"


@dataclass(frozen=True, kw_only=True)
class Job:
    """One film."""

    number: str
    """16 hexadecimal digits, drawn at random: nobody guesses another's."""
    name: str
    """As its owner calls it; shown, never used as a path."""
    state: State
    created: str
    """ISO 8601, UTC, microseconds: the queue's order."""
    size_bytes: int = 0
    message: str = ""
    """Why it failed, or what it found."""


class JobStore:
    """The jobs of a folder."""

    def __init__(self, folder: Path) -> None:
        """Read what an earlier server left; what it was at is done again, what had half arrived is removed."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._jobs: dict[str, Job] = {}
        for path in folder.glob(f"*/{_JOB_FILE}"):
            job = _read(path)
            if job is None:
                continue
            if job.state == "arriving":
                shutil.rmtree(path.parent, ignore_errors=True)
                continue
            self._jobs[job.number] = job
            if job.state == "running":
                self.change(job.number, state="waiting")

    def list(self) -> list[Job]:
        """The oldest first."""
        return sorted(self._jobs.values(), key=lambda job: job.created)

    def find(self, number: str) -> Job | None:
        """The job of a number; None where there is none."""
        return self._jobs.get(number)

    def create(self, name: str) -> Job:
        """A job whose film is about to arrive."""
        created = datetime.now(UTC).isoformat(timespec="microseconds")
        job = Job(number=secrets.token_hex(8), name=name, state="arriving", created=created)
        self.get_folder(job).mkdir()
        self._write(job)
        return job

    def change(self, number: str, *, state: State, message: str = "", size_bytes: int | None = None) -> Job:
        """Write a job's new state, whole or not at all."""
        job = self._jobs[number]
        size = job.size_bytes if size_bytes is None else size_bytes
        job = replace(job, state=state, message=message, size_bytes=size)
        self._write(job)
        return job

    def remove(self, number: str) -> None:
        """Forget a job and delete all that it left."""
        job = self._jobs.pop(number)
        shutil.rmtree(self.get_folder(job), ignore_errors=True)

    def get_folder(self, job: Job) -> Path:
        """Where all of a job is."""
        return self.folder / job.number

    def get_film(self, job: Job) -> Path:
        """The film, under a name that nobody chose."""
        return self.get_folder(job) / f"{make_safe_stem(job.name)}{Path(job.name).suffix.lower()}"

    def get_out(self, job: Job) -> Path:
        """What the run is given as its folder for results."""
        return self.get_folder(job) / "out"

    def find_result(self, job: Job) -> Path | None:
        """The folder of a finished run."""
        folder = self.get_out(job) / make_safe_stem(job.name)
        return folder if job.state == "done" and (folder / SUMMARY_FILE).is_file() else None

    def _write(self, job: Job) -> None:
        path = self.get_folder(job) / _JOB_FILE
        part = path.with_suffix(".part")
        part.write_text(json.dumps(asdict(job)), encoding="utf-8")
        part.replace(path)
        self._jobs[job.number] = job


def _read(path: Path) -> Job | None:
    """A job as it was written; None for anything else."""
    try:
        job = Job(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return job if job.number == path.parent.name and re.fullmatch(r"[0-9a-f]{16}", job.number) else None
