"""One film at a time, in the order in which they came."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from spsnet.server.jobs import Job, JobStore
from spsnet.server.limits import Limits, RefusedError

_PATIENCE_S = 5.0
"""A process that was asked to end is killed after so long."""


def make_command(film: Path, out: Path) -> list[str]:
    """What a run is started with."""
    return [sys.executable, "-m", "spsnet.server.worker", str(film), str(out)]


class JobQueue:
    """Takes the jobs of a store one after the other, each in a process of its own."""

    def __init__(
        self, store: JobStore, limits: Limits, *, command: Callable[[Path, Path], list[str]] = make_command
    ) -> None:
        """Go on with what the store holds; `start` begins.

        Args:
            store: Whose jobs.
            limits: How many may wait.
            command: From a film and the folder for its results to a process that tells of itself as `worker` does.
        """
        self._store, self._limits, self._command = store, limits, command
        self._lock = threading.RLock()
        self._news = threading.Condition(self._lock)
        self._progress: dict[str, Any] = {}
        self._process: subprocess.Popen[str] | None = None
        self._running: str | None = None
        self._ends = False
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        """Begin with the oldest job that waits."""
        self._thread.start()

    def stop(self) -> None:
        """End at once; the job at hand begins anew with the next server."""
        with self._lock:
            self._ends = True
            self._news.notify_all()
        self._stop_process()
        self._thread.join()

    def describe(self) -> list[dict[str, Any]]:
        """All jobs as a page shows them; the one at hand with its progress."""
        with self._lock:
            waiting = [job.number for job in self._store.list() if job.state == "waiting"]
            told = []
            for job in self._store.list():
                line: dict[str, Any] = {"number": job.number, "name": job.name, "state": job.state}
                line |= {"created": job.created, "size_bytes": job.size_bytes, "message": job.message}
                if job.state == "waiting":
                    line["before"] = waiting.index(job.number)
                if job.number == self._running:
                    line["progress"] = dict(self._progress)
                told.append(line)
            return told

    def reserve(self, name: str) -> Job:
        """A place for a film that is about to arrive.

        Raises:
            RefusedError: If too many arrive at this moment or wait already.
        """
        with self._lock:
            states = [job.state for job in self._store.list()]
            if states.count("arriving") >= self._limits.uploads:
                raise RefusedError(
                    HTTPStatus.SERVICE_UNAVAILABLE,
                    f"{self._limits.uploads} films are arriving at this moment; send {name} again in a while",
                )
            if states.count("arriving") + states.count("waiting") >= self._limits.waiting:
                raise RefusedError(
                    HTTPStatus.SERVICE_UNAVAILABLE,
                    f"{self._limits.waiting} films are waiting already; send {name} again when one is done",
                )
            return self._store.create(name)

    def enqueue(self, job: Job, size_bytes: int) -> Job:
        """A film has arrived whole."""
        with self._lock:
            job = self._store.change(job.number, state="waiting", size_bytes=size_bytes)
            self._news.notify_all()
            return job

    def discard(self, number: str) -> None:
        """Forget a job and what it left; one that runs is stopped.

        Raises:
            RefusedError: If there is none.
        """
        with self._lock:
            self._require(number)
            runs = number == self._running
        if runs:
            self._stop_process()
        with self._news:
            while self._running == number:
                self._news.wait()
            if self._store.find(number) is not None:
                self._store.remove(number)

    def cancel(self, number: str) -> None:
        """Stop a job that waits or runs; it stays in the list.

        Raises:
            RefusedError: If there is none, or it has ended.
        """
        with self._lock:
            job = self._require(number)
            if job.state not in ("waiting", "running"):
                raise RefusedError(HTTPStatus.CONFLICT, f"{job.name} has ended already; remove it if you like")
            self._store.change(number, state="cancelled", message="cancelled")
            runs = number == self._running
        if runs:
            self._stop_process()

    def _require(self, number: str) -> Job:
        job = self._store.find(number)
        if job is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "there is no such film; it may have been removed")
        return job

    def _work(self) -> None:
        while True:
            with self._news:
                while not self._ends and (job := self._find_next()) is None:
                    self._news.wait()
                if self._ends:
                    return
                assert job is not None
                self._store.change(job.number, state="running")
                self._running, self._progress = job.number, {}
                film, out = self._store.get_film(job), self._store.get_out(job)
                self._process = subprocess.Popen(  # the command is ours
                    self._command(film, out), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
                )
            said, errors = self._listen(self._process)
            with self._news:
                self._finish(job, said, errors)
                self._running, self._process = None, None
                self._news.notify_all()

    def _find_next(self) -> Job | None:
        """The oldest that waits."""
        return next((job for job in self._store.list() if job.state == "waiting"), None)

    def _listen(self, process: subprocess.Popen[str]) -> tuple[dict[str, Any], str]:
        """What a process last said of how it ended, and its errors."""
        said: dict[str, Any] = {}
        errors: list[str] = []
        assert process.stdout is not None
        assert process.stderr is not None
        stderr = process.stderr
        drain = threading.Thread(target=lambda: errors.extend(stderr.read().splitlines()[-1:]), daemon=True)
        drain.start()
        for line in process.stdout:
            try:
                words = json.loads(line)
            except ValueError:
                continue
            if "doing" in words:
                with self._lock:
                    self._progress = words
            else:
                said |= words
        process.wait()
        drain.join()
        for pipe in (process.stdout, stderr):
            pipe.close()
        return said, errors[0] if errors else ""

    def _finish(self, job: Job, said: dict[str, Any], errors: str) -> None:
        """Write how a job ended; one that was cancelled leaves nothing but its film."""
        state = self._store.find(job.number)
        if "found" in said and state is not None and state.state == "running":
            self._store.change(job.number, state="done", message=said["found"])
            return
        shutil.rmtree(self._store.get_out(job), ignore_errors=True)
        if self._ends or state is None or state.state != "running":
            return
        message = said.get("failed") or f"the run broke off{f' ({errors})' if errors else ''}; try it with `spsnet run`"
        self._store.change(job.number, state="failed", message=message)

    def _stop_process(self) -> None:
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
