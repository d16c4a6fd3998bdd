"""The paper's training objective: what the network and the discriminator pay for a batch."""

from dataclasses import dataclass, fields
from itertools import chain
from typing import Literal, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from spsnet.body import KeypointModel, compute_keypoints
from spsnet.datasets.shards import FOCAL_PX
from spsnet.datasets.sights import build_sight_features
from spsnet.geometry import (
    crop_camera_to_translation,
    image_to_crop,
    project_points,
    project_weak_perspective,
    translation_to_crop_camera,
)
from spsnet.losses import (
    LossTerm,
    TotalLoss,
    compute_camera_loss,
    compute_discriminator_loss,
    compute_distance_loss,
    compute_forecast_loss,
    compute_generator_loss,
    compute_joint_loss,
    compute_keypoint_distance_loss,
    compute_keypoint_loss,
    compute_param_loss,
    compute_pose_distance_loss,
    compute_pose_loss,
    compute_shape_loss,
    compute_total_loss,
    compute_velocity_loss,
    join_terms,
)
from spsnet.network.config import FeatureConfig
from spsnet.network.spsnet import NetworkOutput, SpsNet
from spsnet.synthesis.batches import SightWindows, TrainingWindows
from spsnet.training.batching import TrainingBatch
from spsnet.training.judging import Motion, RootMode, describe_motion
from spsnet.training.outlines import OutlineLoss

_CENTER_PX = (0.0, 0.0)
_BODY_JOINTS = 24


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    """Factors of the losses' means (`compute_total_loss`); what has none is not computed."""

    pose: float = 0.0
    """L_SMPL's θ."""
    shape: float = 0.0
    """L_SMPL's β."""
    joints: float = 0.0
    """L_3D."""
    keypoints: float = 0.0
    """L_2D."""
    velocity: float = 0.0
    """Ours: joints' displacement from frame to frame."""
    forecast: float = 0.0
    """L_feature."""
    mask: float = 0.0
    """L_mask."""
    camera: float = 0.0
    """L_camera."""
    adversarial: float = 0.0
    """L_adv, the network's side."""
    param_pose: float = 0.0
    """L_param's three parts."""
    param_shape: float = 0.0
    param_camera: float = 0.0

    def __post_init__(self) -> None:
        """Refuse rewards."""
        for field in fields(self):
            if not getattr(self, field.name) >= 0:
                raise ValueError(f"LossWeights.{field.name} should not be negative, got {getattr(self, field.name)}")


@dataclass(frozen=True, kw_only=True)
class ObjectiveConfig:
    """The choices that the paper leaves open, or that we make otherwise."""

    weights: LossWeights
    projection: Literal["perspective", "weak"] = "perspective"
    """Of L_2D. "weak": the paper's. "perspective": the camera lifted to a translation and the body seen through the
    real lens; a weak-perspective loss teaches wrong depths."""
    errors: Literal["squared", "distance"] = "squared"
    """Of L_SMPL's θ, L_3D and L_2D. "squared": the paper's. "distance": the differences' lengths as they are, so that
    frames whose truth nobody could tell from the encoder's landmarks do not rule."""
    two_sided_mask: bool = True
    """False: L_mask as written, which a larger silhouette never displeases."""
    discriminator_root: RootMode = "heading"
    """How D sees the root's rotation."""
    joints_teach_shape: bool = True
    """False: where L_SMPL teaches β, L_3D, L_2D and the velocity are met by pose and camera alone. The less of a pose
    can be told, the nearer to the truth the joints of a small body are, and so these losses teach one."""
    again_share: float = 1.0
    """Of a batch's windows, drawn anew in every step, those that the network sees again for L_camera and L_param: each
    costs as much as all other losses together."""

    def __post_init__(self) -> None:
        """Refuse a share that is none."""
        if not 0 < self.again_share <= 1:
            raise ValueError(f"ObjectiveConfig.again_share should be over 0 and at most 1, got {self.again_share}")


class Fakes(NamedTuple):
    """The network's motions as D sees them."""

    motion: Motion
    mask: Bool[Tensor, "batch time"]


