"""Shards made by several processes at once; every shard is the same whoever makes it."""

import contextlib
import multiprocessing
import pickle
import queue
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import cv2
import torch

from spsnet.body import BodyModel
from spsnet.crops import Encode
from spsnet.datasets.shards import has_shard
from spsnet.encoders import load_encoder
from spsnet.records import UserError
from spsnet.synthesis.cameras import CameraConfig
from spsnet.synthesis.frames import Show, WindowMaker, make_shard, make_windows, plan_shards
from spsnet.synthesis.motions import MotionLibrary
from spsnet.synthesis.scenes import FrameConfig

_POLL_S = 1.0
LoadEncode = Callable[[str], Encode]
"""Name of an encoder → its `encode`; a function of a module, so that another process finds it."""


@dataclass(frozen=True, kw_only=True)
class _Order:
    """What a worker needs to know."""

    library: bytes
    """Pickled once: a few hours of motion."""
    body: BodyModel
    encoders: tuple[str, ...]
    load: LoadEncode
    config: FrameConfig
    cameras: CameraConfig
    folder: Path


def load_encode(name: str) -> Encode:
    """An encoder that gives everything that a shard holds."""
    return load_encoder(name, feature=True, mask=True).encode


def synthesize_windows(
    library: MotionLibrary,
    body: BodyModel,
    encoders: tuple[str, ...],
    config: FrameConfig,
    folder: Path,
    *,
    cameras: CameraConfig | None = None,
    workers: int = 1,
    show: Show | None = None,
    load: LoadEncode = load_encode,
) -> Iterator[int]:
    """Write the shards that are missing; yields the number of windows done so far.

    Several workers are processes of one thread each; they stop when this generator is closed or this process ends.

    Args:
        library: Motions.
        body: Whose shapes are drawn.
        encoders: By name.
        config: How many pictures, and of what.
        folder: Gets the shards.
        cameras: Where people stand.
        workers: How many processes; one is this one.
        show: Sees every picture, if there is one worker.
        load: How encoders are loaded.

    Raises:
        UserError: If a worker met one, or was killed.
        RuntimeError: If a worker failed otherwise.
        ValueError: If there is no worker, or `show` is to see what several do.
    """
    if workers < 1 or (workers > 1 and show is not None):
        raise ValueError(f"workers should be 1 or more, and 1 with show, got {workers}")
    cameras = cameras or CameraConfig()
    if workers == 1:
        encode = {name: load(name) for name in encoders}
        maker = WindowMaker(library=library, body=body, encoders=encode, config=config, cameras=cameras, show=show)
        yield from make_windows(maker, folder)
        return
    shards = plan_shards(config)
    missing = [i for i, numbers in enumerate(shards) if not has_shard(folder, i, len(numbers))]
    done = config.windows - sum(len(shards[i]) for i in missing)
    yield from range(1, done + 1)
    if not missing:
        return
    context = multiprocessing.get_context("spawn")
    tasks, results = context.SimpleQueue(), context.Queue()
    order = _Order(
        library=pickle.dumps(library),
        body=body,
        encoders=encoders,
        load=load,
        config=config,
        cameras=cameras,
        folder=folder,
    )
    count = min(workers, len(missing))
    for task in (*missing, *[None] * count):
        tasks.put(task)
    processes = [context.Process(target=_work, args=(order, tasks, results), daemon=True) for _ in range(count)]
    try:
        for process in processes:
            process.start()
        while done < config.windows:
            _receive(results, processes)
            done += 1
            yield done
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


def _receive(results: Any, processes: Sequence[BaseProcess]) -> None:
    """Wait for the next window."""
    while True:
        with contextlib.suppress(queue.Empty):
            error, trace = results.get(timeout=_POLL_S)
            if error is None:
                return
            if isinstance(error, UserError):
                raise error
            raise RuntimeError(f"{type(error).__name__}: {error}\n{trace}") from error
        fallen = [process.exitcode for process in processes if process.exitcode]
        if fallen:
            raise UserError(
                f"a worker ended with code {fallen[0]}: perhaps there was too little memory; the same command goes on"
            )


def _work(order: _Order, tasks: Any, results: Any) -> None:
    """Make shards until there are no more; runs in a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    parent = multiprocessing.parent_process()
    try:
        maker = WindowMaker(
            library=pickle.loads(order.library),
            body=order.body,
            encoders={name: order.load(name) for name in order.encoders},
            config=order.config,
            cameras=order.cameras,
        )
        while (shard := tasks.get()) is not None:
            for _ in make_shard(maker, order.folder, shard):
                results.put((None, ""))
                if parent is not None and not parent.is_alive():
                    return
    except Exception as error:
        results.put((error, traceback.format_exc()))
