"""Joint sets of the field by name: order, left and right, lines to draw.

One name means one point of the body, whichever set it stands in. A point that a data set defines in its own way carries
the set's name in front (`h36m_head`, `openpose_nose`, `mpi_spine`); `get_meaning` says what it may stand for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Int


@dataclass(frozen=True, kw_only=True, eq=False)
class JointSet:
    """Names of joints in the order a data set or body model writes them."""

    name: str
    joint_names: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...]
    """(left, right) of every joint that has two sides."""
    edges: tuple[tuple[int, int], ...]
    """(from, to) of the lines of a drawing, from the trunk outwards."""

    def __post_init__(self) -> None:
        """Check that names are unique and indices exist."""
        if len(set(self.joint_names)) != len(self.joint_names):
            raise ValueError(f"joint names of {self.name} should be unique")
        if any(not 0 <= i < len(self) for pair in (*self.pairs, *self.edges) for i in pair):
            raise ValueError(f"pairs and edges of {self.name} should point to its {len(self)} joints")

    def __len__(self) -> int:
        """Number of joints."""
        return len(self.joint_names)

    def index(self, joint_name: str) -> int:
        """Place of a joint by name.

        Raises:
            ValueError: If the set has no such joint.
        """
        if joint_name not in self.joint_names:
            raise ValueError(f"joint set {self.name} has no {joint_name!r}; it has {', '.join(self.joint_names)}")
        return self.joint_names.index(joint_name)

    @cached_property
    def mirror_index(self) -> Int[np.ndarray, " joints"]:
        """For each joint the one on the other side: `joints[mirror_index]` swaps left and right."""
        index = np.arange(len(self))
        for left, right in self.pairs:
            index[left], index[right] = right, left
        return index


def get_joint_set(name: str) -> JointSet:
    """Joint set by name.

    smpl24, h36m17, lsp14, coco17, openpose18, openpose25, spin49, blazepose33, mpi_inf_3dhp17, mpi_inf_3dhp28,
    posetrack17, penn13.

    Raises:
        ValueError: If there is no such set, naming those there are.
    """
    if name not in JOINT_SETS:
        raise ValueError(f"no joint set {name!r}; known are {', '.join(JOINT_SETS)}")
    return JOINT_SETS[name]


def get_meaning(joint_name: str) -> str:
    """The plain point that a data set's own point may stand for; plain names stand for themselves."""
    return _STANDS_FOR.get(joint_name, joint_name.removeprefix("openpose_"))


_STANDS_FOR = {
    "h36m_head": "head_top",
    "h36m_spine": "spine",
    "mpi_spine": "spine",
    "h36m_jaw": "head_center",
    "mpi_head": "head_center",
    "head_bottom": "neck",
}

_SMPL24 = (
    "pelvis left_hip right_hip spine1 left_knee right_knee spine2 left_ankle right_ankle spine3 left_foot right_foot "
    "neck left_collar right_collar head left_shoulder right_shoulder left_elbow right_elbow left_wrist right_wrist "
    "left_hand right_hand"
)
_SMPL24_PARENTS = {
    "left_hip": "pelvis", "right_hip": "pelvis", "spine1": "pelvis", "left_knee": "left_hip", "right_knee": "right_hip",
    "spine2": "spine1", "left_ankle": "left_knee", "right_ankle": "right_knee", "spine3": "spine2",
    "left_foot": "left_ankle", "right_foot": "right_ankle", "neck": "spine3", "left_collar": "spine3",
    "right_collar": "spine3", "head": "neck", "left_shoulder": "left_collar", "right_shoulder": "right_collar",
    "left_elbow": "left_shoulder", "right_elbow": "right_shoulder", "left_wrist": "left_elbow",
    "right_wrist": "right_elbow", "left_hand": "left_wrist", "right_hand": "right_wrist",
}  # fmt: skip

_LIMBS = {
    "left_knee": "left_hip", "right_knee": "right_hip", "left_ankle": "left_knee", "right_ankle": "right_knee",
    "left_elbow": "left_shoulder", "right_elbow": "right_shoulder", "left_wrist": "left_elbow",
    "right_wrist": "right_elbow",
}  # fmt: skip
_FACE = {"left_eye": "nose", "right_eye": "nose", "left_ear": "left_eye", "right_ear": "right_eye"}
_SHOULDERS_ON_NECK = {"left_shoulder": "neck", "right_shoulder": "neck"}

_COCO17 = (
    "nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow right_elbow left_wrist "
    "right_wrist left_hip right_hip left_knee right_knee left_ankle right_ankle"
)
_SIDES = {"left_hip": "left_shoulder", "right_hip": "right_shoulder"}
_EARS_ON_SHOULDERS = {"left_shoulder": "left_ear", "right_shoulder": "right_ear"}
_HIPS = ("left_hip", "right_hip")
_SHOULDERS = ("left_shoulder", "right_shoulder")

