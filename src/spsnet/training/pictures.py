"""Validation pictures: what the network makes of windows beside what is true."""

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8

from spsnet.body import BodyModel, compute_vertices
from spsnet.datasets.shards import FOCAL_PX, ObservedWindows
from spsnet.datasets.sights import build_sight_features
from spsnet.geometry import crop_camera_to_translation
from spsnet.network.config import FeatureConfig
from spsnet.network.spsnet import SpsNet
from spsnet.records import Pinhole
from spsnet.rendering import Figure, get_track_color, lay_over, paint_figures
from spsnet.synthesis.batches import make_batch

_TILE_PX = 160
_TRUTH_RGB = np.array([0.75, 0.75, 0.75])
_BACKGROUND = 32


def draw_windows(
    network: SpsNet, features: FeatureConfig, windows: ObservedWindows, body: BodyModel, *, columns: int = 10
) -> UInt8[np.ndarray, "height width 3"]:
    """Middle frames of the first windows: the truth on top, the network's body in the middle, both from the side below.

    A quarter turn about the vertical shows the depth that the picture hides.

    Args:
        network: On any device.
        features: What f_i is made of.
        windows: Whose truth is known.
        body: That pose and shape belong to.
        columns: Windows to show.
    """
    frames = min(network.config.window, windows.translation_m.shape[1])
    batch = make_batch(windows, frames, torch.Generator(), silhouettes=False)
    device = next(network.parameters()).device
    with torch.no_grad():
        output = network(build_sight_features(features, batch.seen).to(device), batch.seen.mask.to(device))
    camera = output.camera.cpu()
    places = crop_camera_to_translation(camera, batch.seen.box_xys_px, FOCAL_PX, torch.zeros(2)).numpy()
    middle = frames // 2
    picture = []
    for i in range(min(columns, len(windows))):
        true = compute_vertices(
            body, windows.rotations[i, middle][None], windows.shape[i], windows.translation_m[i, middle][None]
        )[0]
        said = compute_vertices(
            body,
            output.rotations[i, middle].cpu().numpy()[None],
            output.shape[i].cpu().numpy(),
            places[i, middle][None],
        )[0]
        color = get_track_color(i)
        turned = [(_turn(points, points.mean(0)), tint) for points, tint in ((true, _TRUTH_RGB), (said, color))]
        shift = turned[0][0].mean(0) - turned[1][0].mean(0)
        view = _aim(true)
        picture.append(
            np.concatenate(
                [
                    _paint([Figure(vertices_m=true, color=_TRUTH_RGB)], body, view),
                    _paint([Figure(vertices_m=said, color=color)], body, view),
                    _paint(
                        [
                            Figure(vertices_m=turned[0][0], color=_TRUTH_RGB),
                            Figure(vertices_m=turned[1][0] + shift, color=color, opacity=0.7),
                        ],
                        body,
                        _aim(turned[0][0]),
                    ),
                ]
            )
        )
    return np.concatenate(picture, axis=1)


def _turn(points: Float[np.ndarray, "vertices 3"], middle: Float[np.ndarray, "3"]) -> Float[np.ndarray, "vertices 3"]:
    x, y, z = (points - middle).T
    return np.stack([z, y, -x], axis=1) + middle


def _aim(points: Float[np.ndarray, "vertices 3"]) -> Pinhole:
    """A square picture of these points with a little room."""
    seen = points[:, :2] / np.maximum(points[:, 2:], 0.1)
    low, high = seen.min(0), seen.max(0)
    focal = _TILE_PX / (1.2 * float((high - low).max()))
    x, y = _TILE_PX / 2 - focal * (low + high) / 2
    return Pinhole(focal_px=focal, center_px=(float(x), float(y)), width=_TILE_PX, height=_TILE_PX)


def _paint(figures: list[Figure], body: BodyModel, camera: Pinhole) -> UInt8[np.ndarray, "height width 3"]:
    tile = np.full((camera.height, camera.width, 3), _BACKGROUND, np.uint8)
    lay_over(tile, paint_figures(figures, body.faces, camera))
    cv2.rectangle(tile, (0, 0), (camera.width - 1, camera.height - 1), (64, 64, 64))
    return tile
