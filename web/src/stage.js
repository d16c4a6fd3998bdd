// The 3D scene: axes, ground, light, and the cameras from which it is seen.
import {
  Box3,
  BufferGeometry,
  Color,
  DirectionalLight,
  Float32BufferAttribute,
  Group,
  HemisphereLight,
  LineBasicMaterial,
  LineSegments,
  Matrix4,
  Mesh,
  MeshBasicMaterial,
  PerspectiveCamera,
  PlaneGeometry,
  SRGBColorSpace,
  Scene,
  Vector3,
  VideoTexture,
  WebGLRenderer,
} from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { Figure, shareBody } from "./figures.js";

export const VIEWS = ["angle", "front", "side", "top", "turntable", "film"];
const FIELD_OF_VIEW_DEG = 32;
const TURNTABLE_S = 16;
/** Azimuth (0 as the film's camera looks, 90 from its right) and height over the ground, degrees. */
const DIRECTIONS_DEG = { angle: [38, 18], front: [0, 8], side: [90, 8], top: [0, 89.9], turntable: [38, 14] };
/** Half of the box around a person who is followed. */
const CLOSE_M = new Vector3(1.1, 1.15, 1.1);
/** From the pelvis to over the head and under the feet. */
const BODY_M = [new Vector3(-0.5, 1, 0), new Vector3(0.5, -1, 0)];
const SCREEN_M = 60;
const WIDE_THICKNESS = 1.8;
const SAMPLES = 600;

function listCorners(low, high) {
  const sides = [low, high];
  return [0, 1, 2, 3, 4, 5, 6, 7].map(
    (corner) => new Vector3(sides[corner & 1].x, sides[(corner >> 1) & 1].y, sides[corner >> 2].z),
  );
}

/** Where to look and from how far, so that all points fill the picture; a few steps from the middle of the points. */
function fit(points, { back, right, up }, slopeRight, slopeUp) {
  const center = points.reduce((sum, point) => sum.add(point), new Vector3()).divideScalar(points.length);
  const offset = new Vector3();
  let distance = 0;
  for (let step = 0; step < 6; step += 1) {
    distance = 0;
    for (const point of points) {
      offset.subVectors(point, center);
      const reach = Math.max(Math.abs(offset.dot(right)) / slopeRight, Math.abs(offset.dot(up)) / slopeUp);
      distance = Math.max(distance, reach + offset.dot(back));
    }
    for (const axis of [right, up]) {
      const spread = points.map((point) => {
        offset.subVectors(point, center);
        return offset.dot(axis) / (distance - offset.dot(back));
      });
      const [least, most] = spread.reduce(([a, b], one) => [Math.min(a, one), Math.max(b, one)], [Infinity, -Infinity]);
      if (step < 5) center.addScaledVector(axis, ((least + most) / 2) * distance);
    }
  }
  return { center, distance };
}

/** Whether there is no graphics card behind WebGL: then lines are not smoothed and moving bodies are light. */
function drawsInSoftware() {
  const context = document.createElement("canvas").getContext("webgl2");
  if (!context) return false;
  const named = context.getExtension("WEBGL_debug_renderer_info");
  const name = context.getParameter(named ? named.UNMASKED_RENDERER_WEBGL : context.RENDERER);
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}

export class Stage {
  constructor(canvas, clip) {
    this.canvas = canvas;
    this.clip = clip;
    this.isSoftware = drawsInSoftware();
    this.renderer = new WebGLRenderer({ canvas, antialias: !this.isSoftware });
    this.world = new Scene();
    this.camera = new PerspectiveCamera(FIELD_OF_VIEW_DEG, 1, 0.05, 400);
    this.inFilm = this.makeFilmAxes();
    this.box = this.measureBox();
    const body = shareBody(clip.body);
    this.addLights();
    this.ground = this.makeGround();
    this.thickness = this.gridStep > 1 ? WIDE_THICKNESS : 1;
    this.figures = clip.people.map((one) => new Figure(one, body, clip.fps, this));
    this.crowd = this.samplePlaces();
    this.screen = null;
    this.controls = new OrbitControls(this.camera, canvas);
    this.controls.autoRotateSpeed = 60 / TURNTABLE_S;
    this.controls.maxPolarAngle = Math.PI * 0.95;
    this.controls.addEventListener("start", () => this.leaveView());
    this.view = "angle";
    this.followed = null;
    this.onleave = () => {};
  }