# The order of the H3.6M joint regressor: left leg first; the raw data set has the right leg first.
_H36M17 = (
    "pelvis left_hip left_knee left_ankle right_hip right_knee right_ankle h36m_spine neck h36m_jaw h36m_head "
    "left_shoulder left_elbow left_wrist right_shoulder right_elbow right_wrist"
)
_H36M_TRUNK = {
    "left_hip": "pelvis", "right_hip": "pelvis", "h36m_spine": "pelvis", "neck": "h36m_spine", "h36m_jaw": "neck",
    "h36m_head": "h36m_jaw",
}  # fmt: skip

_LSP14 = (
    "right_ankle right_knee right_hip left_hip left_knee left_ankle right_wrist right_elbow right_shoulder "
    "left_shoulder left_elbow left_wrist neck head_top"
)

# OpenPose's points of COCO's model, which 3DPW's are: no middle of the hips, no feet.
_OPENPOSE18 = (
    "nose neck right_shoulder right_elbow right_wrist left_shoulder left_elbow left_wrist right_hip right_knee "
    "right_ankle left_hip left_knee left_ankle right_eye left_eye right_ear left_ear"
)
_OPENPOSE18_TRUNK = {"nose": "neck", "left_hip": "neck", "right_hip": "neck"}

_OPENPOSE25 = (
    "nose neck right_shoulder right_elbow right_wrist left_shoulder left_elbow left_wrist mid_hip right_hip right_knee "
    "right_ankle left_hip left_knee left_ankle right_eye left_eye right_ear left_ear left_big_toe left_small_toe "
    "left_heel right_big_toe right_small_toe right_heel"
)
_OPENPOSE_TRUNK = {
    "nose": "neck", "mid_hip": "neck", "left_hip": "mid_hip", "right_hip": "mid_hip", "left_big_toe": "left_ankle",
    "right_big_toe": "right_ankle", "left_small_toe": "left_big_toe", "right_small_toe": "right_big_toe",
    "left_heel": "left_ankle", "right_heel": "right_ankle",
}  # fmt: skip

# SPIN's ground-truth joints: LSP's 14, then points of MPII, H3.6M and COCO.
_SPIN24 = f"{_LSP14} pelvis thorax h36m_spine h36m_jaw h36m_head nose left_eye right_eye left_ear right_ear"
_SPIN_TRUNK = {
    "left_hip": "pelvis", "right_hip": "pelvis", "h36m_spine": "pelvis", "thorax": "h36m_spine", "neck": "thorax",
    "h36m_jaw": "neck", "h36m_head": "h36m_jaw", "nose": "neck", "head_top": "neck",
}  # fmt: skip

_BLAZEPOSE33 = (
    "nose left_eye_inner left_eye left_eye_outer right_eye_inner right_eye right_eye_outer left_ear right_ear "
    "mouth_left mouth_right left_shoulder right_shoulder left_elbow right_elbow left_wrist right_wrist left_pinky "
    "right_pinky left_index right_index left_thumb right_thumb left_hip right_hip left_knee right_knee left_ankle "
    "right_ankle left_heel right_heel left_foot_index right_foot_index"
)
_BLAZEPOSE_EXTRA = {
    "left_eye_inner": "nose", "left_eye": "left_eye_inner", "left_eye_outer": "left_eye", "left_ear": "left_eye_outer",
    "right_eye_inner": "nose", "right_eye": "right_eye_inner", "right_eye_outer": "right_eye",
    "right_ear": "right_eye_outer", "mouth_right": "mouth_left", "left_pinky": "left_wrist",
    "right_pinky": "right_wrist", "left_index": "left_wrist", "right_index": "right_wrist", "left_thumb": "left_wrist",
    "right_thumb": "right_wrist", "left_heel": "left_ankle", "right_heel": "right_ankle",
    "left_foot_index": "left_heel", "right_foot_index": "right_heel",
}  # fmt: skip

_MPI17 = (
    "head_top neck right_shoulder right_elbow right_wrist left_shoulder left_elbow left_wrist right_hip right_knee "
    "right_ankle left_hip left_knee left_ankle pelvis mpi_spine mpi_head"
)
_MPI17_TRUNK = {
    "left_hip": "pelvis", "right_hip": "pelvis", "mpi_spine": "pelvis", "neck": "mpi_spine", "mpi_head": "neck",
    "head_top": "mpi_head",
}  # fmt: skip

