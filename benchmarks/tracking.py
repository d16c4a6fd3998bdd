"""Cost of the tracker with 10 and 100 people, and the tracks of the real footage.

`python benchmarks/tracking.py` does the first in seconds, with `footage` after it the second in minutes.
"""

import sys
import time

import numpy as np

from spsnet.assets import fetch, list_assets
from spsnet.detection import load_detector, look_closer
from spsnet.records import Detections, Track
from spsnet.tracking import SceneCuts, Tracker
from spsnet.video import open_film

FRAMES = 300


def measure_cost() -> None:
    """Print milliseconds of CPU a frame; detections are ready made."""
    for people in (10, 100):
        films = [make_film(people, seed) for seed in range(3)]
        start = time.process_time()
        tracks = [track for film in films for track in follow(film)]
        cost_ms = (time.process_time() - start) / (len(films) * FRAMES) * 1e3
        kept = sum(len(track) for track in tracks) / len(films) / FRAMES
        print(f"tracker, {people} people: {cost_ms:.2f} ms a frame; {kept:.1f} people at once in the tracks")
    pictures = np.random.default_rng(0).integers(0, 256, (20, 1080, 1920, 3), dtype=np.uint8)
    cuts = SceneCuts()
    start = time.process_time()
    for picture in pictures:
        cuts.update(picture)
    print(f"scene cuts, 1080p: {(time.process_time() - start) / len(pictures) * 1e3:.2f} ms a frame")


def make_film(people: int, seed: int) -> list[Detections]:
    """Walkers on a large square; one detection in twenty is missing, the others stray by 2 % of the height."""
    rng = np.random.default_rng(seed)
    place, speed = rng.uniform(0, 400 * np.sqrt(people), (people, 2)), rng.normal(0, 3, (people, 2))
    film = []
    for _ in range(FRAMES):
        place = place + speed
        seen = rng.uniform(size=people) > 0.05
        corner = place[seen] + rng.normal(0, 2, (seen.sum(), 2))
        size = np.array([40.0, 100.0]) + rng.normal(0, 2, (seen.sum(), 2))
        confidence = rng.uniform(0.3, 0.95, seen.sum())
        film.append(Detections(boxes_xyxy_px=np.hstack([corner, corner + size]), confidence=confidence))
    return film


def follow(film: list[Detections]) -> list[Track]:
    """All tracks of a film."""
    tracker = Tracker()
    tracks = [track for i, found in enumerate(film) for track in tracker.update(i, i / 30, found)]
    return tracks + tracker.finish()


class CountingDetector:
    """A detector that counts how often it is asked."""

    def __init__(self) -> None:
        self.detector, self.looks = load_detector(), 0

    def detect(self, image_rgb: np.ndarray) -> Detections:
        """Ask the detector."""
        self.looks += 1
        return self.detector.detect(image_rgb)


def follow_footage() -> None:
    """Print the tracks of every film of the catalogue, with and without closer looks."""
    for asset in list_assets("footage"):
        for closer in (False, True):
            detector, tracker, cuts = CountingDetector(), Tracker(), SceneCuts()
            tracks, frames, cut_frames = [], 0, []
            start = time.process_time()
            for frame in open_film(fetch(asset.name)).frames():
                frames += 1
                found = detector.detect(frame.image_rgb)
                if cuts.update(frame.image_rgb):
                    cut_frames.append(frame.index)
                if closer:
                    doubtful = tracker.find_doubtful(frame.time_s, found)
                    found = look_closer(detector, frame.image_rgb, found, doubtful)
                tracks += tracker.update(frame.index, frame.time_s, found)
            tracks += tracker.finish()
            cost_ms = (time.process_time() - start) / frames * 1e3
            print_tracks(f"{asset.name}{', closer looks' if closer else ''}", tracks, frames)
            print(
                f"    {detector.looks / frames:.2f} looks and {cost_ms:.0f} ms a frame with decoding; cuts {cut_frames}"
            )


def print_tracks(title: str, tracks: list[Track], frames: int) -> None:
    """One line a film: how many people at once, and the longest tracks."""
    present = np.zeros(frames, int)
    for track in tracks:
        present[track.frame_index] += 1
    longest = sorted(tracks, key=len, reverse=True)[:6]
    spans = ", ".join(f"{t.frame_index[0]}-{t.frame_index[-1]} ({1 - t.filled_mask.mean():.2f})" for t in longest)
    at_once = f"{np.median(present):.0f} (at most {present.max()}) at once"
    print(f"{title}: {len(tracks)} tracks, {at_once}; longest (seen) {spans}")


if __name__ == "__main__":
    follow_footage() if sys.argv[1:] == ["footage"] else measure_cost()
