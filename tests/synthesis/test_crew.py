import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reference.tiny_crew import Counter, Stumbler
from spsnet.records import UserError
from spsnet.synthesis.crew import share_work


def test_one_worker_is_this_process_and_keeps_the_order() -> None:
    words = list(share_work(Counter, 10, [2, 1]))
    assert words == [(2, (10, os.getpid())), (2, (20, os.getpid())), (1, (10, os.getpid()))]


def test_several_workers_do_all_tasks_beside_each_other() -> None:
    words = list(share_work(Counter, 10, [3, 4, 1, 2], workers=2))
    for task in (3, 4, 1, 2):
        assert [said for which, (said, _) in words if which == task] == [10 * (i + 1) for i in range(task)]
    workers = {process for _, (_, process) in words}
    assert len(workers) == 2
    assert os.getpid() not in workers
    assert not multiprocessing.active_children()


def test_nothing_to_do_takes_nobody() -> None:
    assert list(share_work(Stumbler, "at once", [], workers=2)) == []


def test_closing_in_the_middle_ends_the_workers() -> None:
    work = share_work(Counter, 1, [1000, 1000], workers=2)
    next(work)
    assert len(multiprocessing.active_children()) == 2
    work.close()
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("workers", [1, 2])
def test_what_a_user_can_mend_is_said_as_it_is(workers: int) -> None:
    for how, message in (("at once", "^no such place$"), ("otherwise", "^lost on the way$")):
        with pytest.raises(UserError, match=message):
            list(share_work(Stumbler, how, [1, 2], workers=workers))


def test_a_fault_brings_its_trace_and_a_killed_worker_is_noticed() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)^ZeroDivisionError: of its own making\n.*tiny_crew") as caught:
        list(share_work(Stumbler, "by itself", [1, 2], workers=2))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    with pytest.raises(UserError, match="a worker ended with code 3: perhaps there was too little memory"):
        list(share_work(Stumbler, "killed", [1, 2], workers=2))
    assert not multiprocessing.active_children()


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT to a group of processes")
@pytest.mark.parametrize("words", [0, 3])
def test_ctrl_c_reaches_this_process_alone(words: int) -> None:
    """At the workers' start and in the midst of their work."""
    lines = [
        "from reference.tiny_crew import Counter",
        "from spsnet.synthesis.crew import share_work",
        "if __name__ == '__main__':",
        "    print('begun', flush=True)",
        "    for word in share_work(Counter, 1, [1000, 1000], workers=2):",
        "        print(word, flush=True)",
    ]
    with subprocess.Popen(
        [sys.executable, "-c", "\n".join(lines)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    ) as process:
        assert process.stdout is not None
        for _ in range(1 + words):
            process.stdout.readline()
        time.sleep(0.3 if words == 0 else 0)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT
    assert said.count("Traceback") == 1
    assert said.rstrip().endswith("KeyboardInterrupt")


def test_no_workers_are_refused() -> None:
    with pytest.raises(ValueError, match="workers should be 1 or more, got 0"):
        next(share_work(Counter, 1, [1], workers=0))
