"""How fast the page of `spsnet view` opens and plays in headless Chromium, which draws on the CPU.

    python benchmarks/viewer.py out/walk --people 3 --minutes 3

The run's people are repeated side by side and in time, its film in time. The page is saved as one file and served; each
is opened, and the served one is played. Prints wall seconds and, what a busy machine spoils less, seconds of CPU.
"""

import argparse
import json
import os
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from spsnet.export import save_person
from spsnet.pipeline.results import load_people, load_summary
from spsnet.records import PersonMotion
from spsnet.video import VideoWriter, compute_sha256, open_film
from spsnet.viewer import ViewerServer, make_standalone_page, open_clip

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from reference.headless import Browser, open_browser

_SETTLED = "window.viewer?.isSettled"
_PLAY = """new Promise((done) => {
  const frames = [];
  let before;
  const tick = (now) => {
    if (before !== undefined) frames.push(now - before);
    before = now;
    if (frames.length && now - start > %d) done({ frames, drawn: viewer.pictures - drawn, time: viewer.time - time });
    else requestAnimationFrame(tick);
  };
  viewer.look("front");
  viewer.setShow("%s");
  viewer.toggle();
  const [start, drawn, time] = [performance.now(), viewer.pictures, viewer.time];
  requestAnimationFrame(tick);
})"""


def main() -> None:
    """Make the long run, open its pages and play it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="folder of a run whose film is still there")
    parser.add_argument("--people", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--seconds", type=float, default=10.0, help="to play")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = make_long_run(wanted.run, Path(scratch) / "long", wanted.people, wanted.minutes * 60)
        clip = open_clip(folder)
        page = Path(scratch) / "page.html"
        page.write_text(make_standalone_page(clip, clip.film.path), encoding="utf-8")
        motion, film = len(clip.scene.content), clip.film.path.stat().st_size if clip.film.path else 0
        frames = sum(len(person) for person in load_people(folder))
        print(
            f"{wanted.people} people, {wanted.minutes:g} minutes, {frames} person-frames, load {os.getloadavg()[0]:.1f}"
        )
        print(f"motion {motion / 1e6:.1f} MB, film {film / 1e6:.1f} MB, saved page {page.stat().st_size / 1e6:.1f} MB")
        with ViewerServer({"long": folder}) as server, open_browser() as browser:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            browser.resize(1280, 800)
            for name, address in (("first", server.address), ("served", server.address), ("saved", page.as_uri())):
                measure_opening(browser, name, address)
            browser.open(server.address)
            browser.wait_for(_SETTLED, seconds=300)
            for show in ("mesh", "skeleton", "both"):
                measure_playing(browser, show, wanted.seconds)
            server.shutdown()


def make_long_run(run: Path, folder: Path, people: int, seconds: float) -> Path:
    """A run as long and with as many people as wanted: those of another one, over and over."""
    folder.mkdir()
    summary = load_summary(run)
    source = max(load_people(run), key=len)
    period_s = float(source.time_s[-1] + 1 / summary["input"]["fps"])
    film = folder.parent / "long.mp4"
    with VideoWriter(film, fps=summary["input"]["fps"], preset="veryfast") as writer:
        frames = [(frame.time_s, shrink(frame.image_rgb)) for frame in open_film(summary["input"]["path"]).frames()]
        for turn in range(int(np.ceil(seconds / period_s))):
            for time_s, picture in frames:
                if time_s < period_s - 1e-3 and turn * period_s + time_s < seconds:
                    writer.write(picture, turn * period_s + time_s)
    for number in range(people):
        person = repeat_person(source, number + 1, period_s, seconds, summary["input"]["fps"])
        save_person(
            folder / f"person_{number + 1:03d}.npz",
            person,
            body=summary["body"],
            model="long",
            fps=summary["input"]["fps"],
        )
    summary["input"] |= {"path": str(film), "sha256": compute_sha256(film), "bytes": film.stat().st_size}
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    return folder


def shrink(image_rgb: np.ndarray) -> np.ndarray:
    """A picture 960 pixels wide: what the page costs is to be told, not what decoding a large film does."""
    height, width = image_rgb.shape[:2]
    return np.asarray(
        cv2.resize(image_rgb, (960, 2 * round(480 * height / width)), interpolation=cv2.INTER_AREA), np.uint8
    )


def repeat_person(source: PersonMotion, track_id: int, period_s: float, seconds: float, fps: float) -> PersonMotion:
    """The same motion again and again, to the right of the person before."""
    turns = int(np.ceil(seconds / period_s))
    time_s = np.concatenate([source.time_s + turn * period_s for turn in range(turns)])
    rows = np.tile(np.arange(len(source)), turns)[time_s < seconds]
    time_s = time_s[time_s < seconds]
    shift = np.array([0.8 * (track_id - 1), 0, 0])
    return PersonMotion(
        track_id=track_id,
        frame_index=np.rint(time_s * fps).astype(int),
        time_s=time_s,
        **{
            name: getattr(source, name)[rows]
            for name in ("box_xys_px", "confidence", "filled_mask", "crop_camera", "joints_px", "keypoints_px")
        },
        body=replace(
            source.body, pose_rad=source.body.pose_rad[rows], translation_m=source.body.translation_m[rows] + shift
        ),
        focal_px=source.focal_px,
        joints_m=source.joints_m[rows] + shift,
        joint_names=source.joint_names,
    )


def measure_opening(browser: Browser, name: str, address: str) -> None:
    """From the address to a drawn scene with its film."""
    browser.open("about:blank")
    before = browser.measure_cpu_s()
    browser.open(address)
    browser.wait_for(_SETTLED, seconds=300)
    wall_s = browser.ask("viewer.settledAfter") / 1e3
    print(f"{name:>9}: open after {wall_s:.2f} s, {browser.measure_cpu_s() - before:.2f} s of CPU")


def measure_playing(browser: Browser, show: str, seconds: float) -> None:
    """Frame times of the page while film and bodies play."""
    browser.ask("viewer.seek(0)")
    browser.wait_for(_SETTLED)
    before = browser.measure_cpu_s()
    told = browser.ask(_PLAY % (1000 * seconds, show))
    cpu_s = browser.measure_cpu_s() - before
    browser.ask("viewer.toggle()")
    frames = np.array(told["frames"])
    print(
        f"{show:>9}: {1000 * told['drawn'] / frames.sum():.1f} pictures a second; frame times in ms: "
        f"median {np.median(frames):.1f}, 95 % {np.percentile(frames, 95):.1f}, most {frames.max():.1f}; "
        f"{1000 * cpu_s / max(told['drawn'], 1):.1f} ms of CPU a picture; the film went on by {told['time']:.1f} s "
        f"in {frames.sum() / 1e3:.1f} s"
    )


if __name__ == "__main__":
    main()
