"""Shards made by several processes at once; every shard is the same whoever makes it."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2

from spsnet.body import BodyModel
from spsnet.crops import Encode
from spsnet.datasets.shards import has_shard
from spsnet.encoders import load_encoder
from spsnet.synthesis.cameras import CameraConfig
from spsnet.synthesis.crew import share_work
from spsnet.synthesis.frames import Show, WindowMaker, make_shard, make_windows, plan_shards
from spsnet.synthesis.motions import MotionLibrary
from spsnet.synthesis.scenes import FrameConfig

LoadEncode = Callable[[str], Encode]
"""Name of an encoder → its `encode`; a function of a module, so that another process finds it."""


@dataclass(frozen=True, kw_only=True)
class _Order:
    """What a worker needs to know."""

    library: MotionLibrary
    body: BodyModel
    encoders: tuple[str, ...]
    load: LoadEncode
    config: FrameConfig
    cameras: CameraConfig
    folder: Path


class _Studio:
    """Makes shards, and says so after every window."""

    def __init__(self, order: _Order) -> None:
        cv2.setNumThreads(1)
        self._folder = order.folder
        self._maker = WindowMaker(
            library=order.library,
            body=order.body,
            encoders={name: order.load(name) for name in order.encoders},
            config=order.config,
            cameras=order.cameras,
        )

    def __call__(self, shard: int) -> Iterator[int]:
        return make_shard(self._maker, self._folder, shard)


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
    order = _Order(
        library=library,
        body=body,
        encoders=encoders,
        load=load,
        config=config,
        cameras=cameras,
        folder=folder,
    )
    with closing(share_work(_Studio, order, missing, workers=workers)) as windows:
        for count, _ in enumerate(windows, start=1):
            yield done + count