class SpsObjective:
    """From a batch to what the network and the discriminator pay for it.

    A batch's windows are one frame longer than the network's: the network sees frames 1 to N, which carry all losses,
    and for L_camera frames 2 to N + 1 as well. L_param runs it once more, on the occluded sight. Windows of a single
    frame have no partner for either shift and so no part in L_camera.
    """

    def __init__(
        self,
        points: KeypointModel,
        features: FeatureConfig,
        config: ObjectiveConfig,
        *,
        outlines: OutlineLoss | None = None,
    ) -> None:
        """Keep the parts.

        Args:
            points: The 24 joints, then the 33 landmarks.
            features: What f_i is made of.
            config: Weights and choices.
            outlines: Draws L_mask's silhouettes; needed where it has a weight.

        Raises:
            ValueError: If outlines are needed and missing.
        """
        if config.weights.mask and outlines is None:
            raise ValueError("L_mask needs outlines")
        self._points = points
        self._features = features
        self._config = config
        self._outlines = outlines

    def compute_generator_loss(
        self,
        network: SpsNet,
        discriminator: nn.Module | None,
        batch: TrainingBatch,
        step_generator: torch.Generator,
    ) -> tuple[TotalLoss, Fakes]:
        """What the network pays, and its motions for `compute_discriminator_loss`.

        Args:
            network: Run once to three times, as the weights ask.
            discriminator: None where L_adv has no weight.
            batch: All of its windows and stills count; D sees the windows alone.
            step_generator: Draws the windows that are seen again, where not all are.
        """
        parts = [batch.windows] if batch.stills is None else [batch.windows, batch.stills]
        found, fakes = zip(*(self._compute_terms(network, part, step_generator) for part in parts), strict=True)
        motion, mask = fakes[0]
        weights = self._config.weights
        terms = {name: join_terms([t[name] for t in found if name in t]) for name in dict.fromkeys(chain(*found))}
        if weights.adversarial and discriminator is not None:
            terms["adversarial"] = compute_generator_loss(discriminator(*motion, mask), mask.any(1))
        total = compute_total_loss(terms, {name: getattr(weights, name) for name in terms})
        return total, Fakes(Motion(*(part.detach() for part in motion)), mask)

    def compute_discriminator_loss(
        self,
        discriminator: nn.Module,
        fake: Fakes,
        batch: TrainingBatch,
        step_generator: torch.Generator,  # noqa: ARG002 (D's chance is in the batch)
    ) -> TotalLoss:
        """What D pays for the network's motions and for as many real ones.

        Raises:
            ValueError: If the batch has no real ones.
        """
        if batch.real is None:
            raise ValueError("the discriminator needs real motions, and the batch has none")
        everything = torch.ones(batch.real.pose.shape[:2], dtype=torch.bool, device=batch.real.pose.device)
        terms = compute_discriminator_loss(
            discriminator(*batch.real, everything),
            discriminator(*fake.motion, fake.mask),
            everything.any(1),
            fake.mask.any(1),
        )
        return compute_total_loss(terms._asdict(), dict.fromkeys(terms._fields, 1.0))

    def _compute_terms(
        self, network: SpsNet, batch: TrainingWindows, generator: torch.Generator
    ) -> tuple[dict[str, LossTerm], Fakes]:
        """All losses but L_adv."""
        weights = self._config.weights
        frames = min(network.config.window, batch.seen.mask.shape[1])
        first = _cut(batch.seen, 0, frames)
        output = network(build_sight_features(self._features, first), first.mask)
        terms = self._compare_with_truth(output, batch, first)
        if weights.forecast and output.forecast is not None:
            terms["forecast"] = compute_forecast_loss(output.forecast, output.features, first.mask)
        if weights.mask and self._outlines is not None:
            translation = self._lift(output, first.box_xys_px)
            terms["mask"] = self._outlines.compute(
                output.rotations, output.shape, translation, batch, two_sided=self._config.two_sided_mask
            )
        again = torch.arange(len(first.mask))
        if self._config.again_share < 1:
            count = max(1, round(self._config.again_share * len(again)))
            again = torch.randperm(len(again), generator=generator)[:count]
        if weights.camera and batch.seen.mask.shape[1] > frames:
            second = _cut(batch.seen, 1, frames + 1, again)
            shifted = network(build_sight_features(self._features, second), second.mask)
            terms["camera"] = compute_camera_loss(
                output.camera[again],
                output.rotations[again, :, 0],
                shifted.camera,
                shifted.rotations[:, :, 0],
                first.mask[again],
                second.mask,
            )
        if weights.param_pose or weights.param_shape or weights.param_camera:
            terms |= self._compare_with_occluded(network, output, batch, first, again)
        motion = describe_motion(output.rotations, output.shape, self._config.discriminator_root)
        return terms, Fakes(motion, first.mask)

    def _compare_with_truth(
        self, output: NetworkOutput, batch: TrainingWindows, sight: SightWindows
    ) -> dict[str, LossTerm]:
        """L_SMPL, L_3D, L_2D and the velocity; films have L_2D alone, against their labels, else what was seen."""
        weights, frames = self._config.weights, sight.mask.shape[1]
        squared = self._config.errors == "squared"
        known = sight.mask & batch.labelled[:, None]
        rotations, translation_m = batch.rotations[:, :frames], batch.translation_m[:, :frames]
        terms: dict[str, LossTerm] = {}
        if weights.pose:
            compare_poses = compute_pose_loss if squared else compute_pose_distance_loss
            terms["pose"] = compare_poses(output.rotations, rotations, known)
        if weights.shape:
            terms["shape"] = compute_shape_loss(output.shape, batch.shape, known.any(1))
        shape = output.shape
        if weights.shape and not self._config.joints_teach_shape:
            shape = torch.where(batch.labelled[:, None], shape.detach(), shape)
        predicted = self._place(output.rotations, shape)
        with torch.no_grad():
            target = self._place(rotations, batch.shape)
            seen = project_points(target + translation_m[:, :, None], FOCAL_PX, _center(sight))
            target_2d = image_to_crop(seen, sight.box_xys_px)
            labels = batch.keypoints_px[:, :frames]
            landmarks = torch.where(labels[..., 2:] > 0, labels, sight.landmarks_px)
            landmarks_2d = image_to_crop(landmarks[..., :2], sight.box_xys_px)
            is_film = ~batch.labelled[:, None, None]
            confidence = known[..., None].to(target_2d.dtype).expand(*known.shape, predicted.shape[2]).clone()
            target_2d[:, :, _BODY_JOINTS:] = torch.where(
                is_film[..., None], landmarks_2d, target_2d[:, :, _BODY_JOINTS:]
            )
            film_confidence = landmarks[..., 2] * sight.mask[..., None]
            confidence[:, :, _BODY_JOINTS:] = torch.where(is_film, film_confidence, confidence[:, :, _BODY_JOINTS:])
        valid = known[..., None].expand(*known.shape, predicted.shape[2])
        if weights.joints:
            compare_joints = compute_joint_loss if squared else compute_distance_loss
            terms["joints"] = compare_joints(predicted, target, valid, root=(0,))
        if weights.velocity:
            terms["velocity"] = compute_velocity_loss(predicted, target, valid, root=(0,))
        if weights.keypoints:
            compare_keypoints = compute_keypoint_loss if squared else compute_keypoint_distance_loss
            terms["keypoints"] = compare_keypoints(self._project(predicted, output, sight), target_2d, confidence)
        return terms

    def _project(
        self, points_m: Float[Tensor, "batch time points 3"], output: NetworkOutput, sight: SightWindows
    ) -> Float[Tensor, "batch time points 2"]:
        """Into the crop. 3D points nearer than the lens allows have no 2D gradient."""
        if self._config.projection == "weak":
            return project_weak_perspective(points_m, output.camera)
        placed = points_m + self._lift(output, sight.box_xys_px)[:, :, None]
        return image_to_crop(project_points(placed, FOCAL_PX, _center(sight)), sight.box_xys_px).clamp(-3, 3)

    def _compare_with_occluded(
        self, network: SpsNet, output: NetworkOutput, batch: TrainingWindows, first: SightWindows, again: Tensor
    ) -> dict[str, LossTerm]:
        """L_param; the occluded sight's camera is read in its own crop and told in the first one's."""
        weights = self._config.weights
        hidden = _cut(batch.occluded, 0, first.mask.shape[1], again)
        other = network(build_sight_features(self._features, hidden), hidden.mask)
        translation = self._lift(other, hidden.box_xys_px)
        camera = translation_to_crop_camera(translation, first.box_xys_px[again], FOCAL_PX, _center(first))
        terms = compute_param_loss(
            other.rotations,
            other.shape,
            camera,
            output.rotations[again],
            output.shape[again],
            output.camera[again],
            hidden.mask,
        )
        named = {f"param_{name}": term for name, term in terms._asdict().items()}
        return {name: term for name, term in named.items() if getattr(weights, name)}

    def _place(
        self, rotations: Float[Tensor, "batch time 24 3 3"], shape: Float[Tensor, "batch 10"]
    ) -> Float[Tensor, "batch time points 3"]:
        batch, frames = rotations.shape[:2]
        still = rotations.new_zeros(batch * frames, 3)
        points = compute_keypoints(self._points, rotations.flatten(0, 1), shape.repeat_interleave(frames, 0), still)
        return points.reshape(batch, frames, -1, 3)

    def _lift(self, output: NetworkOutput, box_xys_px: Float[Tensor, "batch time 3"]) -> Float[Tensor, "batch time 3"]:
        center = box_xys_px.new_tensor(_CENTER_PX)
        return crop_camera_to_translation(output.camera, box_xys_px, FOCAL_PX, center)


def _cut(sight: SightWindows, start: int, stop: int, rows: Tensor | None = None) -> SightWindows:
    """Some frames, of some of the windows."""
    kept = SightWindows(*(part[:, start:stop] for part in sight))
    return kept if rows is None else SightWindows(*(part[rows] for part in kept))


def _center(sight: SightWindows) -> Tensor:
    return sight.landmarks_px.new_tensor(_CENTER_PX)
