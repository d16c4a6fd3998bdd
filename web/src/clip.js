// What Python packed: typed views into one block of bytes, and who is where at a time.

const ARRAYS = { Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array };
/** Film times are rounded by containers and browsers; frames are further apart than this. */
const TOLERANCE_S = 1e-3;

/** Bytes under an address, or of an element of the page when it starts with #. */
export async function fetchBytes(address, type = "application/octet-stream") {
  if (!address.startsWith("#")) return (await fetch(address)).arrayBuffer();
  const holder = document.getElementById(address.slice(1));
  const answer = await fetch(`data:${type};base64,${holder.textContent}`);
  holder.remove();
  return answer.arrayBuffer();
}

/** Replace every {type, offset, length} under `told` by the array it names. */
export function unpack(told, buffer) {
  if (Array.isArray(told)) return told.map((one) => unpack(one, buffer));
  if (told === null || typeof told !== "object") return told;
  if ("offset" in told && "length" in told) {
    const Kind = ARRAYS[`${told.type[0].toUpperCase()}${told.type.slice(1)}Array`];
    return new Kind(buffer, told.offset, told.length);
  }
  return Object.fromEntries(Object.entries(told).map(([key, value]) => [key, unpack(value, buffer)]));
}

/** Row of a person at a time, or -1 where the film shows them not. */
export function findRow(person, time, fps) {
  const times = person.time_s;
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= time + TOLERANCE_S) low = middle + 1;
    else high = middle;
  }
  const row = low - 1;
  if (row < 0) return -1;
  const goesOn = row + 1 < times.length && person.frame[row + 1] === person.frame[row] + 1;
  return goesOn || time < times[row] + 1 / fps - TOLERANCE_S ? row : -1;
}

/** Stretches of equal kind: 2 seen, 1 seen with little confidence, 0 filled; frames that follow one another. */
export function findStretches(person, fps, lowConfidence) {
  const stretches = [];
  let last = null;
  for (let row = 0; row < person.time_s.length; row += 1) {
    const kind = person.filled[row] ? 0 : person.confidence[row] < lowConfidence ? 1 : 2;
    const follows = row > 0 && person.frame[row] === person.frame[row - 1] + 1;
    if (last && follows) last.end = person.time_s[row];
    if (!last || !follows || last.kind !== kind) {
      last = { kind, start: person.time_s[row], end: 0 };
      stretches.push(last);
    }
    last.end = person.time_s[row] + 1 / fps;
  }
  return stretches;
}

/** Last moment that there is anything to show, seconds. */
export function measureDuration(people, fps) {
  return Math.max(1 / fps, ...people.map((person) => person.time_s[person.time_s.length - 1] + 1 / fps));
}
