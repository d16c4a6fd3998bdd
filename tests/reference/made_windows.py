"""Observed windows of people who bend a little, seen without error, and the batch made of them."""

from dataclasses import replace

import cv2
import numpy as np
import torch

from spsnet.body import compute_keypoints, compute_vertices, load_body
from spsnet.body.landmarks import build_landmark_model
from spsnet.datasets.shards import FOCAL_PX, SILHOUETTE_PX, ObservedWindows, Sight
from spsnet.geometry import axis_angle_to_matrix, project_points
from spsnet.synthesis.batches import TrainingWindows, make_batch

POINTS = build_landmark_model(load_body(), None)
"""The 24 joints, then the 33 landmarks."""


def make_windows(
    count: int = 2, frames: int = 5, *, seed: int = 0, silhouettes: bool = False, unrest: float = 1.0
) -> ObservedWindows:
    """Motions that have to do with nothing from frame to frame; with `unrest` 0 people stand still."""
    random = np.random.default_rng(seed)
    bends = 0.2 * random.standard_normal((count, 1, 24, 3)) + unrest * 0.05 * random.standard_normal(
        (count, frames, 24, 3)
    )
    rotations = axis_angle_to_matrix(bends)
    rotations[:, :, 0] = np.diag([1.0, -1.0, -1.0]) @ rotations[:, :, 0]
    shape = 0.5 * random.standard_normal((count, 10))
    places = np.array([0.0, 0.0, 4.0]) + unrest * 0.2 * random.standard_normal((count, frames, 3))
    spread = np.repeat(shape, frames, 0)
    flat = rotations.reshape(-1, 24, 3, 3)
    points = compute_keypoints(POINTS, flat, spread, places.reshape(-1, 3))[:, 24:].reshape(count, frames, 33, 3)
    seen = project_points(points, FOCAL_PX, np.zeros(2))
    landmarks = np.concatenate([seen, np.full((count, frames, 33, 1), 0.9)], axis=-1)
    world = points - points[:, :, [23, 24]].mean(2, keepdims=True)
    sight = Sight(
        landmarks_px=landmarks.astype(np.float32),
        world_m=world.astype(np.float32),
        feature=random.standard_normal((count, frames, 6)).astype(np.float32),
        present_mask=np.ones((count, frames), bool),
        widths_px=random.uniform(10, 40, (count, frames, 12)).astype(np.float32),
    )
    low, high = seen.min(2), seen.max(2)
    boxes = np.concatenate([(low + high) / 2, 1.3 * (high - low).max(-1, keepdims=True)], axis=-1)
    masks = np.zeros((count, frames, SILHOUETTE_PX, SILHOUETTE_PX), bool)
    if silhouettes:
        masks = fill_silhouettes(flat, spread, places.reshape(-1, 3), boxes.reshape(-1, 3)).reshape(masks.shape)
    moved = landmarks + np.concatenate(
        [3 * random.standard_normal(seen.shape), np.full((*seen.shape[:3], 1), -0.4)], -1
    )
    return ObservedWindows(
        seen=sight,
        occluded=replace(sight, landmarks_px=moved.astype(np.float32)),
        rotations=rotations.astype(np.float32),
        shape=shape.astype(np.float32),
        translation_m=places.astype(np.float32),
        visible_mask=np.ones((count, frames, 33), bool),
        silhouette=masks,
        silhouette_box_xys_px=(boxes * silhouettes).astype(np.float32),
        labelled=np.ones(count, bool),
    )


def fill_silhouettes(rotations: np.ndarray, shape: np.ndarray, places: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Every face filled: slow and exact but for the pixels of the outline."""
    body = load_body()
    vertices = compute_vertices(body, rotations, shape, places)
    masks = np.zeros((len(boxes), SILHOUETTE_PX, SILHOUETTE_PX), np.uint8)
    for mask, points, (x, y, side) in zip(masks, project_points(vertices, FOCAL_PX, np.zeros(2)), boxes, strict=True):
        pixels = ((points - (x, y)) / side + 0.5) * SILHOUETTE_PX - 0.5
        for face in np.round(pixels * 16).astype(np.int32)[body.faces]:
            cv2.fillConvexPoly(mask, face, 1, shift=4)
    return masks.astype(bool)


def draw_batch(count: int = 2, frames: int = 5, *, seed: int = 0, silhouettes: bool = False) -> TrainingWindows:
    windows = make_windows(count, frames, seed=seed, silhouettes=silhouettes)
    return make_batch(windows, frames, torch.Generator().manual_seed(seed))
