"""One HTML file that needs nothing else, light and dark, for wide and narrow screens."""

from collections.abc import Sequence
from html import escape

_STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --pale: #59636e; --line: #d5dae0; --card: #f6f8fa; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14181d; --ink: #e6eaef; --pale: #9aa5b1; --line: #39424d; --card: #1d232a; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1120px; padding: 16px; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 8px 0; } h2 { font-size: 1.25rem; margin: 40px 0 8px; }
h3 { font-size: 1.05rem; margin: 24px 0 8px; } h1, h2, h3, p, li, figcaption { overflow-wrap: anywhere; }
h2 { border-top: 1px solid var(--line); padding-top: 16px; }
p.note, ul, figcaption { color: var(--pale); font-size: 0.9rem; } ul { padding-left: 18px; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.9rem; }
th, td { padding: 4px 10px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: var(--paper); }
.grid-of { display: grid; grid-template-columns: repeat(auto-fill, minmax(260px, 1fr)); gap: 16px; }
figure { margin: 0; background: var(--card); border-radius: 8px; padding: 10px; }
svg { display: block; width: 100%; height: auto; } svg text { font: 10px system-ui, sans-serif; fill: var(--pale); }
svg polyline { fill: none; stroke-width: 1.5; stroke-linejoin: round; }
svg .grid { stroke: var(--line); stroke-width: 1; }
summary { cursor: pointer; margin: 12px 0; }
@media (max-width: 480px) { body { padding: 12px; } th, td { padding: 4px 7px; } }
""".strip()


def make_document(title: str, body: Sequence[str], *, style: str = "") -> str:
    """The whole file.

    Args:
        title: Plain text.
        body: HTML, piece by piece.
        style: What this page adds to the common style.
    """
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}\n{style.strip()}</style>"
    )
    inside = "\n".join(body)
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{inside}\n</body></html>\n'


def make_list(lines: Sequence[str]) -> str:
    """Lines of plain text, one below the other."""
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"
