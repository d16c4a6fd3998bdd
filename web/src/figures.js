// A person: one mesh at rest, moved by 24 bones on the graphics card, and the skeleton as joints and sticks.
import {
  Bone,
  BufferAttribute,
  BufferGeometry,
  Color,
  CylinderGeometry,
  Group,
  IcosahedronGeometry,
  InstancedMesh,
  Matrix4,
  MeshLambertMaterial,
  Quaternion,
  Skeleton,
  SkinnedMesh,
  Vector3,
} from "three";
import { findRow } from "./clip.js";

/** As in scene.py. */
const [QUATERNION_UNIT, VERTEX_UNIT] = [32767, 16384];
const JOINT_M = 0.026;
const STICK_M = 0.013;
const UP = new Vector3(0, 1, 0);
/** As in overlay.mp4: a body whose frame had no detection is drawn faint. */
const FILLED_OPACITY = 0.45;
const AROUND_SKELETON_OPACITY = 0.5;

const JOINT = new IcosahedronGeometry(JOINT_M, 1);
const STICK = new CylinderGeometry(STICK_M, STICK_M, 1, 6);

/** What every body shares on the graphics card: the mesh, and a light one for slow machines. */
export function shareBody(body) {
  const { kept, faces } = body.light;
  return {
    parents: body.parents,
    full: shareMesh(body.bones, body.weights, body.faces),
    light: { kept, ...shareMesh(pick(body.bones, kept, 4), pick(body.weights, kept, 4), faces) },
  };
}

function shareMesh(bones, weights, faces) {
  return {
    bones: new BufferAttribute(bones, 4),
    weights: new BufferAttribute(weights, 4),
    faces: new BufferAttribute(faces, 1),
  };
}

/** Rows of an array by their numbers. */
function pick(array, rows, width) {
  const picked = new array.constructor(rows.length * width);
  rows.forEach((row, i) => picked.set(array.subarray(row * width, (row + 1) * width), i * width));
  return picked;
}

/** Bones from the start; mesh and skeleton are made when the person first appears: in a long film most are away. */
export class Figure {
  /**
   * @param person  arrays of one person, see scene.py
   * @param body    of shareBody
   * @param fps     of the film
   * @param stage   inFilm: group with the axes of the film's camera, for bones and mesh; world: scene, for the
   *                skeleton; thickness: of joints and sticks, over their usual one
   */
  constructor(person, body, fps, { inFilm, world, thickness }) {
    this.person = person;
    this.body = body;
    this.parents = body.parents;
    this.fps = fps;
    Object.assign(this, { inFilm, world, thickness });
    this.row = -1;
    this.color = new Color(person.color);
    this.bones = this.makeBones();
    this.root = new Group().add(this.bones[0]);
    inFilm.add(this.root);
    this.positions = body.parents.map(() => new Vector3());
    this.mesh = null;
    this.geometries = {};
  }

  appear() {
    this.mesh = this.makeMesh();
    this.inFilm.add(this.mesh);
    this.joints = this.makeInstances(JOINT, this.parents.length);
    this.sticks = this.makeInstances(STICK, this.parents.length - 1);
  }

  makeBones() {
    const rest = this.person.joints_m;
    const bones = this.parents.map(() => new Bone());
    this.parents.forEach((parent, joint) => {
      if (parent < 0) return;
      bones[parent].add(bones[joint]);
      const [x, y, z] = [0, 1, 2].map((axis) => rest[3 * joint + axis] - rest[3 * parent + axis]);
      bones[joint].position.set(x, y, z);
    });
    return bones;
  }

  makeMesh() {
    const material = new MeshLambertMaterial({ color: this.color });
    const mesh = new SkinnedMesh(this.findGeometry("light"), material);
    mesh.frustumCulled = false; // its box is that of the body at rest
    const rest = this.person.joints_m;
    const inverses = this.bones.map((_, j) =>
      new Matrix4().makeTranslation(-rest[3 * j], -rest[3 * j + 1], -rest[3 * j + 2]),
    );
    mesh.bind(new Skeleton(this.bones, inverses), new Matrix4());
    return mesh;
  }

