// The page: fetches what it shows, and joins clock, stage, timeline, buttons and keys.
import { FilmClock, OwnClock } from "./clock.js";
import { fetchBytes, measureDuration, unpack } from "./clip.js";
import { fillHelp, listenToKeys } from "./keys.js";
import { setAttribute, setText } from "./markup.js";
import { Stage, VIEWS } from "./stage.js";
import { Tracks } from "./tracks.js";

const SHOWS = ["mesh", "skeleton", "both"];
const REST_MS = 200;
const $ = (selector) => document.querySelector(selector);

class Page {
  constructor(clip, clock, stage, tracks) {
    Object.assign(this, { clip, clock, stage, tracks });
    this.duration = clock.duration;
    this.show = "mesh";
    this.selected = 0;
    this.stale = true;
    this.pictures = 0;
    this.isSlow = stage.isSoftware;
    this.pace = 0;
    this.rest = null;
    this.viewButtons = [...document.querySelectorAll("[data-view]")];
    this.showButtons = [...document.querySelectorAll("[data-show]")];
    this.tags = clip.people.map((person) => makeTag(person));
    this.join();
  }

  join() {
    this.setClock(this.clock);
    this.tracks.onseek = (time) => this.seek(time);
    this.tracks.onselect = (id) => this.select(id);
    this.stage.onleave = () => this.refresh();
    this.stage.controls.addEventListener("change", () => this.refresh());
    for (const button of this.viewButtons) {
      button.addEventListener("click", () => this.look(button.dataset.view));
      if (button.dataset.view === "film") button.disabled = !this.clip.camera;
    }
    for (const button of this.showButtons) {
      button.addEventListener("click", () => this.setShow(button.dataset.show));
    }
    for (const person of this.clip.people) $(".follow").add(new Option(`person ${person.id}`, person.id));
    $(".follow").addEventListener("change", ({ target }) => this.select(Number(target.value), true));
    $(".speed").addEventListener("change", ({ target }) => this.clock.setSpeed(Number(target.value)));
    $(".play").addEventListener("click", () => this.toggle());
    $(".back").addEventListener("click", () => this.step(-1));
    $(".on").addEventListener("click", () => this.step(1));
    $("button.help").addEventListener("click", () => this.help());
    $(".film video").addEventListener("click", () => this.toggle());
    fillHelp($("dialog dl"));
    listenToKeys(this);
    new ResizeObserver(() => this.measure()).observe($(".scene"));
    new ResizeObserver(() => this.measure()).observe($(".ruler"));
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.measure());
  }

  /** Go on by another clock: that of the film, once it is there. */
  setClock(clock) {
    const { time, playing } = { time: this.clock.read(), playing: this.clock.playing };
    if (clock !== this.clock) {
      this.clock.pause();
      clock.setSpeed(Number($(".speed").value));
      clock.seek(time);
      if (playing) clock.play();
    }
    Object.assign(this, { clock, duration: clock.duration });
    this.tracks.duration = clock.duration;
    clock.onchange = () => this.refresh();
    $(".ruler").setAttribute("aria-valuemax", this.duration.toFixed(2));
  }

  /** Sizes and colours anew: at the start, and when window or theme change. */
  measure() {
    const style = getComputedStyle(document.body);
    const read = (name) => style.getPropertyValue(name).trim();
    const colors = { paper: read("--stage"), floor: read("--floor"), line: read("--grid") };
    this.stage.paint(colors);
    this.stage.resize();
    this.tracks.paint({ paper: read("--paper"), line: read("--line") });
    this.refresh();
  }

  refresh() {
    this.stale = true;
  }

  toggle() {
    if (this.clock.playing) this.clock.pause();
    else this.clock.play();
  }

  seek(time) {
    this.clock.seek(time);
  }

  /** To the middle of a frame, where rounding shows no other one. */
  step(direction, bySeconds = false) {
    this.clock.pause();
    const { fps } = this.clip;
    const frame = Math.floor(this.clock.read() * fps + 0.25) + direction * (bySeconds ? Math.round(fps) : 1);
    this.seek((Math.max(frame, 0) + 0.5) / fps);
  }

  changeSpeed(direction) {
    const list = $(".speed");
    list.selectedIndex = Math.min(Math.max(list.selectedIndex + direction, 0), list.options.length - 1);
    this.clock.setSpeed(Number(list.value));
  }

  look(view) {
    if (!VIEWS.includes(view) || (view === "film" && !this.clip.camera)) return;
    this.stage.look(view);
    this.refresh();
  }

  setShow(show) {
    if (SHOWS.includes(show)) this.show = show;
    this.refresh();
  }

  changeShow() {
    this.setShow(SHOWS[(SHOWS.indexOf(this.show) + 1) % SHOWS.length]);
  }

  /** Follow a person; the same again ends it. */
  select(id, always = false) {
    const known = this.clip.people.some((person) => person.id === id);
    this.selected = known && (always || id !== this.selected) ? id : 0;
    this.stage.follow(this.stage.figures.find(({ person }) => person.id === this.selected) ?? null);
    this.refresh();
  }

  help() {
    $("dialog").showModal();
  }

  start() {
    let before = performance.now();
    const tick = (now) => {
      requestAnimationFrame(tick);
      const seconds = (now - before) / 1000;
      before = now;
      const turns = this.stage.controls.autoRotate;
      const isMoving = this.clock.playing || turns;
      if (isMoving) this.judgePace(seconds);
      if (!this.stale && !turns && this.clock.read() === this.time) return;
      this.stale = false;
      this.draw(seconds, isMoving || this.wasJustDrawn());
    };
    requestAnimationFrame(tick);
  }

  /** Remember a machine that draws fewer than 30 pictures a second. */
  judgePace(seconds) {
    this.pace = this.pace ? 0.9 * this.pace + 0.1 * seconds : 1 / 60;
    if (this.pace > 1 / 30) this.isSlow = true;
  }

  /** Pictures in quick succession are light on a slow machine; the last of them is drawn anew in full. */
  wasJustDrawn() {
    const isFast = this.drawnAt !== undefined && performance.now() - this.drawnAt < REST_MS;
    clearTimeout(this.rest);
    if (this.isSlow && isFast) this.rest = setTimeout(() => this.refresh(), 2 * REST_MS);
    return isFast;
  }

  draw(seconds, isMoving) {
    const time = this.clock.read();
    this.stage.draw(time, this.show, this.isSlow && isMoving ? "light" : "full", seconds);
    this.drawnAt = performance.now();
    this.placeTags();
    $(".scale").hidden = this.stage.view === "film";
    const present = this.stage.figures.filter(({ row }) => row >= 0);
    this.tracks.show(time, this.selected, new Set(present.map(({ person }) => person.id)));
    this.showState(time);
    this.time = time;
    this.pictures += 1;
    if (!this.settledAfter && this.isSettled) this.settledAfter = performance.now();
  }

  placeTags() {
    this.stage.figures.forEach((figure, i) => {
      const place = figure.row < 0 ? null : this.stage.project(figure.top);
      if (this.tags[i].hidden === Boolean(place)) this.tags[i].hidden = !place;
      if (place) this.tags[i].style.transform = `translate(-50%, calc(-100% - 5px)) translate(${place[0]}px, ${place[1]}px)`;
    });
  }

  showState(time) {
    const frame = Math.floor(time * this.clip.fps + 0.25);
    setText($(".time"), `${formatTime(time)} / ${formatTime(this.duration)} · frame ${frame}`);
    const { playing } = this.clock;
    setAttribute($(".play"), "class", playing ? "play playing" : "play");
    setAttribute($(".play"), "aria-label", playing ? "Pause" : "Play");
    for (const button of this.viewButtons) {
      setAttribute(button, "aria-pressed", String(button.dataset.view === this.stage.view));
    }
    for (const button of this.showButtons) {
      setAttribute(button, "aria-pressed", String(button.dataset.show === this.show));
    }
    if ($(".follow").value !== String(this.selected)) $(".follow").value = String(this.selected);
  }

  /** Whether film and bodies stand still at the time that was asked for. */
  get isSettled() {
    const { clock, stage } = this;
    const isDrawn = this.pictures > 0 && (!this.stale || stage.controls.autoRotate);
    return isDrawn && clock.ready && !(this.isFilmAwaited && clock instanceof OwnClock);
  }

  /** What is drawn, in numbers: for tests and for the curious. Joints in pixels of the film. */
  describe() {
    const { camera } = this.clip;
    const toFilm = this.stage.inFilm.matrixWorld.clone().invert();
    const people = this.stage.figures.filter(({ row }) => row >= 0);
    return {
      time: this.time,
      pictures: this.pictures,
      people: people.map(({ person, row, positions }) => ({
        id: person.id,
        frame: person.frame[row],
        joints_px: positions.map((position) => {
          const { x, y, z } = position.clone().applyMatrix4(toFilm);
          return camera && [camera.center_x + (camera.focal_px * x) / z, camera.center_y + (camera.focal_px * y) / z];
        }),
        joints_canvas_px: positions.map((position) => this.stage.project(position)),
      })),
    };
  }
}