  /** Film camera axes (x right, y down, z forward), levelled, in the world's (y up, z towards the viewer). */
  makeFilmAxes() {
    const group = new Group();
    const [[a, b, c], [d, e, f], [g, h, i]] = this.clip.level;
    group.matrixAutoUpdate = false;
    group.matrix = new Matrix4().set(a, b, c, 0, -d, -e, -f, 0, -g, -h, -i, 0, 0, 0, 0, 1);
    this.world.add(group);
    group.updateMatrixWorld(true);
    return group;
  }

  measureBox() {
    const [low, high] = this.clip.extent_m;
    return {
      low: new Vector3(low[0], -this.clip.ground_m, -high[2]),
      high: new Vector3(high[0], -low[1], -low[2]),
    };
  }

  /** Points that a view of everybody should show: heads and feet now and then, but of those outside the box. */
  samplePlaces() {
    const { low, high } = this.box;
    const total = this.clip.people.reduce((sum, person) => sum + person.frame.length, 0);
    const step = Math.max(1, Math.floor(total / SAMPLES));
    const [points, box] = [[], new Box3(low, high)];
    for (const { translation_m, frame } of this.clip.people) {
      for (let row = 0; row < frame.length; row += step) {
        const place = new Vector3().fromArray(translation_m, 3 * row).applyMatrix4(this.inFilm.matrix);
        if (box.containsPoint(place)) {
          for (const reach of BODY_M) points.push(place.clone().add(reach).clamp(low, high));
        }
      }
    }
    return points.length ? points : listCorners(low, high);
  }

  addLights() {
    const sky = new HemisphereLight(0xffffff, 0x9aa0a8, 1.9);
    const lamp = new DirectionalLight(0xffffff, 1.7);
    lamp.position.set(-0.45, 0.75, 0.65);
    this.world.add(sky, lamp);
  }

  makeGround() {
    const { low, high } = this.box;
    const size = Math.max(high.x - low.x, high.z - low.z);
    this.gridStep = size < 12 ? 1 : size < 60 ? 5 : 20;
    const [x0, z0] = [low.x, low.z].map((side) => Math.floor((side - 0.5) / this.gridStep) * this.gridStep);
    const [x1, z1] = [high.x, high.z].map((side) => Math.ceil((side + 0.5) / this.gridStep) * this.gridStep);
    const points = [];
    for (let x = x0; x <= x1 + 1e-6; x += this.gridStep) points.push(x, low.y, z0, x, low.y, z1);
    for (let z = z0; z <= z1 + 1e-6; z += this.gridStep) points.push(x0, low.y, z, x1, low.y, z);
    const geometry = new BufferGeometry().setAttribute("position", new Float32BufferAttribute(points, 3));
    const lines = new LineSegments(geometry, new LineBasicMaterial());
    const floor = new Mesh(new PlaneGeometry(x1 - x0, z1 - z0).rotateX(-Math.PI / 2), new MeshBasicMaterial());
    floor.position.set((x0 + x1) / 2, low.y - 0.004, (z0 + z1) / 2);
    Object.assign(floor.material, { polygonOffset: true, polygonOffsetFactor: 1, polygonOffsetUnits: 1 });
    this.world.add(lines, floor);
    return { lines, floor };
  }

  /** The film far behind everybody, seen from its own camera only. */
  addScreen(film) {
    if (!this.clip.camera) return;
    const { focal_px, center_x, center_y, width, height } = this.clip.camera;
    const scale = SCREEN_M / focal_px;
    const texture = new VideoTexture(film);
    texture.colorSpace = SRGBColorSpace;
    const geometry = new PlaneGeometry(width * scale, height * scale).rotateX(Math.PI);
    const material = new MeshBasicMaterial({ map: texture, depthWrite: false, depthTest: false, toneMapped: false });
    const screen = new Mesh(geometry, material);
    screen.position.set((width / 2 - center_x) * scale, (height / 2 - center_y) * scale, SCREEN_M);
    screen.renderOrder = -1;
    screen.visible = this.view === "film";
    this.inFilm.add(screen);
    screen.updateMatrixWorld(true);
    this.screen = screen;
  }

