"""Protocols by name: what a number of the literature was measured on, and how."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import numpy as np
from jaxtyping import Float

from spsnet.records import Gender

THREE_DPW = "3dpw"
MPI_INF_3DHP = "mpi-inf-3dhp"
HUMAN36M = "human36m"
DEFAULT = "spsnet"

Root = Literal["hips", "pelvis"]
PveAlignment = Literal["root", "origin"]
AccelerationUnit = Literal["mm/frame²", "mm/s²", "m/s²"]


@dataclass(frozen=True, kw_only=True)
class FrameRules:
    """Which frames of a sequence count; the rules are applied in this order."""

    valid_annotation: bool = False
    """The data set vouches for the frame (3DHP's `valid_frame`)."""
    valid_camera: bool = False
    """The camera's pose is known (3DPW's `campose_valid`)."""
    limbs_seen: bool = False
    """More than 6 of the 12 joints of arms and legs have a 2D confidence above 0.3."""
    joints_inside: bool = False
    """Every 2D joint lies in the picture."""
    ends_dropped: bool = False
    """The first and the last of the frames that are left do not count."""
    clip_length: int | None = None
    """Frames that are left are cut into clips of this length; the tail that fills none does not count."""
    clips_bridge_gaps: bool = True
    """Whether a clip may go on after dropped frames. Otherwise a new one begins, and each stretch has a tail."""


@dataclass(frozen=True, kw_only=True)
class AccelerationRule:
    """How the acceleration error is taken."""

    units: tuple[AccelerationUnit, ...]
    concatenated: bool
    """Over all counted frames of all sequences as if they were one film, seams included; else within sequences, over
    three neighbouring frames."""


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How predictions are compared with the truth.

    The same in all: Procrustes with scale, reflections refused, prediction aligned to truth, frame by frame; every
    frame counts once.
    """

    name: str
    summary: str
    """Whose it is, in a sentence."""
    joint_set: str
    """On data sets that `joint_sets` does not name."""
    joint_sets: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """By data set."""
    root: Root
    """What both bodies are moved by: mean of the hips, or H3.6M's pelvis (joint 0 of its regressor)."""
    gendered: tuple[str, ...] | None
    """Data sets whose true bodies are posed with the gender that they name; None: all; others are neutral."""
    frames: FrameRules
    """On data sets that `frames_by_dataset` does not name."""
    frames_by_dataset: Mapping[str, FrameRules] = field(default_factory=lambda: MappingProxyType({}))
    pve: PveAlignment | None
    """Roots taken off, or only the bodies' translations (the model's own origin: what others call not aligned)."""
    acceleration: AccelerationRule | None
    half_precision_truth: bool = False
    """The truth passes float16: pose, shape and joints."""

    def get_joint_set(self, dataset: str) -> str:
        """Name of the joints that count on a data set."""
        return self.joint_sets.get(dataset, self.joint_set)

    def get_frame_rules(self, dataset: str) -> FrameRules:
        """Rules for a data set's frames."""
        return self.frames_by_dataset.get(dataset, self.frames)

    def choose_gender(self, dataset: str, gender: Gender) -> Gender:
        """Gender of the body with which the truth's parameters are to be posed; predictions are always neutral.

        Convention:
            A woman of 3DPW is "female" under `spsnet`, `spin` and `wham`, "neutral" under `vibe`.
        """
        return gender if self.gendered is None or dataset in self.gendered else "neutral"

    def round_truth(self, values: Float[np.ndarray, "*any"]) -> Float[np.ndarray, "*any"]:
        """What is left of the truth's pose, shape or joints once they went through the protocol's precision.

        Convention:
            A joint 3.0008 m away comes out at 3 m under `vibe`, whose steps are 1.95 mm between 2 and 4 m; under the
            others as it is.
        """
        return values.astype(np.float16).astype(values.dtype) if self.half_precision_truth else values

    def describe(self, dataset: str) -> str:
        """Protocol, joints, root and body in one line.

        Convention:
            "protocol vibe: lsp14 joints, root between the hips, true bodies neutral and through float16".
        """
        root = {"hips": "between the hips", "pelvis": "H3.6M's pelvis"}[self.root]
        gendered = self.gendered is None or dataset in self.gendered
        body = "gendered where a gender is given" if gendered else "neutral"
        precision = " and through float16" if self.half_precision_truth else ""
        return f"protocol {self.name}: {self.get_joint_set(dataset)} joints, root {root}, true bodies {body}{precision}"


def get_protocol(name: str) -> Protocol:
    """Protocol by name: spsnet, vibe, spin, wham.

    Raises:
        ValueError: If there is no such protocol, naming those there are.
    """
    if name not in PROTOCOLS:
        raise ValueError(f"no protocol {name!r}; known are {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]


_VALID = FrameRules(valid_annotation=True, valid_camera=True)

PROTOCOLS: Mapping[str, Protocol] = MappingProxyType(
    {
        protocol.name: protocol
        for protocol in (
            Protocol(
                name=DEFAULT,
                summary="Every frame whose label and camera are valid, nothing rounded, units stated.",
                joint_set="lsp14",
                joint_sets=MappingProxyType({MPI_INF_3DHP: "mpi_inf_3dhp17", HUMAN36M: "h36m17"}),
                root="hips",
                gendered=None,
                frames=_VALID,
                pve="root",
                acceleration=AccelerationRule(units=("mm/frame²", "mm/s²"), concatenated=False),
            ),
            Protocol(
                name="vibe",
                summary="As Kocabas et al. 2020 and the papers that compare with them, SPS-Net's too.",
                joint_set="lsp14",
                root="hips",
                gendered=(),
                frames=FrameRules(limbs_seen=True, clip_length=16),
                frames_by_dataset=MappingProxyType(
                    {
                        MPI_INF_3DHP: FrameRules(
                            valid_annotation=True, joints_inside=True, clip_length=16, clips_bridge_gaps=False
                        ),
                        HUMAN36M: FrameRules(clip_length=16),
                    }
                ),
                pve="origin",
                acceleration=AccelerationRule(units=("mm/frame²",), concatenated=True),
                half_precision_truth=True,
            ),
            Protocol(
                name="spin",
                summary="As Kolotouros et al. 2019, picture by picture.",
                joint_set="lsp14",
                joint_sets=MappingProxyType({MPI_INF_3DHP: "mpi_inf_3dhp17"}),
                root="pelvis",
                gendered=(THREE_DPW,),
                frames=_VALID,
                frames_by_dataset=MappingProxyType(
                    {MPI_INF_3DHP: FrameRules(valid_annotation=True, joints_inside=True)}
                ),
                pve=None,
                acceleration=None,
            ),
            Protocol(
                name="wham",
                summary="As Shin et al. 2024; what their program calls the pelvis is the mean of the hips.",
                joint_set="smpl24",
                joint_sets=MappingProxyType({THREE_DPW: "lsp14"}),
                root="hips",
                gendered=None,
                frames=FrameRules(valid_annotation=True, ends_dropped=True),
                frames_by_dataset=MappingProxyType({THREE_DPW: FrameRules(ends_dropped=True)}),
                pve="root",
                acceleration=AccelerationRule(units=("m/s²",), concatenated=False),
            ),
        )
    }
)
"""Every protocol by name."""
