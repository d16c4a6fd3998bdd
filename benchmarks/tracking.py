"""Cost of the tracker with 10 and 100 people: `python benchmarks/tracking.py`. CPU time, detections ready made."""

import time

import numpy as np

from spsnet.records import Detections
from spsnet.tracking import SceneCuts, Tracker

FRAMES = 300


def main() -> None:
    """Print milliseconds of CPU a frame."""
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


def follow(film: list[Detections]) -> list:
    """All tracks of a film."""
    tracker = Tracker()
    tracks = [track for i, found in enumerate(film) for track in tracker.update(i, i / 30, found)]
    return tracks + tracker.finish()


if __name__ == "__main__":
    main()
