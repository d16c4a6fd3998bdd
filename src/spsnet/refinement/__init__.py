"""After the network: move each body a little so that, seen through the real lens, it lies on the person."""

from spsnet.refinement.motion import RefinementConfig, RefinementInput, refine_motion

__all__ = ["RefinementConfig", "RefinementInput", "refine_motion"]
