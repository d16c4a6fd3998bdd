"""Where an encoder's 2D landmarks lie on a body: a regressor's points, each moved by an offset that was measured."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from spsnet.body.keypoints import SMPL_JOINTS, KeypointModel, build_keypoint_model
from spsnet.body.model import BodyModel
from spsnet.records import UserError

LANDMARKS_FILE = "landmarks.json"
LANDMARK_SET = "blazepose33"


@dataclass(frozen=True, kw_only=True)
class LandmarkOffsets:
    """What an encoder means by its landmarks, against the body's own regressor of the same name."""

    encoder: str
    body: str
    offset_m: Float[np.ndarray, "33 3"]
    """Added in the axes of the joint that carries most of the landmark."""

    def save(self, folder: Path) -> None:
        """Write `landmarks.json` into a model folder."""
        values = {"encoder": self.encoder, "body": self.body, "offset_m": np.round(self.offset_m, 5).tolist()}
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
            return cls(encoder=values["encoder"], body=values["body"], offset_m=offset_m)
        except OSError as error:
            raise UserError(
                f"{path} cannot be read; `spsnet train` and `spsnet synthesize` of a rendered recipe write it"
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path} is not a list of landmark offsets: {error}") from error


def build_landmark_model(body: BodyModel, offset_m: Float[np.ndarray, "33 3"] | None = None) -> KeypointModel:
    """The 24 joints, then the encoder's 33 landmarks: what training simulates and refinement meets.

    Args:
        body: Must have a regressor for BlazePose's landmarks.
        offset_m: Each landmark's offset; none where None.
    """
    model = build_keypoint_model(body, (SMPL_JOINTS, LANDMARK_SET))
    if offset_m is None:
        return model
    template = model.pair_template_m.copy()
    for landmark, pair in enumerate(find_carriers(model)):
        template[pair] += offset_m[landmark]
    return replace(model, pair_template_m=template)


def find_carriers(model: KeypointModel) -> list[int]:
    """For each landmark, the pair of the joint that carries most of it."""
    carriers = []
    for landmark in range(len(model.names) - 33, len(model.names)):
        pairs = np.flatnonzero(model.pair_keypoint == landmark)
        carriers.append(int(pairs[np.argmax(model.pair_weight[pairs])]))
    return carriers
