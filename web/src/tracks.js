// The timeline: a ruler that is the slider, and one row a person with bars where the film shows them.
import { findStretches } from "./clip.js";
import { setAttribute } from "./markup.js";

const [FILLED, UNSURE] = [0, 1];
const BAR = 14;

export class Tracks {
  /**
   * @param root      element with .ruler and .rows
   * @param clip      people, fps and the confidence under which a bar is marked
   * @param duration  seconds of the whole timeline
   */
  constructor(root, clip, duration) {
    this.root = root;
    this.clip = clip;
    this.duration = duration;
    this.ruler = root.querySelector(".ruler");
    this.knob = root.querySelector(".knob");
    this.now = root.querySelector(".now");
    this.onseek = () => {};
    this.onselect = () => {};
    this.rows = clip.people.map((person) => this.makeRow(person));
    this.listen();
  }

  makeRow(person) {
    const name = document.createElement("button");
    name.type = "button";
    name.className = "name";
    name.innerHTML = `<i style="background:${person.color}"></i>Person ${person.id}`;
    name.addEventListener("click", () => this.onselect(person.id));
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    const stretches = findStretches(person, this.clip.fps, this.clip.lowConfidence);
    canvas.setAttribute("aria-label", describe(person, stretches));
    canvas.title = describe(person, stretches);
    this.root.querySelector(".rows").append(name, canvas);
    return { person, name, canvas, stretches };
  }

  listen() {
    const seek = (event) => {
      const { left, width } = this.ruler.getBoundingClientRect();
      this.onseek(Math.min(Math.max((event.clientX - left) / width, 0), 1) * this.duration);
    };
    for (const surface of [this.ruler, ...this.rows.map(({ canvas }) => canvas)]) {
      surface.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        surface.setPointerCapture(event.pointerId);
        seek(event);
      });
      surface.addEventListener("pointermove", (event) => {
        if (surface.hasPointerCapture(event.pointerId)) seek(event);
      });
    }
  }

  paint(paper) {
    for (const row of this.rows) this.paintRow(row, paper);
    this.paintRuler();
  }

  paintRow({ person, canvas, stretches }, { line, paper }) {
    const { clientWidth: width, clientHeight: height } = canvas;
    const scale = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    const middle = height / 2;
    pen.fillStyle = line;
    pen.fillRect(0, middle - 0.5, width, 1);
    const stripes = makeStripes(person.color, paper, scale);
    for (const { kind, start, end } of stretches) {
      const left = (start / this.duration) * width;
      const wide = Math.max(((end - start) / this.duration) * width, 1);
      pen.fillStyle = paper;
      pen.fillRect(left, middle - BAR / 2, wide, BAR);
      pen.fillStyle = kind === UNSURE ? stripes : person.color;
      if (kind === FILLED) pen.fillRect(left, middle - 2, wide, 4);
      else pen.fillRect(left, middle - BAR / 2, wide, BAR);
    }
  }

  paintRuler() {
    const wanted = Math.max(2, Math.floor(this.ruler.clientWidth / 70));
    const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800].find((s) => this.duration / s <= wanted);
    const marks = this.ruler.querySelector(".marks");
    marks.replaceChildren();
    const last = this.duration * (1 - 44 / this.ruler.clientWidth);
    for (let time = 0; time <= last; time += step ?? this.duration) {
      const mark = document.createElement("span");
      mark.style.left = `${(100 * time) / this.duration}%`;
      mark.textContent = formatShort(time, step);
      marks.append(mark);
    }
  }

  /** Move the line and say the time to those who do not see it. */
  show(time, selected, present) {
    const played = time / this.duration;
    this.knob.style.left = `${100 * played}%`;
    this.now.style.left = `calc(var(--names) + (100% - var(--names)) * ${played})`;
    setAttribute(this.ruler, "aria-valuenow", time.toFixed(1));
    setAttribute(this.ruler, "aria-valuetext", `${time.toFixed(1)} of ${this.duration.toFixed(1)} seconds`);
    for (const { person, name } of this.rows) {
      setAttribute(name, "aria-pressed", String(person.id === selected));
      setAttribute(name, "class", present.has(person.id) ? "name here" : "name");
    }
  }
}

function formatShort(time, step) {
  const minutes = Math.floor(time / 60 + 1e-9);
  const seconds = time - 60 * minutes;
  const text = step < 1 ? seconds.toFixed(1) : String(Math.round(seconds));
  return `${minutes}:${text.padStart(step < 1 ? 4 : 2, "0")}`;
}

function makeStripes(color, paper, scale) {
  const tile = document.createElement("canvas");
  const side = Math.round(6 * scale);
  tile.width = side;
  tile.height = side;
  const pen = tile.getContext("2d");
  pen.fillStyle = paper;
  pen.fillRect(0, 0, side, side);
  pen.strokeStyle = color;
  pen.lineWidth = side * 0.4;
  pen.beginPath();
  for (const shift of [-side, 0, side]) {
    pen.moveTo(shift - 1, side + 1);
    pen.lineTo(shift + side + 1, -1);
  }
  pen.stroke();
  const pattern = pen.createPattern(tile, "repeat");
  pattern.setTransform(new DOMMatrix().scale(1 / scale));
  return pattern;
}

function describe(person, stretches) {
  const parts = stretches.map(({ kind, start, end }) => {
    const how = kind === FILLED ? " filled" : kind === UNSURE ? " unsure" : "";
    return `${start.toFixed(1)} to ${end.toFixed(1)} s${how}`;
  });
  const shown = parts.length > 6 ? [...parts.slice(0, 6), `${parts.length - 6} more`] : parts;
  return `Person ${person.id}: ${shown.join(", ")}`;
}