function makeTag(person) {
  const tag = document.createElement("span");
  tag.textContent = person.id;
  tag.style.background = person.color;
  tag.style.color = chooseInk(person.color);
  $(".tags").append(tag);
  return tag;
}

/** Black on light colours, white on dark ones; as in overlay.mp4. */
function chooseInk(color) {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  return 0.3 * red + 0.59 * green + 0.11 * blue > 110 ? "#000" : "#fff";
}

function formatTime(time) {
  const minutes = Math.floor(time / 60);
  return `${minutes}:${(time - 60 * minutes).toFixed(2).padStart(5, "0")}`;
}

function formatSize(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Name, chooser, downloads and notes: what needs no motion. */
function fillFrame(told) {
  $("h1").textContent = told.name;
  if (told.clips.length > 1) {
    $(".chooser").hidden = false;
    $("h1").hidden = true;
    const list = $(".chooser select");
    for (const { name, url } of told.clips) list.add(new Option(name, url, name === told.name, name === told.name));
    list.addEventListener("change", () => window.location.assign(list.value));
  }
  $(".downloads").hidden = told.files.length === 0;
  for (const { name, bytes, url } of told.files) {
    const [item, link, size] = ["li", "a", "span"].map((kind) => document.createElement(kind));
    Object.assign(link, { href: url, download: name, textContent: name });
    size.textContent = formatSize(bytes);
    item.append(link, size);
    $(".downloads ul").append(item);
  }
  for (const note of told.notes) addNote(note);
}

function addNote(note) {
  const list = $(".notes");
  list.hidden = false;
  list.append(Object.assign(document.createElement("span"), { textContent: note }));
}

/** The film takes over the clock when it is there; until then, and without it, the bodies go by their own. */
async function openFilm(address, page) {
  const film = $(".film video");
  film.addEventListener("loadedmetadata", () => {
    $(".wait").hidden = true;
    page.setClock(new FilmClock(film, page.duration));
    page.stage.addScreen(film);
    page.measure();
  });
  film.addEventListener("error", () => {
    $(".film").hidden = true;
    addNote("The film cannot be played here: bodies only.");
    page.isFilmAwaited = false;
  });
  film.src = address.startsWith("#")
    ? URL.createObjectURL(new Blob([await fetchBytes(address, "video/mp4")], { type: "video/mp4" }))
    : address;
}

function makeStage(clip) {
  try {
    return new Stage($(".scene canvas"), clip);
  } catch (error) {
    $(".fault").hidden = false;
    $(".fault").textContent = `This browser draws no 3D (${error.message}). WebGL 2 is needed: update it, or switch on its hardware acceleration.`;
    throw error;
  }
}

async function open() {
  const told = JSON.parse($("#told").textContent);
  fillFrame(told);
  $(".film").hidden = !told.film;
  const clip = unpack(told, await fetchBytes(told.motion));
  const clock = new OwnClock(measureDuration(clip.people, clip.fps));
  const stage = makeStage(clip);
  const tracks = new Tracks($(".tracks"), clip, clock.duration);
  const page = new Page(clip, clock, stage, tracks);
  $(".scale").textContent = `grid ${stage.gridStep} m`;
  if (clip.people.length === 0) addNote("Nobody was found in this film.");
  applyAddress(page, new URLSearchParams(window.location.search));
  page.measure();
  page.start();
  window.viewer = page;
  page.isFilmAwaited = Boolean(told.film);
  if (told.film) await openFilm(told.film, page);
}

/** ?time=2.5&view=side&show=both&person=1 opens the page at that moment. */
function applyAddress(page, wanted) {
  if (wanted.has("time")) page.seek(Number(wanted.get("time")) + 0.25 / page.clip.fps);
  if (wanted.has("view")) page.look(wanted.get("view"));
  if (wanted.has("show")) page.setShow(wanted.get("show"));
  if (wanted.has("person")) page.select(Number(wanted.get("person")), true);
}

open();
