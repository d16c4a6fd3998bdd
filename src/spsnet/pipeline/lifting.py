"""From what was seen of a person to a body in 3D."""

from pathlib import Path

import numpy as np

from spsnet.body import BodyModel, KeypointModel, build_keypoint_model, compute_keypoints
from spsnet.body.landmarks import LandmarkOffsets
from spsnet.geometry import (
    bridge_rotations,
    bridge_vectors,
    crop_camera_to_translation,
    matrix_to_axis_angle,
    project_points,
    smooth_rotations,
    smooth_vectors,
    translation_to_crop_camera,
)
from spsnet.network.exported import SpsHead
from spsnet.network.features import build_features
from spsnet.pipeline.settings import RunSettings, Stopwatch
from spsnet.records import BodyParameters, PersonMotion, PersonObservations, Pinhole, UserError
from spsnet.refinement import RefinementInput, refine_motion

_NEAREST_M = 0.05


class Lifter:
    """A trained model with its body: observations in, motion out."""

    def __init__(self, folder: Path, body: BodyModel) -> None:
        """Load the model's head and landmark offsets.

        Raises:
            UserError: If the folder is no model, or one for another body.
        """
        self.head = SpsHead.load(folder)
        if self.head.config.body != body.name:
            raise UserError(f"{folder} was trained on the body {self.head.config.body!r}, not on {body.name!r}")
        self.body = body
        self._joints: KeypointModel = build_keypoint_model(body, ("smpl24", "coco17"))
        self._points = LandmarkOffsets.load(folder).build_model(body)

    @property
    def needs_feature(self) -> bool:
        """Whether the model's input holds the encoder's feature vector."""
        return self.head.config.features.uses_vector

    @property
    def needs_mask(self) -> bool:
        """Whether the model's input holds widths, which are measured in the encoder's mask."""
        return self.head.config.features.use_widths

    def lift(
        self, person: PersonObservations, camera: Pinhole, settings: RunSettings, stopwatch: Stopwatch
    ) -> PersonMotion:
        """Run the network on one person and meet the landmarks."""
        center = np.array(camera.center_px)
        with stopwatch.time("network"):
            features = build_features(
                self.head.config.features,
                landmarks_px=person.landmarks_px,
                box_xys_px=person.box_xys_px,
                focal_px=camera.focal_px,
                center_px=center,
                widths_px=person.widths_px,
                world_m=person.world_m,
                vector=person.feature,
            )
            prediction = self.head.predict(features)
        motion = RefinementInput(
            time_s=person.time_s,
            landmarks_px=person.landmarks_px,
            box_side_px=person.box_xys_px[:, 2],
            rotations=prediction.rotations.astype(np.float64),
            shape=prediction.shape.astype(np.float64),
            translation_m=crop_camera_to_translation(
                prediction.camera.astype(np.float64), person.box_xys_px, camera.focal_px, center
            ),
        )
        if settings.refine:
            with stopwatch.time("refine"):
                motion = refine_motion(motion, camera, self._points)
        # Where nobody was seen, the arc between the frames around is no worse than what a network makes of nothing.
        seen = np.asarray(person.landmarks_px[..., 2].any(1))
        sigma_s = settings.effective_smooth_s
        rotations = smooth_rotations(bridge_rotations(motion.rotations, motion.time_s, seen), motion.time_s, sigma_s)
        translation = smooth_vectors(bridge_vectors(motion.translation_m, motion.time_s, seen), motion.time_s, sigma_s)
        translation[:, 2] = np.maximum(translation[:, 2], _NEAREST_M)
        joints = compute_keypoints(self._joints, rotations, motion.shape, translation)
        return PersonMotion(
            track_id=person.track_id,
            frame_index=person.frame_index,
            time_s=person.time_s,
            box_xys_px=person.box_xys_px,
            confidence=person.confidence,
            filled_mask=person.filled_mask,
            body=BodyParameters(
                pose_rad=matrix_to_axis_angle(rotations).reshape(len(person), 72),
                shape=motion.shape,
                translation_m=translation,
            ),
            crop_camera=translation_to_crop_camera(translation, person.box_xys_px, camera.focal_px, center),
            focal_px=camera.focal_px,
            joints_m=joints,
            joints_px=project_points(joints, camera.focal_px, center),
            joint_names=self._joints.names,
            keypoints_px=person.landmarks_px,
        )
