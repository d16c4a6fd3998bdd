// What each key does; the same list fills the help.

export const KEYS = [
  [" ", "Space", "play or pause", (page) => page.toggle()],
  ["ArrowLeft", "←", "a frame back; with Shift a second", (page, shift) => page.step(-1, shift)],
  ["ArrowRight", "→", "a frame on; with Shift a second", (page, shift) => page.step(1, shift)],
  ["Home", "Home", "to the start", (page) => page.seek(0)],
  ["End", "End", "to the end", (page) => page.seek(page.duration)],
  ["-", "−", "slower", (page) => page.changeSpeed(-1)],
  ["+", "+", "faster", (page) => page.changeSpeed(1)],
  ["1", "1 … 9", "follow that person; again, or 0, nobody", null],
  ["a", "A", "view from an angle", (page) => page.look("angle")],
  ["f", "F", "view from the front", (page) => page.look("front")],
  ["s", "S", "view from the side", (page) => page.look("side")],
  ["t", "T", "view from the top", (page) => page.look("top")],
  ["r", "R", "turntable", (page) => page.look("turntable")],
  ["c", "C", "the film's camera, bodies over the film", (page) => page.look("film")],
  ["m", "M", "mesh, skeleton or both", (page) => page.changeShow()],
  ["?", "?", "this help", (page) => page.help()],
];

/** Listen to the whole page, except where a key already means something: in menus and lists. */
export function listenToKeys(page) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("select, dialog[open]")) return;
    const isPress = event.target.closest("button, summary, a") && [" ", "Enter"].includes(event.key);
    if (isPress) return;
    if (/^[0-9]$/.test(event.key)) page.select(Number(event.key));
    else {
      const key = event.key === "=" ? "+" : event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const found = KEYS.find(([name, , , act]) => name === key && act);
      if (!found) return;
      found[3](page, event.shiftKey);
    }
    event.preventDefault();
  });
}

export function fillHelp(list) {
  for (const [, shown, what] of KEYS) {
    const [key, text] = [document.createElement("dt"), document.createElement("dd")];
    key.textContent = shown;
    text.textContent = what;
    list.append(key, text);
  }
}
