"""A person's 24 joints as markers, for programs of biomechanics: TRC and C3D."""

from pathlib import Path

import numpy as np

from spsnet import __version__
from spsnet.export.animation import JOINT_NAMES, Animation, resample
from spsnet.export.extras import import_extra

_MM = 1000.0


def write_trc(animation: Animation, path: Path) -> None:
    """Write one person as OpenSim's table of markers, text.

    Convention:
        Millimetres, y up; a row a frame that there is, with the frame's own time in seconds of the film. `Frame#`
        counts from 1, the film's frame 0. `DataRate` is the film's average.

    Raises:
        OSError: If the file cannot be written.
    """
    places = animation.compute_joints() * _MM
    rate, frames, first = f"{animation.fps:.6f}", len(animation), int(animation.frame_index[0]) + 1
    lines = [
        f"PathFileType\t4\t(X/Y/Z)\t{animation.name}.trc",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"{rate}\t{rate}\t{frames}\t{len(JOINT_NAMES)}\tmm\t{rate}\t{first}\t{frames}",
        "Frame#\tTime\t" + "\t\t\t".join(JOINT_NAMES) + "\t\t",
        "\t\t" + "\t".join(f"{axis}{number}" for number in range(1, len(JOINT_NAMES) + 1) for axis in "XYZ"),
        "",
    ]
    for number, time_s, row in zip(animation.frame_index, animation.time_s, places.reshape(frames, -1), strict=True):
        lines.append(f"{int(number) + 1}\t{time_s:.6f}\t" + "\t".join(f"{part:.4f}" for part in row))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_c3d(animation: Animation, path: Path) -> None:
    """Write one person as C3D points; needs `ezc3d`.

    Convention:
        Millimetres, y up (`POINT:X_SCREEN` +X, `POINT:Y_SCREEN` +Y), floats of four bytes. Frames of one length, the
        film's average rate (`resample`); the first frame has its number in the film plus 1. `MANUFACTURER` names us.

    Raises:
        UserError: If `ezc3d` is not installed.
        OSError: If the file cannot be written.
    """
    ezc3d = import_extra("ezc3d", "c3d")
    even = resample(animation)
    places = even.compute_joints() * _MM
    points = np.ones((4, len(JOINT_NAMES), len(even)))
    points[:3] = places.transpose(2, 1, 0)
    first = round(float(even.time_s[0]) * even.fps)
    file = ezc3d.c3d()
    file["header"]["points"]["first_frame"] = first
    parameters = {
        "RATE": [even.fps],
        "LABELS": list(JOINT_NAMES),
        "UNITS": ["mm"],
        "X_SCREEN": ["+X"],
        "Y_SCREEN": ["+Y"],
    }
    for name, value in parameters.items():
        file.add_parameter("POINT", name, value)
    file.add_parameter("MANUFACTURER", "SOFTWARE", f"spsnet {__version__}")
    file.add_parameter("SUBJECTS", "NAMES", [animation.name])
    file["data"]["points"] = points
    file.write(str(path))
