"""Where an encoder's 2D landmarks lie on a body: a regressor's points, each moved by an offset that was measured."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from spsnet.body.keypoints import SMPL_JOINTS, KeypointModel, build_keypoint_model
from spsnet.body.model import BodyModel
from spsnet.records import UserError

LANDMARKS_FILE = "landmarks.json"
LANDMARK_SET = "blazepose33"
_JOINTS = 24


@dataclass(frozen=True, kw_only=True)
class LandmarkOffsets:
    """What an encoder means by its landmarks, against the body's own regressor of the same name."""

    encoder: str
    body: str
    offset_m: Float[np.ndarray, "33 3"]
    joint: Int[np.ndarray, "33"] | None = None
    """Of SMPL's 24, the one in whose axes each offset is, and with which it turns. None, as in files of versions before
    0.4: the one that carries most of the landmark."""

    def build_model(self, body: BodyModel) -> KeypointModel:
        """The 24 joints, then the landmarks where the encoder puts them; see `build_landmark_model`."""
        return build_landmark_model(body, self.offset_m, self.joint)

    def save(self, folder: Path) -> None:
        """Write `landmarks.json` into a model folder."""
        values = {
            "encoder": self.encoder,
            "body": self.body,
            "offset_m": np.round(self.offset_m, 5).tolist(),
            "joint": None if self.joint is None else self.joint.tolist(),
        }
        (folder / LANDMARKS_FILE).write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "LandmarkOffsets":
        """Read a model folder's `landmarks.json`.

        Raises:
            UserError: If the file is missing or is not one, naming it.
        """
        path = folder / LANDMARKS_FILE
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            offset_m = np.array(values["offset_m"], dtype=np.float32).reshape(33, 3)
            joint = values.get("joint")
            if joint is not None:
                joint = np.array(joint, dtype=np.int64).reshape(33)
                if not ((joint >= 0) & (joint < _JOINTS)).all():
                    raise ValueError(f"a joint should be from 0 to {_JOINTS - 1}")
            return cls(encoder=values["encoder"], body=values["body"], offset_m=offset_m, joint=joint)
        except OSError as error:
            raise UserError(
                f"{path} cannot be read; `spsnet train` and `spsnet synthesize` of a rendered recipe write it"
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(f"{path} is not a list of landmark offsets: {error}") from error


def build_landmark_model(
    body: BodyModel,
    offset_m: Float[np.ndarray, "33 3"] | None = None,
    joint: Int[np.ndarray, "33"] | None = None,
) -> KeypointModel:
    """The 24 joints, then the encoder's 33 landmarks: what training simulates and refinement meets.

    Args:
        body: Must have a regressor for BlazePose's landmarks.
        offset_m: Each landmark's offset; none where None.
        joint: That each offset turns with (`LandmarkOffsets.joint`).

    Raises:
        ValueError: If the body has no such regressor, or a joint does not move its landmark.
    """
    model = build_keypoint_model(body, (SMPL_JOINTS, LANDMARK_SET))
    if offset_m is None:
        return model
    template = model.pair_template_m.copy()
    for landmark, pair in enumerate(find_carriers(model, joint)):
        template[pair] += offset_m[landmark]
    return replace(model, pair_template_m=template)


def find_carriers(model: KeypointModel, joint: Int[np.ndarray, "33"] | None = None) -> Int[np.ndarray, "33"]:
    """For each landmark, its pair with that joint; where None, with the joint that carries most of it.

    Raises:
        ValueError: If a joint does not move its landmark.
    """
    share, pair = describe_carriers(model)
    chosen = share.argmax(1) if joint is None else joint
    carriers = pair[np.arange(len(pair)), chosen]
    if (carriers < 0).any():
        landmark = int(np.argmin(carriers))
        raise ValueError(f"joint {chosen[landmark]} does not move landmark {landmark}")
    return carriers


def describe_carriers(model: KeypointModel) -> tuple[Float[np.ndarray, "33 24"], Int[np.ndarray, "33 24"]]:
    """How much of each landmark goes with each joint, and the pair that says so; 0 and -1 where there is none."""
    share, pair = np.zeros((33, _JOINTS), np.float32), np.full((33, _JOINTS), -1)
    landmark = model.pair_keypoint - (len(model.names) - 33)
    own = np.flatnonzero(landmark >= 0)
    place = landmark[own], model.pair_joint[own]
    share[place], pair[place] = model.pair_weight[own], own
    return share, pair
