"""One made-up result under every protocol, and what each rule changes: `python benchmarks/protocols.py`.

Four films with five people, the open body moved by smoothed noise; the predictions are the truth with errors of known
kinds. The rules are those for 3DPW. Printed as markdown; nothing is downloaded, and two runs print the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from spsnet.body import KeypointModel, build_keypoint_model, compute_keypoints, compute_vertices, load_body
from spsnet.evaluation.frame_selection import select_frames
from spsnet.evaluation.measured_motion import LabelledMotion, MotionArrays
from spsnet.evaluation.protocol_result import ProtocolResult, join_sequences
from spsnet.evaluation.protocols import PROTOCOLS, THREE_DPW, FrameRules, Protocol, get_protocol
from spsnet.evaluation.sequence_errors import score_sequence
from spsnet.geometry import axis_angle_to_matrix, matrix_to_axis_angle
from spsnet.metrics import Estimate
from spsnet.records import Gender

FPS = 30.0
PEOPLE = (("street", 125), ("street", 125), ("stairs", 90), ("football", 77), ("cafe", 47))
"""Film and frames of each person; no length is a multiple of 16."""
HIDDEN, LOST = slice(20, 38), slice(30, 35)
"""Frames whose legs and one arm are not seen (every second person), and whose camera is lost (every third)."""
LAG, SCALE, OFFSET_M = 2, 1.04, (0.1, -0.05, 0.4)
"""The prediction is two frames late, 4 % too large, and somewhere else."""
JITTER_RAD, TURN_RAD, HIDDEN_RAD, LOST_RAD = 0.01, 0.1, 0.3, 0.5
"""Shaking of every joint, a constant turn of the whole body, errors where limbs are hidden; how far a lost camera turns
the truth."""
GENDER: Gender = "female"
GENDERED_SHAPE = np.array([0.5, -0.8] + [0.0] * 8)
"""Stands for the gendered bodies, which we do not have: what the same numbers come to on one of them."""
REST_PELVIS_M = np.array((0.0, -0.22, 0.03))
"""Stands for SMPL's origin, from which its pelvis lies about so far; the open body's lies in its origin."""


@dataclass(frozen=True)
class Body:
    """Rotations, shape, size and place of one person."""

    rotations: Float[np.ndarray, "time 24 3 3"]
    shape: Float[np.ndarray, "10"]
    pelvis_m: Float[np.ndarray, "time 3"]
    scale: float


@dataclass(frozen=True)
class Person:
    """One person of one film, true and predicted."""

    film: str
    pose_rad: Float[np.ndarray, "time 24 3"]
    shape: Float[np.ndarray, "10"]
    pelvis_m: Float[np.ndarray, "time 3"]
    predicted: Body
    camera_valid_mask: Bool[np.ndarray, " time"]
    keypoints_px: Float[np.ndarray, "time 14 3"]


def main() -> None:
    """Print the four protocols, then the way from the first to each of the others."""
    measure = Measure(list(make_people()))
    results = {name: measure(protocol) for name, protocol in PROTOCOLS.items()}
    print_table([(f"`{name}`", result) for name, result in results.items()], "protocol")
    print("\nFrames that do not count:\n")
    for name, result in results.items():
        lost = "; ".join(f"{count} {reason}" for reason, count in result.dropped.items())
        print(f"- `{name}`: {result.total_frames - result.frames} of {result.total_frames}{': ' * bool(lost)}{lost}")
    for name, steps in list_ways().items():
        print(f"\nFrom `spsnet` to `{name}`, one rule after the other:\n")
        protocol, rows = get_protocol("spsnet"), [("`spsnet`", results["spsnet"])]
        for rule, changes in steps:
            protocol = replace(protocol, **changes)
            rows.append((rule, measure(protocol)))
        if rows[-1][1].mpjpe_mm != results[name].mpjpe_mm or rows[-1][1].frames != results[name].frames:
            raise ValueError(f"the rules listed do not lead from spsnet to {name}")
        print_table(rows, "rule")


def list_ways() -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Rules in which each protocol differs from `spsnet` on 3DPW."""
    vibe, spin, wham = (get_protocol(name) for name in ("vibe", "spin", "wham"))
    every = FrameRules()
    return {
        "vibe": [
            ("true bodies neutral", {"gendered": vibe.gendered}),
            ("truth through float16", {"half_precision_truth": True}),
            ("lost cameras count", {"frames": every}),
            ("hidden limbs do not", {"frames": replace(every, limbs_seen=True)}),
            ("clips of 16", {"frames": vibe.frames}),
            ("PVE about the body's origin", {"pve": vibe.pve}),
            ("acceleration across seams", {"acceleration": vibe.acceleration}),
        ],
        "spin": [
            ("root the pelvis", {"root": spin.root}),
            ("no surface, no motion", {"pve": None, "acceleration": None}),
        ],
        "wham": [
            ("lost cameras count", {"frames": every}),
            ("first and last frame do not", {"frames": wham.get_frame_rules(THREE_DPW)}),
            ("acceleration in m/s²", {"acceleration": wham.acceleration}),
        ],
    }


