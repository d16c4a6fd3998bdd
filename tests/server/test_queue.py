"""One film at a time; cancelled, removed, failed, and found again after a restart."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from spsnet.server.jobs import Job, JobStore
from spsnet.server.limits import Limits, RefusedError
from spsnet.server.queue import JobQueue

MakeWorker = Callable[[str], Callable[[Path, Path], list[str]]]
FINDS = """
folder = out / film.stem
folder.mkdir(parents=True)
(folder / "summary.json").write_text("{}")
tell(found="1 person in 15 frames")
"""
WAITS = (
    """
out.mkdir()
(out / "half").write_text("")
tell(doing="look", done=3, total=9)
while not film.with_name("go").exists():
    time.sleep(0.01)
"""
    + FINDS
)


@contextmanager
def run_queue(folder: Path, command: Callable[[Path, Path], list[str]], **limits: int) -> Iterator[JobQueue]:
    queue = JobQueue(JobStore(folder), Limits(**limits), command=command)
    queue.start()
    try:
        yield queue
    finally:
        queue.stop()


def hand_in(queue: JobQueue, name: str = "walk.mp4") -> Job:
    return queue.enqueue(queue.reserve(name), 9)


def wait_for(check: Callable[[], bool]) -> None:
    end_s = time.monotonic() + 20
    while not check():
        assert time.monotonic() < end_s, "it did not happen"
        time.sleep(0.01)


def get_states(queue: JobQueue) -> list[str]:
    return [job["state"] for job in queue.describe()]


def test_films_are_taken_one_after_the_other(tmp_path: Path, make_worker: MakeWorker) -> None:
    with run_queue(tmp_path / "jobs", make_worker(WAITS)) as queue:
        first, second = hand_in(queue), hand_in(queue, "run.mov")
        wait_for(lambda: queue.describe()[0].get("progress") == {"doing": "look", "done": 3, "total": 9})
        assert get_states(queue) == ["running", "waiting"]
        assert queue.describe()[1]["before"] == 0
        (tmp_path / "jobs" / first.number / "go").touch()
        wait_for(lambda: get_states(queue) == ["done", "running"])
        assert queue.describe()[0]["message"] == "1 person in 15 frames"
        (tmp_path / "jobs" / second.number / "go").touch()
        wait_for(lambda: get_states(queue) == ["done", "done"])


def test_a_running_job_can_be_cancelled_and_leaves_no_half_result(tmp_path: Path, make_worker: MakeWorker) -> None:
    with run_queue(tmp_path / "jobs", make_worker(WAITS)) as queue:
        first, second, third = hand_in(queue), hand_in(queue), hand_in(queue)
        folder = tmp_path / "jobs" / first.number
        wait_for(lambda: (folder / "out" / "half").exists())
        queue.cancel(second.number)
        queue.cancel(first.number)
        wait_for(lambda: get_states(queue) == ["cancelled", "cancelled", "running"])
        assert not (folder / "out").exists()
        with pytest.raises(RefusedError, match="has ended already"):
            queue.cancel(first.number)
        queue.discard(third.number)  # though it runs
        queue.discard(first.number)
        assert get_states(queue) == ["cancelled"]
        assert not folder.exists()
        with pytest.raises(RefusedError, match="there is no such film"):
            queue.discard(first.number)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('tell(failed="walk.mp4 shows nothing")', "walk.mp4 shows nothing"),
        ('raise MemoryError("too large")', "the run broke off (MemoryError: too large); try it with `spsnet run`"),
        ("print('no JSON')", "the run broke off; try it with `spsnet run`"),
    ],
)
def test_a_failure_says_why_and_the_next_goes_on(
    tmp_path: Path, make_worker: MakeWorker, body: str, message: str
) -> None:
    with run_queue(tmp_path / "jobs", make_worker(body)) as queue:
        hand_in(queue)
        hand_in(queue)
        wait_for(lambda: get_states(queue) == ["failed", "failed"])
        assert queue.describe()[0]["message"] == message


def test_a_restart_begins_the_job_at_hand_anew_and_keeps_the_rest(tmp_path: Path, make_worker: MakeWorker) -> None:
    command = make_worker(WAITS)
    with run_queue(tmp_path / "jobs", command) as queue:
        first, second = hand_in(queue), hand_in(queue)
        queue.reserve("late.mp4")
        wait_for(lambda: get_states(queue)[0] == "running")
    wait_for(lambda: not (tmp_path / "jobs" / first.number / "out").exists())
    (tmp_path / "jobs" / "notes.txt").touch()
    (tmp_path / "jobs" / "0123456789abcdef").mkdir()
    (tmp_path / "jobs" / "0123456789abcdef" / "job.json").write_text('{"number": "../../etc"}')
    store = JobStore(tmp_path / "jobs")
    assert [(job.number, job.state) for job in store.list()] == [(first.number, "waiting"), (second.number, "waiting")]
    for job in (first, second):
        (tmp_path / "jobs" / job.number / "go").touch()
    with run_queue(tmp_path / "jobs", command) as queue:
        wait_for(lambda: get_states(queue) == ["done", "done"])
    assert JobStore(tmp_path / "jobs").find_result(first) is None  # the job as it was then
    done = JobStore(tmp_path / "jobs").list()[0]
    assert JobStore(tmp_path / "jobs").find_result(done) == tmp_path / "jobs" / first.number / "out" / "walk"


def test_too_many_are_refused(tmp_path: Path) -> None:
    queue = JobQueue(JobStore(tmp_path), Limits(waiting=2, uploads=2))  # that does not work
    first = queue.reserve("a.mp4")
    queue.reserve("b.mp4")
    with pytest.raises(RefusedError, match=r"2 films are arriving at this moment; send c\.mp4 again"):
        queue.reserve("c.mp4")
    queue.enqueue(first, 1)
    with pytest.raises(RefusedError, match=r"2 films are waiting already; send c\.mp4 again when one is done"):
        queue.reserve("c.mp4")


def test_a_worker_ends_when_its_server_is_gone(tmp_path: Path) -> None:
    program = (
        "import os, sys, subprocess\n"
        "from spsnet.server import worker\n"
        "worker._EVERY_S = 0\n"
        "parents = iter([1, 1, 1, 7])\n"
        "worker.os.getppid = lambda: next(parents)\n"
        "print(list(worker._watch(range(9), 'look', 9)))\n"
    )
    end = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert end.returncode == 1
    assert [json.loads(line)["done"] for line in end.stdout.splitlines()] == [0, 1, 2]
    assert end.stderr == ""
