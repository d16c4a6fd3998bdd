"""Motion to files that other programs read."""

from spsnet.export.animation import Animation, Scene, animate
from spsnet.export.bvh import write_bvh
from spsnet.export.extras import require_extra
from spsnet.export.glb import encode_person, encode_scene
from spsnet.export.markers import write_c3d, write_trc
from spsnet.export.meshes import write_obj, write_ply
from spsnet.export.npz import load_person, save_person
from spsnet.export.usd import write_usd

__all__ = [
    "Animation",
    "Scene",
    "animate",
    "encode_person",
    "encode_scene",
    "load_person",
    "require_extra",
    "save_person",
    "write_bvh",
    "write_c3d",
    "write_obj",
    "write_ply",
    "write_trc",
    "write_usd",
]
