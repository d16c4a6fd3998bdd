"""Joint sets by name and maps between them, with a mask for what is missing."""

from spsnet.skeletons.joint_sets import JOINT_SETS, JointSet, get_joint_set, get_meaning
from spsnet.skeletons.maps import JointMap, map_joints

__all__ = ["JOINT_SETS", "JointMap", "JointSet", "get_joint_set", "get_meaning", "map_joints"]
