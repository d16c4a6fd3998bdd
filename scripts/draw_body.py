"""Draw how a body file bends: a sheet of poses seen from the front and from the side.

For example `python scripts/draw_body.py -o docs/images/open_body.png`.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from body.correctives import blend_transforms
from body.pictures import paint_mesh, tile_pictures
from body.rig import JOINT_NAMES
from scipy.spatial.transform import Rotation

_HANGING = {"left_shoulder": (0, 0, -80), "right_shoulder": (0, 0, 80)}
POSES: dict[str, dict[str, tuple[float, float, float]]] = {
    "T": {},
    "A": {"left_shoulder": (0, 0, -45), "right_shoulder": (0, 0, 45)},
    "arms down": _HANGING,
    "elbows 120": {**_HANGING, "left_elbow": (0, -120, 0), "right_elbow": (0, 120, 0)},
    "arms up": {
        "left_collar": (0, 0, 20),
        "right_collar": (0, 0, -20),
        "left_shoulder": (0, 0, 60),
        "right_shoulder": (0, 0, -60),
    },
    "arms forward": {"left_shoulder": (0, -85, 0), "right_shoulder": (0, 85, 0)},
    "hips 100": {
        **_HANGING,
        "left_hip": (-100, 0, 0),
        "right_hip": (-100, 0, 0),
        "left_knee": (100, 0, 0),
        "right_knee": (100, 0, 0),
    },
    "knees 110": {**_HANGING, "left_knee": (110, 0, 0), "right_knee": (110, 0, 0)},
    "squat": {
        "left_hip": (-100, -20, 15),
        "right_hip": (-100, 20, -15),
        "left_knee": (125, 0, 0),
        "right_knee": (125, 0, 0),
        "left_ankle": (-30, 0, 0),
        "right_ankle": (-30, 0, 0),
        "spine1": (20, 0, 0),
        "spine2": (15, 0, 0),
        "left_shoulder": (0, -80, -10),
        "right_shoulder": (0, 80, 10),
    },
    "walk": {
        "left_shoulder": (25, 0, -78),
        "right_shoulder": (-25, 0, 78),
        "left_elbow": (0, -25, 0),
        "right_elbow": (0, 25, 0),
        "left_hip": (-28, 0, 0),
        "left_knee": (8, 0, 0),
        "right_hip": (18, 0, 0),
        "right_knee": (35, 0, 0),
        "right_ankle": (10, 0, 0),
        "spine2": (0, 6, 0),
    },
    "bend": {
        "spine1": (30, 0, 0),
        "spine2": (25, 0, 0),
        "spine3": (15, 0, 0),
        "left_hip": (-30, 0, 0),
        "right_hip": (-30, 0, 0),
        "left_shoulder": (0, -60, -70),
        "right_shoulder": (0, 60, 70),
    },
    "twist": {
        **_HANGING,
        "spine1": (0, 15, 0),
        "spine2": (0, 15, 0),
        "spine3": (0, 15, 0),
        "neck": (0, 30, 0),
        "head": (0, 25, 0),
        "left_elbow": (60, -90, 0),
        "right_elbow": (60, 90, 0),
    },
}
"""Rotation vectors in degrees, by joint."""


def main() -> None:
    """Read the command line and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--body", type=Path, default=Path("src/spsnet/body/data/open_body.npz"), help="the body file")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the picture to write")
    parser.add_argument("--shape", type=float, nargs="*", default=[], help="shape coefficients, the first ones")
    parser.add_argument("--poses", nargs="*", default=list(POSES), help="which poses (default all)")
    parser.add_argument("--height", type=int, default=240, help="height of one picture in pixels")
    parser.add_argument("--without-correctives", action="store_true", help="linear blending alone")
    arguments = parser.parse_args()
    body = dict(np.load(arguments.body))
    if arguments.without_correctives:
        body["posedirs"] = np.zeros_like(body["posedirs"])
    shape = np.pad(arguments.shape, (0, 10 - len(arguments.shape)))
    pictures = []
    for name in arguments.poses:
        vertices = pose_body(body, POSES[name], shape)
        centre = (0.0, float(vertices[:, 1].min() + vertices[:, 1].max()) / 2)
        for turn in (0.5, -1.2):
            picture = paint_mesh(
                vertices,
                body["f"],
                turn_rad=turn,
                height_px=arguments.height,
                width_px=int(arguments.height * 0.85),
                span_m=2.2,
                center_m=centre,
            )
            cv2.putText(picture, name, (8, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (90, 90, 90), 1, cv2.LINE_AA)
            pictures.append(picture)
    cv2.imwrite(str(arguments.output), tile_pictures(pictures, 6), [cv2.IMWRITE_PNG_COMPRESSION, 9])


def pose_body(
    body: dict[str, np.ndarray], pose_deg: dict[str, tuple[float, float, float]], shape: np.ndarray
) -> np.ndarray:
    """Vertices (V, 3) of a body file in a pose given by joint in degrees."""
    rotations = np.stack(
        [Rotation.from_rotvec(np.radians(pose_deg.get(name, (0.0, 0.0, 0.0)))).as_matrix() for name in JOINT_NAMES]
    )
    shaped = body["v_template"] + body["shapedirs"] @ shape
    matrix, shift = blend_transforms(body["J_regressor"] @ shaped, rotations, body["weights"])
    shaped = shaped + body["posedirs"] @ (rotations[1:] - np.eye(3)).ravel()
    return np.einsum("vij,vj->vi", matrix, shaped) + shift


if __name__ == "__main__":
    main()
