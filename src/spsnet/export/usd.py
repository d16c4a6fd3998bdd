"""Skinned, animated bodies as Universal Scene Description (`.usd`), with UsdSkel; needs `usd-core`."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from spsnet import __version__
from spsnet.export.animation import (
    INFLUENCES,
    JOINT_NAMES,
    Animation,
    Scene,
    choose_influences,
    compute_normals,
    find_presence,
)
from spsnet.export.extras import import_extra
from spsnet.records import Pinhole

_TOP = "/scene"
_APERTURE = 36.0
_NEAREST_M = 0.05


def write_usd(scene: Scene, path: Path) -> None:
    """Write one person or everybody.

    Convention:
        Metres, y up, right-handed; the camera stands in the origin and looks along −z. Below `/scene` a `SkelRoot` for
        each person (`person_001`) with `skeleton`, `motion` and `mesh`, invisible while the person is not there, and
        `camera`. A time code is a frame of the film's average rate (`timeCodesPerSecond`): samples lie at the frames'
        own times, time code 0 is the film's beginning.

    Raises:
        UserError: If `usd-core` is not installed, or the file cannot be written.
    """
    pxr = import_extra("pxr", "usd")
    for name in ("Gf", "Sdf", "Tf", "Usd", "UsdGeom", "UsdShade", "UsdSkel", "Vt"):
        import_extra(f"pxr.{name}", "usd")
    stage = pxr.Usd.Stage.CreateInMemory(".usdc")
    pxr.UsdGeom.SetStageUpAxis(stage, pxr.UsdGeom.Tokens.y)
    pxr.UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    fps = scene.people[0].fps
    stage.SetTimeCodesPerSecond(fps)
    stage.SetFramesPerSecond(fps)
    codes = [_find_codes(animation) for animation in scene.people]
    stage.SetStartTimeCode(min(float(code[0]) for code in codes))
    stage.SetEndTimeCode(max(float(code[-1]) for code in codes))
    stage.GetRootLayer().comment = f"spsnet {__version__}: metres, y up, {fps:.9g} frames per second"
    stage.SetDefaultPrim(pxr.UsdGeom.Xform.Define(stage, _TOP).GetPrim())
    for animation in scene.people:
        _Person(pxr, stage, animation).add()
    if scene.camera is not None:
        _add_camera(pxr, stage, scene.camera)
    _export(stage, path)


def _export(stage: Any, path: Path) -> None:
    """USD tells a format by the end of the name, which a temporary name lacks."""
    named = path.with_name(f"{path.name}.usdc")
    try:
        stage.GetRootLayer().Export(str(named))
        named.replace(path)
    finally:
        named.unlink(missing_ok=True)


def _find_codes(animation: Animation) -> Float[np.ndarray, " time"]:
    """Time codes of the frames; those that are whole but for rounding are made whole."""
    codes = animation.time_s * animation.fps
    return np.where(np.abs(codes - np.rint(codes)) < 1e-3, np.rint(codes), codes)


def _add_camera(pxr: Any, stage: Any, camera: Pinhole) -> None:
    lens = pxr.UsdGeom.Camera.Define(stage, f"{_TOP}/camera")
    # Lengths of a lens are in tenths of the unit, but only their ratio shows.
    lens.CreateHorizontalApertureAttr(_APERTURE)
    lens.CreateVerticalApertureAttr(_APERTURE * camera.height / camera.width)
    lens.CreateFocalLengthAttr(_APERTURE * camera.focal_px / camera.width)
    lens.CreateClippingRangeAttr(pxr.Gf.Vec2f(_NEAREST_M, 1e4))


class _Person:
    """One person on a stage."""

    def __init__(self, pxr: Any, stage: Any, animation: Animation) -> None:
        self._pxr, self._stage, self._animation = pxr, stage, animation
        self._path = f"{_TOP}/{pxr.Tf.MakeValidIdentifier(animation.name)}"
        self._codes = _find_codes(animation)
        self._joints = self._pxr.Vt.TokenArray([self._name_joint(joint) for joint in range(len(JOINT_NAMES))])

    def _name_joint(self, joint: int) -> str:
        """Path of a joint in its skeleton: pelvis/left_hip."""
        parent = self._animation.body.parents[joint]
        return JOINT_NAMES[joint] if parent < 0 else f"{self._name_joint(parent)}/{JOINT_NAMES[joint]}"

    def add(self) -> None:
        root = self._pxr.UsdSkel.Root.Define(self._stage, self._path)
        visibility = root.CreateVisibilityAttr()
        for at_s, there in find_presence(self._animation):
            visibility.Set("inherited" if there else "invisible", at_s * self._animation.fps)
        self._add_skeleton()
        self._add_motion()
        self._add_mesh()

    def _add_skeleton(self) -> None:
        animation, rest = self._animation, self._animation.rest_joints_m
        offsets = [rest[j] - rest[p] if p >= 0 else rest[j] for j, p in enumerate(animation.body.parents)]
        skeleton = self._pxr.UsdSkel.Skeleton.Define(self._stage, f"{self._path}/skeleton")
        skeleton.CreateJointsAttr(self._joints)
        skeleton.CreateBindTransformsAttr(self._move(rest))
        skeleton.CreateRestTransformsAttr(self._move(offsets))
        binding = self._pxr.UsdSkel.BindingAPI.Apply(skeleton.GetPrim())
        binding.CreateAnimationSourceRel().SetTargets([f"{self._path}/motion"])

    def _move(self, places_m: Iterable[Float[np.ndarray, "3"]]) -> Any:
        gf = self._pxr.Gf
        return self._pxr.Vt.Matrix4dArray(
            [gf.Matrix4d(1.0).SetTranslate(gf.Vec3d(*place.tolist())) for place in places_m]
        )

    def _add_motion(self) -> None:
        animation, gf, vt = self._animation, self._pxr.Gf, self._pxr.Vt
        motion = self._pxr.UsdSkel.Animation.Define(self._stage, f"{self._path}/motion")
        motion.CreateJointsAttr(self._joints)
        motion.CreateScalesAttr(vt.Vec3hArray([gf.Vec3h(1)] * len(JOINT_NAMES)))
        rest = animation.rest_joints_m
        places = np.stack([rest[j] - rest[max(p, 0)] for j, p in enumerate(animation.body.parents)])
        turned, placed = motion.CreateRotationsAttr(), motion.CreateTranslationsAttr()
        for code, root, turns in zip(self._codes, animation.root_m, animation.quaternions, strict=True):
            places[0] = root
            placed.Set(vt.Vec3fArray.FromNumpy(places.astype(np.float32)), float(code))
            turned.Set(vt.QuatfArray([gf.Quatf(w, x, y, z) for x, y, z, w in turns.tolist()]), float(code))

    def _add_mesh(self) -> None:
        animation, vt, tokens = self._animation, self._pxr.Vt, self._pxr.UsdGeom.Tokens
        faces, vertices = animation.body.faces, animation.rest_vertices_m
        mesh = self._pxr.UsdGeom.Mesh.Define(self._stage, f"{self._path}/mesh")
        mesh.CreatePointsAttr(vt.Vec3fArray.FromNumpy(vertices.astype(np.float32)))
        mesh.CreateNormalsAttr(vt.Vec3fArray.FromNumpy(compute_normals(vertices, faces).astype(np.float32)))
        mesh.SetNormalsInterpolation(tokens.vertex)
        mesh.CreateFaceVertexCountsAttr(vt.IntArray.FromNumpy(np.full(len(faces), 3, np.int32)))
        mesh.CreateFaceVertexIndicesAttr(vt.IntArray.FromNumpy(faces.reshape(-1).astype(np.int32)))
        mesh.CreateSubdivisionSchemeAttr(tokens.none)
        color = self._pxr.Gf.Vec3f(*animation.color_linear)
        mesh.CreateDisplayColorAttr([color])
        joints, weights = choose_influences(animation.body.skinning_weights)
        binding = self._pxr.UsdSkel.BindingAPI.Apply(mesh.GetPrim())
        binding.CreateSkeletonRel().SetTargets([f"{self._path}/skeleton"])
        indices = vt.IntArray.FromNumpy(joints.reshape(-1).astype(np.int32))
        binding.CreateJointIndicesPrimvar(False, INFLUENCES).Set(indices)
        binding.CreateJointWeightsPrimvar(False, INFLUENCES).Set(vt.FloatArray.FromNumpy(weights.reshape(-1)))
        binding.CreateGeomBindTransformAttr(self._pxr.Gf.Matrix4d(1.0))
        self._pxr.UsdShade.MaterialBindingAPI.Apply(mesh.GetPrim()).Bind(self._add_material(color))

    def _add_material(self, color: Any) -> Any:
        material = self._pxr.UsdShade.Material.Define(self._stage, f"{self._path}/material")
        shader = self._pxr.UsdShade.Shader.Define(self._stage, f"{self._path}/material/surface")
        shader.CreateIdAttr("UsdPreviewSurface")
        kinds = self._pxr.Sdf.ValueTypeNames
        shader.CreateInput("diffuseColor", kinds.Color3f).Set(color)
        shader.CreateInput("metallic", kinds.Float).Set(0.0)
        shader.CreateInput("roughness", kinds.Float).Set(0.8)
        material.CreateSurfaceOutput().ConnectToSource(shader.ConnectableAPI(), "surface")
        return material