  /** The mesh at rest, made when it is first wanted. */
  findGeometry(detail) {
    if (this.geometries[detail]) return this.geometries[detail];
    const { kept, bones, weights, faces } = this.body[detail];
    const geometry = new BufferGeometry();
    geometry.setAttribute("skinIndex", bones);
    geometry.setAttribute("skinWeight", weights);
    geometry.setIndex(faces);
    if (kept) {
      // Normals of the full mesh: at finger tips the light one's own cancel out, and nothing would be lit.
      for (const [name, { array }] of Object.entries(this.findGeometry("full").attributes)) {
        if (["position", "normal"].includes(name)) {
          geometry.setAttribute(name, new BufferAttribute(pick(array, kept, 3), 3));
        }
      }
    } else {
      const vertices = Float32Array.from(this.person.vertices, (part) => part / VERTEX_UNIT);
      geometry.setAttribute("position", new BufferAttribute(vertices, 3));
      geometry.computeVertexNormals();
    }
    this.geometries[detail] = geometry;
    return geometry;
  }

  makeInstances(geometry, count) {
    const color = this.color.clone().lerp(new Color(0xffffff), 0.25);
    const instances = new InstancedMesh(geometry, new MeshLambertMaterial({ color }), count);
    instances.frustumCulled = false;
    this.world.add(instances);
    return instances;
  }

  /** Take the pose of a time; hidden where the person is not in the film. */
  pose(time) {
    const row = findRow(this.person, time, this.fps);
    if (row === this.row) return;
    this.row = row;
    if (row < 0) return;
    if (!this.mesh) this.appear();
    const { quaternions, translation_m, joints_m } = this.person;
    const count = this.bones.length;
    for (let joint = 0; joint < count; joint += 1) {
      const at = 4 * (row * count + joint);
      const [x, y, z, w] = [0, 1, 2, 3].map((part) => quaternions[at + part] / QUATERNION_UNIT);
      this.bones[joint].quaternion.set(x, y, z, w).normalize();
    }
    const [x, y, z] = [0, 1, 2].map((axis) => joints_m[axis] + translation_m[3 * row + axis]);
    this.bones[0].position.set(x, y, z);
    this.root.updateMatrixWorld(true);
    this.bones.forEach((bone, joint) => this.positions[joint].setFromMatrixPosition(bone.matrixWorld));
    this.placeSkeleton();
  }

  placeSkeleton() {
    const [matrix, turn, size] = [new Matrix4(), new Quaternion(), new Vector3()];
    const thick = this.thickness;
    const along = new Vector3();
    this.positions.forEach((position, joint) => {
      this.joints.setMatrixAt(joint, matrix.makeScale(thick, thick, thick).setPosition(position));
      if (joint === 0) return;
      const start = this.positions[this.parents[joint]];
      const length = along.subVectors(position, start).length();
      turn.setFromUnitVectors(UP, along.divideScalar(length || 1));
      const middle = start.clone().lerp(position, 0.5);
      this.sticks.setMatrixAt(joint - 1, matrix.compose(middle, turn, size.set(thick, length, thick)));
    });
    this.joints.instanceMatrix.needsUpdate = true;
    this.sticks.instanceMatrix.needsUpdate = true;
  }

  /** Show mesh, skeleton or both; the mesh full or light. */
  dress(show, detail) {
    if (!this.mesh) return;
    this.mesh.geometry = this.findGeometry(detail);
    const present = this.row >= 0;
    const filled = present && this.person.filled[this.row] === 1;
    this.mesh.visible = present && show !== "skeleton";
    this.joints.visible = present && show !== "mesh";
    this.sticks.visible = this.joints.visible;
    const opacity = (filled ? FILLED_OPACITY : 1) * (show === "both" ? AROUND_SKELETON_OPACITY : 1);
    this.mesh.material.opacity = opacity;
    this.mesh.material.transparent = opacity < 1;
    for (const { material } of [this.joints, this.sticks]) {
      material.opacity = filled ? FILLED_OPACITY : 1;
      material.transparent = filled;
    }
  }

  /** Above the head, where the name stands. */
  get top() {
    return this.positions[15].clone().setY(Math.max(...this.positions.map(({ y }) => y)) + 0.22);
  }
}
