// One time for film and bodies. Where there is a film it leads: bodies are those of the picture that is on the screen.

const FAR_S = 0.5;

export class OwnClock {
  constructor(duration) {
    this.duration = duration;
    this.speed = 1;
    this.playing = false;
    this.time = 0;
    this.ready = true;
    this.onchange = () => {};
  }

  play() {
    if (this.time >= this.duration - 1e-3) this.time = 0;
    this.playing = true;
    this.before = performance.now();
    this.onchange();
  }

  pause() {
    this.playing = false;
    this.onchange();
  }

  seek(time) {
    this.time = Math.min(Math.max(time, 0), this.duration);
    this.onchange();
  }

  setSpeed(speed) {
    this.speed = speed;
  }

  /** Time to show, called once for every picture of the screen. */
  read() {
    if (!this.playing) return this.time;
    const now = performance.now();
    this.time += ((now - this.before) / 1000) * this.speed;
    this.before = now;
    if (this.time >= this.duration) {
      this.time = this.duration;
      this.pause();
    }
    return this.time;
  }
}

export class FilmClock {
  constructor(film, duration) {
    this.film = film;
    this.duration = Number.isFinite(film.duration) && film.duration > 0 ? film.duration : duration;
    this.onchange = () => {};
    this.shown = null;
    this.ready = false;
    film.addEventListener("seeked", () => (this.ready = true));
    for (const event of ["play", "pause", "seeked", "ended", "loadeddata"]) {
      film.addEventListener(event, () => this.onchange());
    }
    if ("requestVideoFrameCallback" in film) {
      const note = (_, { mediaTime }) => {
        this.shown = mediaTime;
        this.onchange();
        film.requestVideoFrameCallback(note);
      };
      film.requestVideoFrameCallback(note);
    }
  }

  get playing() {
    return !this.film.paused && !this.film.ended;
  }

  play() {
    this.film.play();
  }

  pause() {
    this.film.pause();
  }

  seek(time) {
    this.film.currentTime = Math.min(Math.max(time, 0), this.duration - 1e-3);
    this.onchange();
  }

  setSpeed(speed) {
    this.film.playbackRate = speed;
  }

  read() {
    const time = this.film.currentTime;
    const settled = this.shown !== null && !this.film.seeking && Math.abs(time - this.shown) < FAR_S;
    return settled ? this.shown : time;
  }
}