class Measure:
    """Poses bodies and scores them."""

    def __init__(self, people: list[Person]) -> None:
        self.people = people
        self._body = load_body()
        self._joints: KeypointModel = build_keypoint_model(self._body, ("lsp14", "smpl24"))
        self._predicted = [self._pose(person.predicted) for person in people]
        self._true: dict[tuple[Gender, bool], list[MotionArrays]] = {}

    def __call__(self, protocol: Protocol) -> ProtocolResult:
        """All people under a protocol."""
        scored = []
        for number, (person, predicted, true) in enumerate(
            zip(self.people, self._predicted, self._pose_truth(protocol), strict=True)
        ):
            truth = LabelledMotion(
                dataset=THREE_DPW,
                name=f"{person.film}_{number}",
                sequence=person.film,
                fps=FPS,
                frame_index=np.arange(len(true)),
                motion=true,
                valid_mask=np.ones(len(true), bool),
                camera_valid_mask=person.camera_valid_mask,
                keypoints_px=person.keypoints_px,
                keypoint_set="lsp14",
            )
            scored.append(score_sequence(protocol, predicted, truth, select_frames(protocol, truth)))
        return join_sequences(scored)

    def _pose_truth(self, protocol: Protocol) -> list[MotionArrays]:
        """The truth as `Protocol.choose_gender` and `Protocol.round_truth` have it, posed once for each way."""
        gender = protocol.choose_gender(THREE_DPW, GENDER)
        key = gender, protocol.half_precision_truth
        if key not in self._true:
            extra = GENDERED_SHAPE if gender == GENDER else 0.0
            self._true[key] = [
                self._pose(
                    Body(
                        rotations=axis_angle_to_matrix(protocol.round_truth(person.pose_rad)),
                        shape=protocol.round_truth(person.shape) + extra,
                        pelvis_m=person.pelvis_m,
                        scale=1.0,
                    )
                )
                for person in self.people
            ]
        return self._true[key]

    def _pose(self, body: Body) -> MotionArrays:
        """Joints and surface; SMPL's own pelvis stands for H3.6M's, which the open body has between the hips."""
        frames = len(body.rotations)
        parts = (body.rotations, np.tile(body.shape, (frames, 1)), np.zeros((frames, 3)))
        joints = compute_keypoints(self._joints, *parts)
        surface = compute_vertices(self._body, *(part.astype(np.float32) for part in parts))
        place = body.pelvis_m[:, None]
        return MotionArrays(
            joints_m=place + body.scale * joints[:, :14],
            joint_set="lsp14",
            pelvis_m=body.pelvis_m + body.scale * joints[:, 14],
            vertices_m=place + body.scale * surface,
            translation_m=body.pelvis_m - body.scale * REST_PELVIS_M,
        )


def make_people() -> Iterator[Person]:
    """Five people, always the same."""
    rng = np.random.default_rng(2021)
    for number, (film, frames) in enumerate(PEOPLE):
        hidden, lost = np.zeros(frames, bool), np.zeros(frames, bool)
        hidden[HIDDEN], lost[LOST] = number % 2 == 1, number % 3 == 0
        pose = 0.2 * smooth(rng.normal(size=(frames, 24, 3)), 31)
        pose[:, 0] += (np.pi, 0, 0)
        pose[:, 16:18] += ((0, 0, -1.1), (0, 0, 1.1))
        shape = 0.7 * rng.normal(size=10)
        place = np.array((0.3, 0.2, 3.5)) + 0.4 * smooth(rng.normal(size=(frames, 3)), 61)
        guess = np.concatenate([np.repeat(pose[:1], LAG, axis=0), pose[:-LAG]])
        guess = guess + JITTER_RAD * rng.normal(size=guess.shape)
        guess[:, 1:] += HIDDEN_RAD * hidden[:, None, None] * smooth(rng.normal(size=guess[:, 1:].shape), 9)
        turn = axis_angle_to_matrix(TURN_RAD * np.eye(3)[1])
        rotations = axis_angle_to_matrix(guess)
        rotations[:, 0] = turn @ rotations[:, 0]
        keypoints = np.full((frames, 14, 3), 0.9)
        keypoints[hidden, :7, 2] = 0.1
        true_pose = pose.copy()
        turned = axis_angle_to_matrix(LOST_RAD * np.eye(3)[1]) @ axis_angle_to_matrix(pose[lost, 0])
        true_pose[lost, 0] = matrix_to_axis_angle(turned)
        yield Person(
            film=film,
            pose_rad=true_pose,
            shape=shape,
            pelvis_m=place,
            predicted=Body(rotations, shape, place + OFFSET_M, SCALE),
            camera_valid_mask=~lost,
            keypoints_px=keypoints,
        )


def smooth(noise: Float[np.ndarray, "time ..."], width: int) -> Float[np.ndarray, "time ..."]:
    """Noise smoothed by a window over time, its spread 1 again."""
    window = np.hanning(width + 2)[1:-1]
    flat = noise.reshape(len(noise), -1)
    padded = np.pad(flat, ((width // 2, width // 2), (0, 0)), mode="wrap")
    smoothed = np.stack([np.convolve(column, window, mode="valid") for column in padded.T], axis=1)
    return (smoothed / np.sqrt((window**2).sum())).reshape(noise.shape)


def print_table(rows: list[tuple[str, ProtocolResult]], heading: str) -> None:
    """Markdown, a row a result."""
    print(f"| {heading} | frames | MPJPE, mm | PA-MPJPE, mm | PVE, mm | acceleration error |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, result in rows:
        acceleration = " = ".join(f"{format_estimate(value)} {unit}" for unit, value in result.acceleration.items())
        cells = (result.mpjpe_mm, result.pa_mpjpe_mm, result.pve_mm)
        numbers = " | ".join(format_estimate(value) for value in cells)
        print(f"| {name} | {result.frames} | {numbers} | {acceleration or '-'} |")


def format_estimate(estimate: Estimate | None) -> str:
    """Four digits, and half the interval."""
    if estimate is None:
        return "-"
    digits = 0 if estimate.value >= 1000 else 1
    return f"{estimate.value:.{digits}f} ± {estimate.margin:.{digits}f}"


if __name__ == "__main__":
    main()
