"""Kinetics-400: its list, and films of two frames."""

from pathlib import Path

import av
import numpy as np

ROWS = ["abseiling,0347ZoDXyP0,95,105,train", "air drumming,-abc_DEF12,0,10,train", '"a, b",zz,1000000,1000010,train']
NAMES = ["0347ZoDXyP0_000095_000105.mp4", "-abc_DEF12_000000_000010.mp4", "zz_1000000_1000010.mp4"]
HEAD = "label,youtube_id,time_start,time_end,split"


def write_film(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for shade in (0, 200):
            picture = av.VideoFrame.from_ndarray(np.full((32, 32, 3), shade, np.uint8), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path


def write_list(raw: Path, rows: list[str], head: str = HEAD) -> Path:
    path = raw / "annotations" / "train.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path
