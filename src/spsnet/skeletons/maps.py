"""From one joint set to another, saying what is missing."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from spsnet.geometry._array import Array, array_namespace
from spsnet.skeletons.joint_sets import JointSet, get_joint_set, get_meaning


@dataclass(frozen=True, kw_only=True, eq=False)
class JointMap:
    """Where each joint of a target set is found in a source set."""

    source: JointSet
    target: JointSet
    index: Int[np.ndarray, " target_joints"]
    """Place in the source; 0 where missing."""
    mask: Bool[np.ndarray, " target_joints"]
    """False where the source has no such joint."""

    @property
    def missing_names(self) -> tuple[str, ...]:
        """Joints of the target that the source lacks."""
        return tuple(name for name, there in zip(self.target.joint_names, self.mask, strict=True) if not there)

    def apply(
        self, values: Float[Array, "*batch source_joints channels"], fill: float = 0.0
    ) -> Float[Array, "*batch target_joints channels"]:
        """Reorder joints, numpy or torch; `fill` where the joint is missing.

        Raises:
            ValueError: If `values` does not hold the source's joints.
        """
        if values.shape[-2] != len(self.source):
            raise ValueError(f"{self.source.name} has {len(self.source)} joints, got {values.shape[-2]}")
        xp = array_namespace(values)
        taken = xp.take(values, xp.asarray(self.index, device=values.device), axis=-2)
        mask = xp.asarray(self.mask, device=values.device)[:, None]
        return xp.where(mask, taken, xp.full_like(taken, fill))


def map_joints(source: JointSet | str, target: JointSet | str) -> JointMap:
    """Find each joint of `target` in `source`: by its own name, else by what it stands for.

    Convention:
        From h36m17 to lsp14 index 13 (head top) is 10, H3.6M's own top of the head; from coco17 to lsp14 neck and head
        top are missing.

    Raises:
        ValueError: If a set's name is not known.
    """
    sets = [get_joint_set(s) if isinstance(s, str) else s for s in (source, target)]
    by_name = {name: i for i, name in enumerate(sets[0].joint_names)}
    by_meaning = {get_meaning(name): i for i, name in reversed(list(enumerate(sets[0].joint_names)))}
    found = [by_name.get(name, by_meaning.get(get_meaning(name), -1)) for name in sets[1].joint_names]
    index = np.array(found)
    return JointMap(source=sets[0], target=sets[1], index=np.maximum(index, 0), mask=index >= 0)