_MPI28 = (
    "mpi_spine3 mpi_spine4 mpi_spine2 mpi_spine pelvis neck mpi_head head_top mpi_left_clavicle left_shoulder "
    "left_elbow left_wrist mpi_left_hand mpi_right_clavicle right_shoulder right_elbow right_wrist mpi_right_hand "
    "left_hip left_knee left_ankle mpi_left_foot mpi_left_toe right_hip right_knee right_ankle mpi_right_foot "
    "mpi_right_toe"
)
_MPI28_EXTRA = {
    "left_hip": "pelvis", "right_hip": "pelvis", "mpi_spine": "pelvis", "mpi_spine2": "mpi_spine",
    "mpi_spine3": "mpi_spine2", "mpi_spine4": "mpi_spine3", "neck": "mpi_spine4", "mpi_head": "neck",
    "head_top": "mpi_head", "mpi_left_clavicle": "neck", "mpi_right_clavicle": "neck",
    "left_shoulder": "mpi_left_clavicle", "right_shoulder": "mpi_right_clavicle", "mpi_left_hand": "left_wrist",
    "mpi_right_hand": "right_wrist", "mpi_left_foot": "left_ankle", "mpi_right_foot": "right_ankle",
    "mpi_left_toe": "mpi_left_foot", "mpi_right_toe": "mpi_right_foot",
}  # fmt: skip

# PoseTrack calls the upper neck the bottom of the head, as MPII's annotators did. It never annotates the ears.
_POSETRACK17 = (
    "nose head_bottom head_top left_ear right_ear left_shoulder right_shoulder left_elbow right_elbow left_wrist "
    "right_wrist left_hip right_hip left_knee right_knee left_ankle right_ankle"
)
_POSETRACK_HEAD = {
    "left_shoulder": "head_bottom", "right_shoulder": "head_bottom", "nose": "head_bottom", "head_top": "nose",
    "left_ear": "nose", "right_ear": "nose",
}  # fmt: skip

# In the order of its own page, which does not say where on the head the head is.
_PENN13 = (
    "penn_head left_shoulder right_shoulder left_elbow right_elbow left_wrist right_wrist left_hip right_hip left_knee "
    "right_knee left_ankle right_ankle"
)
_SHOULDERS_ON_PENN_HEAD = {"left_shoulder": "penn_head", "right_shoulder": "penn_head"}


def _make(name: str, joint_names: str, parents: Mapping[str, str], *closing: tuple[str, str]) -> JointSet:
    """A joint set from its names, the joint that each is drawn from, and lines that close the trunk."""
    names = tuple(joint_names.split())
    place = {joint: i for i, joint in enumerate(names)}
    sides = ((joint, joint.replace("left", "right")) for joint in names if "left" in joint)
    return JointSet(
        name=name,
        joint_names=names,
        pairs=tuple((place[left], place[right]) for left, right in sides),
        edges=tuple((place[parent], place[joint]) for joint, parent in (*parents.items(), *closing)),
    )


def _prefix(joint_names: str) -> str:
    return " ".join(f"openpose_{joint}" for joint in joint_names.split())


def _prefix_parents(trunk: Mapping[str, str]) -> dict[str, str]:
    parents = {**_LIMBS, **_FACE, **_SHOULDERS_ON_NECK, **trunk}
    return {_prefix(joint): _prefix(parent) for joint, parent in parents.items()}


_OPENPOSE_PARENTS = _prefix_parents(_OPENPOSE_TRUNK)
_SPIN_PARENTS = {**_LIMBS, **_FACE, **_SHOULDERS_ON_NECK, **_SPIN_TRUNK}

JOINT_SETS: Mapping[str, JointSet] = {
    joint_set.name: joint_set
    for joint_set in (
        _make("smpl24", _SMPL24, _SMPL24_PARENTS),
        _make("h36m17", _H36M17, {**_LIMBS, **_SHOULDERS_ON_NECK, **_H36M_TRUNK}),
        _make("lsp14", _LSP14, {**_LIMBS, **_SHOULDERS_ON_NECK, **_SIDES, "head_top": "neck"}, _HIPS),
        _make("coco17", _COCO17, {**_LIMBS, **_FACE, **_SIDES, **_EARS_ON_SHOULDERS}, _HIPS, _SHOULDERS),
        _make("openpose18", _prefix(_OPENPOSE18), _prefix_parents(_OPENPOSE18_TRUNK)),
        _make("openpose25", _prefix(_OPENPOSE25), _OPENPOSE_PARENTS),
        _make("spin49", f"{_prefix(_OPENPOSE25)} {_SPIN24}", {**_OPENPOSE_PARENTS, **_SPIN_PARENTS}),
        _make("blazepose33", _BLAZEPOSE33, {**_LIMBS, **_SIDES, **_BLAZEPOSE_EXTRA}, _HIPS, _SHOULDERS),
        _make("mpi_inf_3dhp17", _MPI17, {**_LIMBS, **_SHOULDERS_ON_NECK, **_MPI17_TRUNK}),
        _make("mpi_inf_3dhp28", _MPI28, {**_LIMBS, **_MPI28_EXTRA}),
        _make("penn13", _PENN13, {**_LIMBS, **_SIDES, **_SHOULDERS_ON_PENN_HEAD}, _HIPS, _SHOULDERS),
        _make("posetrack17", _POSETRACK17, {**_LIMBS, **_SIDES, **_POSETRACK_HEAD}, _HIPS),
    )
}
"""Every joint set by name."""
