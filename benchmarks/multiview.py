"""How right bodies are on a real person, whose place four cameras tell: each model lifts each film by itself.

    python benchmarks/multiview.py --model 0.3=weights/default --model 0.1=OLD/MODEL --sheet docs/images/multiview.jpg

Truth: the encoder's own 2D landmarks of the gymnast (`footage-pose2sim-single-cam01` to 04), triangulated with the
films' calibration (`multiview_geometry.py`) and smoothed over time; axes of each camera. Measured are the landmarks of
shoulders, elbows, wrists, hips, knees and ankles: of a body those points that `landmarks.json` says the encoder means,
so that like is compared with like. Each film is looked at once; every model gets the same sights.

Beside the models: the encoder's own 3D landmarks; and, for how far the truth itself can be trusted, the truth of the
three other cameras.

- PA, MPJPE: PA-MPJPE and MPJPE about the middle of the hips, mm; accel: acceleration error, mm/frame² (60 a second);
- lean: angle of hips' to shoulders' middle out of the plane across the line of sight, towards the camera, estimated
  minus true, mean over frames, degrees; and the mean of its size;
- relief: how much deeper joints are said to lie than the hips along the line of sight where they lie 1 m deeper (slope
  of a line through all joints and frames): below 1 bodies are too flat;
- limbs: summed length of the eight bones of arms and legs, off by %; trunk: from the hips' to the shoulders' middle,
  likewise; depth: of the hips' middle, likewise.

`guessed`: the focal length that `spsnet run` takes when nobody names one; `true`: `--focal-px` of the calibration.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from multiview_figures import HIPS, Figures, measure, measure_lean, print_table
from multiview_geometry import View, align_views, load_marks, load_views, triangulate
from multiview_sheet import write_sheet

from spsnet.assets import fetch
from spsnet.body import KeypointModel, compute_keypoints, load_body
from spsnet.body.landmarks import LandmarkOffsets
from spsnet.crops import PersonObserver
from spsnet.detection import load_detector
from spsnet.encoders import load_encoder
from spsnet.geometry import axis_angle_to_matrix, bridge_vectors, smooth_vectors
from spsnet.metrics import compute_jitter
from spsnet.pipeline.lifting import Lifter
from spsnet.pipeline.observing import PersonCollector, observe_people
from spsnet.pipeline.recover import find_default_model, follow_people
from spsnet.pipeline.settings import RunSettings, Stopwatch
from spsnet.records import PersonMotion, PersonObservations, Pinhole
from spsnet.skeletons import get_joint_set
from spsnet.video import open_film

FILMS = tuple(f"footage-pose2sim-single-cam0{i}" for i in range(1, 5))
LIMBS = [
    get_joint_set("blazepose33").index(f"{side}_{joint}")
    for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    for side in ("left", "right")
]
SMOOTH_S = 1 / 30
"""Standard deviation of the truth's filter: two frames, to take the landmarks' shaking off."""
WAYS = ("refined, guessed", "refined, true", "network, guessed")


class Sight(NamedTuple):
    """One film: how it was looked at and what was seen of the gymnast."""

    camera: Pinhole
    """As `spsnet run` guesses it."""
    person: PersonObservations


def main() -> None:
    """Look, triangulate, lift, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", action="append", metavar="NAME=FOLDER", help="as often as there are models")
    parser.add_argument("--sheet", type=Path, help="also write a picture: truth and the first model in all views")
    arguments = parser.parse_args()
    named = [text.split("=", 1) for text in arguments.model or [f"default={find_default_model()}"]]
    body = load_body()
    lifters = {name: Lifter(Path(folder), body) for name, folder in named}
    landmarks = {name: LandmarkOffsets.load(Path(folder)).build_model(body) for name, folder in named}
    given = load_views(fetch("calibration-pose2sim"))
    views = align_views(given, load_marks(Path(__file__).with_name("multiview_marks.json")))
    sights = look(list(lifters.values()))
    truth_m = find_truth(views, sights)
    describe_views(views, given, sights, truth_m)

    rows: dict[tuple[str, str], list[Figures]] = {}
    drawn = []
    for view in views:
        sight = sights[view.name]
        target = view.to_camera(truth_m)
        others = view.to_camera(find_truth([other for other in views if other is not view], sights))
        rows.setdefault(("truth without this camera", ""), []).append(measure(others, target, True))
        rows.setdefault(("encoder's own 3D", ""), []).append(measure(sight.person.world_m[:, LIMBS], target, False))
        for name, lifter in lifters.items():
            for way in WAYS:
                motion = lift(lifter, sight, way, view.focal_px)
                points = find_landmarks(motion, landmarks[name])
                rows.setdefault((name, way), []).append(measure(points, target, True))
                if (name, way) == (named[0][0], WAYS[0]):
                    drawn.append(points)
    print_table(rows, [view.name for view in views])
    if arguments.sheet:
        cameras, frames = [sight.camera for sight in sights.values()], sights[views[0].name].person.frame_index
        write_sheet(arguments.sheet, [fetch(film) for film in FILMS], views, truth_m, cameras, drawn, frames)


