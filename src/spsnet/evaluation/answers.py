"""What is compared: trained models and the encoder itself, each from what was seen to joints and bodies."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from spsnet.body import BodyModel, KeypointModel, build_keypoint_model, compute_keypoints
from spsnet.body.landmarks import LandmarkOffsets
from spsnet.crops import compute_network_box
from spsnet.datasets.motion_clips import FPS
from spsnet.datasets.shards import FOCAL_PX
from spsnet.datasets.sights import build_sight_features
from spsnet.evaluation.conditions import Bodies, Condition
from spsnet.geometry import crop_camera_to_translation
from spsnet.network.exported import SpsHead
from spsnet.records import Pinhole, UserError
from spsnet.refinement import RefinementInput, refine_motion

_CENTER = np.zeros(2)
_CAMERA = Pinhole(focal_px=FOCAL_PX, center_px=(0.0, 0.0), width=1, height=1)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one row of the table says of all windows."""

    joints_m: Float[np.ndarray, "windows time 14 3"]
    """LSP's order, camera axes, wherever it stands."""
    bodies: Bodies | None
    """None where only joints are known; anything outside the windows' spans."""


@runtime_checkable
class Contestant(Protocol):
    """Gives one or more rows of the table."""

    rows: tuple[str, ...]
    """Names of its answers."""
    encoder: str
    """Whose sight it is shown."""

    def answer(self, condition: Condition) -> list[Answer] | None:
        """One answer a row; None where the condition lacks what it needs."""


class TrainedModel:
    """A model folder: as the network says, and moved onto the landmarks as `spsnet run` does."""

    def __init__(self, name: str, folder: Path, body: BodyModel) -> None:
        """Load the head.

        Raises:
            UserError: If the folder is no model, or one for another body.
        """
        self.rows: tuple[str, ...] = (name, f"{name} + refinement")
        self._head = SpsHead.load(folder, threads=1)
        config = self._head.config
        if config.body != body.name:
            raise UserError(f"{folder} was trained on the body {config.body!r}, not on {body.name!r}")
        self.encoder = config.encoder
        self._joints = build_keypoint_model(body, ("lsp14",))
        self._points = LandmarkOffsets.load(folder).build_model(body)

    def answer(self, condition: Condition) -> list[Answer] | None:
        """The network's answer, then the refined one; None if it needs the encoder's vector and there is none."""
        config, sight = self._head.config.features, condition.sight
        if config.uses_vector and sight.feature.shape[-1] == 0:
            return None
        features = build_sight_features(config, sight)
        windows, frames = condition.span_mask.shape
        still = np.tile(np.eye(3), (windows, frames, 24, 1, 1))
        rotations, refined, shape = still, still.copy(), np.zeros((windows, 10))
        for i in np.flatnonzero(condition.span_mask.any(1)):
            span = condition.span_mask[i]
            prediction = self._head.predict(features[i, span])
            landmarks = sight.landmarks_px[i, span].astype(np.float64)
            boxes = compute_network_box(landmarks)
            camera = prediction.camera.astype(np.float64)
            motion = RefinementInput(
                time_s=np.arange(len(landmarks)) / FPS,
                landmarks_px=landmarks,
                box_side_px=boxes[:, 2],
                rotations=prediction.rotations.astype(np.float64),
                shape=prediction.shape.astype(np.float64),
                translation_m=crop_camera_to_translation(camera, boxes, FOCAL_PX, _CENTER),
            )
            rotations[i, span], shape[i] = motion.rotations, motion.shape
            refined[i, span] = refine_motion(motion, _CAMERA, self._points).rotations
        return [self._make_answer(rotations, shape), self._make_answer(refined, shape)]

    def _make_answer(self, rotations: np.ndarray, shape: np.ndarray) -> Answer:
        bodies = Bodies(rotations=rotations, shape=shape)
        return Answer(joints_m=place_joints(self._joints, bodies), bodies=bodies)


def place_joints(joints: KeypointModel, bodies: Bodies) -> Float[np.ndarray, "windows time joints 3"]:
    """Joints of bodies whose origin is the camera."""
    windows, frames = bodies.rotations.shape[:2]
    rotations = bodies.rotations.reshape(-1, 24, 3, 3).astype(np.float64)
    shape = np.repeat(bodies.shape, frames, axis=0).astype(np.float64)
    return compute_keypoints(joints, rotations, shape, np.zeros((len(shape), 3))).reshape(windows, frames, -1, 3)