  paint({ paper, floor, line }) {
    this.world.background = new Color(paper);
    this.ground.floor.material.color.set(floor);
    this.ground.lines.material.color.set(line);
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.canvas.parentElement;
    if (!width || !height) return;
    this.renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2));
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
    this.look(this.view);
  }

  /** Stand where a view is from, close to a person who is followed and far enough for everybody otherwise. */
  look(view) {
    this.view = view;
    this.controls.autoRotate = view === "turntable";
    this.camera.clearViewOffset();
    if (this.screen) this.screen.visible = view === "film";
    const outside = view !== "film";
    this.ground.lines.visible = outside;
    this.ground.floor.visible = outside;
    if (view === "film") this.lookFromFilm();
    else if (DIRECTIONS_DEG[view]) this.lookFrom(...DIRECTIONS_DEG[view]);
  }

  lookFrom(azimuthDeg, heightDeg) {
    const [azimuth, height] = [azimuthDeg, heightDeg].map((angle) => (angle * Math.PI) / 180);
    this.camera.fov = FIELD_OF_VIEW_DEG;
    this.camera.up.set(0, 1, 0);
    this.camera.near = 0.05;
    const points = this.findSubject();
    const back = new Vector3(
      Math.sin(azimuth) * Math.cos(height),
      Math.sin(height),
      Math.cos(azimuth) * Math.cos(height),
    );
    const right = new Vector3(Math.cos(azimuth), 0, -Math.sin(azimuth));
    const up = new Vector3().crossVectors(back, right);
    const slopeUp = Math.tan((FIELD_OF_VIEW_DEG * Math.PI) / 360) * 0.9;
    const slopeRight = slopeUp * this.camera.aspect;
    const { center, distance } = fit(points, { back, right, up }, slopeRight, slopeUp);
    this.controls.target.copy(center);
    this.camera.position.copy(center).addScaledVector(back, distance);
    this.camera.far = Math.max(400, 4 * distance);
    this.camera.updateProjectionMatrix();
    this.controls.update(0);
  }

  findSubject() {
    if (!this.followed || this.followed.row < 0) return this.crowd;
    const center = this.followed.positions[0];
    return listCorners(center.clone().sub(CLOSE_M), center.clone().add(CLOSE_M));
  }

  /** The film's own camera, its picture as large as fits into the canvas. */
  lookFromFilm() {
    const { focal_px, center_x, center_y, width, height } = this.clip.camera;
    const { clientWidth, clientHeight } = this.canvas.parentElement;
    const scale = Math.min(clientWidth / width, clientHeight / height);
    this.camera.fov = (360 / Math.PI) * Math.atan(clientHeight / scale / 2 / focal_px);
    this.camera.position.set(0, 0, 0);
    const axis = (x, y, z) => new Vector3(x, y, z).transformDirection(this.inFilm.matrixWorld);
    this.camera.up.copy(axis(0, -1, 0));
    this.camera.lookAt(axis(0, 0, 1));
    this.camera.near = 0.01;
    this.camera.far = 2 * SCREEN_M;
    const [right, down] = [(width / 2 - center_x) * scale, (height / 2 - center_y) * scale];
    this.camera.setViewOffset(clientWidth, clientHeight, right, down, clientWidth, clientHeight);
  }

  /** The user turns the scene by hand: it goes on from where the camera is. */
  leaveView() {
    if (this.view === "film") this.look("front");
    if (this.view !== "turntable") this.view = "free";
    this.onleave();
  }

  follow(figure) {
    this.followed = figure;
    this.before = null;
    if (this.view !== "film" && this.view !== "free") this.look(this.view);
    else if (this.view === "free" && figure && figure.row >= 0) this.shift(figure.positions[0]);
  }

  shift(target) {
    const step = target.clone().sub(this.controls.target);
    this.controls.target.add(step);
    this.camera.position.add(step);
  }

  /** Draw a time, bodies in full or light. */
  draw(time, show, detail, seconds) {
    for (const figure of this.figures) {
      figure.pose(time);
      figure.dress(show, detail);
    }
    if (this.view !== "film") {
      if (this.followed && this.followed.row >= 0) this.shift(this.followed.positions[0]);
      this.controls.update(seconds);
    }
    this.renderer.render(this.world, this.camera);
  }

  /** Where a point of the world is on the canvas, in CSS pixels; null behind the camera. */
  project(point) {
    const { clientWidth, clientHeight } = this.canvas.parentElement;
    const seen = point.clone().project(this.camera);
    if (seen.z > 1) return null;
    return [((seen.x + 1) / 2) * clientWidth, ((1 - seen.y) / 2) * clientHeight];
  }
}