def look(lifters: Sequence[Lifter]) -> dict[str, Sight]:
    """Detect, follow and look at people as `spsnet run` does; the gymnast is the largest of each.

    Returns:
        By the cameras' names, which the films' end with.
    """
    encoders = {lifter.head.config.encoder for lifter in lifters}
    if len(encoders) != 1:
        raise ValueError(f"models should share an encoder to be shown the same, got {sorted(encoders)}")
    needs = {"feature": any(x.needs_feature for x in lifters), "mask": any(x.needs_mask for x in lifters)}
    encoder, settings, stopwatch = load_encoder(encoders.pop(), **needs), RunSettings(), Stopwatch()
    detector, sights = load_detector(settings.detector), dict[str, Sight]()
    for name in FILMS:
        film = open_film(fetch(name))
        tracks, _ = follow_people(film.frames(), detector, settings, stopwatch)
        collectors = {track.track_id: PersonCollector(track) for track in tracks}
        for frame, seen in observe_people(film, tracks, PersonObserver(encoder.encode), stopwatch):
            for track_id, observation in seen.items():
                collectors[track_id].add(frame.index, observation)
        people = [person for collector in collectors.values() for person in collector.finish()]
        largest = max(people, key=lambda person: person.box_xys_px[:, 2].mean())
        sights[name[-5:]] = Sight(Pinhole.from_size(film.info.width, film.info.height), largest)
    return sights


def find_truth(views: Sequence[View], sights: Mapping[str, Sight]) -> Float[np.ndarray, "time 12 3"]:
    """Landmarks in world axes that these views agree on, smoothed; NaN where not known."""
    seen = stack_landmarks(views, sights)
    points = triangulate(views, seen[..., :2], seen[..., 2]).points_m
    return smooth_truth(points, sights[views[0].name].person.time_s)


def stack_landmarks(views: Sequence[View], sights: Mapping[str, Sight]) -> Float[np.ndarray, "views time 12 3"]:
    """What the views saw, frame by frame."""
    people = [sights[view.name].person for view in views]
    if any(not np.array_equal(person.frame_index, people[0].frame_index) for person in people):
        raise ValueError("the gymnast should be seen in the same frames of all films")
    return np.stack([person.landmarks_px[:, LIMBS] for person in people])


def describe_views(
    views: Sequence[View],
    given: Sequence[View],
    sights: Mapping[str, Sight],
    truth_m: Float[np.ndarray, "time 12 3"],
) -> None:
    """Print how the cameras look, how well their sights agree, and whether they were started together."""
    seen = stack_landmarks(views, sights)
    before = triangulate(given, seen[..., :2], seen[..., 2])
    result = triangulate(views, seen[..., :2], seen[..., 2])
    moves = np.nanmean(compute_jitter(truth_m))
    print(f"{len(truth_m)} frames; three views or more agree on {result.known_mask.mean():.1%} of the landmarks,")
    print(f"whose true acceleration is {moves:.1f} mm/frame²")
    for i, view in enumerate(views):
        target_m = view.to_camera(truth_m)
        turn = np.degrees(np.arccos((np.trace(view.rotation @ given[i].rotation.T) - 1) / 2))
        print(
            f"{view.name}: looks down {view.pitch_deg:.1f}°, rolled {view.roll_deg:.1f}°, focal length "
            f"{view.focal_px:.0f} px ({sights[view.name].camera.focal_px:.0f} guessed); turned by {turn:.2f}° from the "
            f"file; landmarks off by {np.median(result.off_px[i]):.1f} px (as in the file "
            f"{np.median(before.off_px[i]):.1f}), {1 - result.used_mask[i].mean():.1%} left out; agrees best when read "
            f"{find_lag(views, seen, i):+.1f} frames later; hips {np.nanmean(target_m[:, HIPS, 2]):.2f} m away, trunk "
            f"{np.nanmean(measure_lean(target_m, target_m)):+.1f}° towards the camera"
        )


def find_lag(views: Sequence[View], seen: Float[np.ndarray, "views time 12 3"], index: int) -> float:
    """Frames by which one film should be read later for the rays to meet best, the middle of each offset taken off."""
    frames = np.arange(seen.shape[1])
    inside, scores = slice(5, -5), []
    lags = np.arange(-4, 4.5, 0.5)
    for lag in lags:
        moved = seen.copy()
        for column in np.ndindex(*seen.shape[2:]):
            moved[(index, slice(None), *column)] = np.interp(frames + lag, frames, seen[(index, slice(None), *column)])
        points = triangulate(views, moved[..., :2], moved[..., 2], limit_px=np.inf).points_m
        misses = np.stack([view.project(points) for view in views]) - moved[..., :2]
        misses = (misses - np.median(misses, axis=1, keepdims=True))[:, inside]
        scores.append(np.minimum(np.linalg.norm(misses, axis=-1), 60).mean())
    return float(lags[np.argmin(scores)])


def smooth_truth(
    points_m: Float[np.ndarray, "time 12 3"], time_s: Float[np.ndarray, " time"]
) -> Float[np.ndarray, "time 12 3"]:
    """The filter over time, over gaps too; what was not known stays so."""
    smooth = np.full_like(points_m, np.nan)
    for joint in range(points_m.shape[1]):
        known = np.isfinite(points_m[:, joint, 0])
        if known.any():
            bridged = bridge_vectors(np.nan_to_num(points_m[:, joint]), time_s, known)
            smooth[known, joint] = smooth_vectors(bridged, time_s, SMOOTH_S)[known]
    return smooth


def lift(lifter: Lifter, sight: Sight, way: str, true_focal_px: float) -> PersonMotion:
    """One model's answer, in one of the `WAYS`."""
    stage, focal = way.split(", ")
    camera = sight.camera
    if focal == "true":
        camera = Pinhole.from_size(camera.width, camera.height, true_focal_px)
    return lifter.lift(sight.person, camera, RunSettings(refine=stage == "refined"), Stopwatch())


def find_landmarks(motion: PersonMotion, model: KeypointModel) -> Float[np.ndarray, "time 12 3"]:
    """Where on the body the encoder's landmarks are, camera axes."""
    points = compute_keypoints(
        model,
        axis_angle_to_matrix(motion.body.pose_rad.reshape(-1, 24, 3)),
        motion.body.shape,
        motion.body.translation_m,
    )
    return np.asarray(points[:, -33:][:, LIMBS])


if __name__ == "__main__":
    main()
