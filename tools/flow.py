"""Print docs/flow.svg, the picture in README.md: `make flow`."""

from __future__ import annotations

from html import escape

WIDTH, HEIGHT = 960, 500
INK, SOFT, LINE, OURS, PAPER = "#1f2937", "#6b7280", "#9ca3af", "#4f46e5", "#ffffff"

HEAD = f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" \
font-family="system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif">
<!-- Made by `make flow` from tools/flow.py. -->
<title>How an MCPServer becomes pods, and how a call reaches it</title>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" \
orient="auto-start-reverse"><path d="M0 0 L8 4 L0 8 z" fill="{SOFT}"/></marker></defs>
<rect width="{WIDTH}" height="{HEIGHT}" rx="12" fill="{PAPER}"/>
"""


def text(
    x: float, y: float, words: str, *, size: int = 13, fill: str = SOFT, weight: int = 400, at: str = "middle"
) -> str:
    """One line of text; y is its baseline."""
    style = f'font-size="{size}" fill="{fill}" font-weight="{weight}" text-anchor="{at}"'
    return f'<text x="{x}" y="{y}" {style}>{escape(words)}</text>\n'


def box(x: float, y: float, w: float, h: float, title: str, *lines: str, ours: bool = False) -> str:
    """A box with a title and lines below it."""
    colours = f'fill="{OURS}" stroke="{OURS}"' if ours else f'fill="#f9fafb" stroke="{LINE}"'
    drawn = f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="8" {colours}/>\n'
    top = y + h / 2 - (len(lines) * 18) / 2 + 5
    drawn += text(x + w / 2, top, title, size=15, fill=PAPER if ours else INK, weight=600)
    for number, line in enumerate(lines, 1):
        drawn += text(x + w / 2, top + number * 18 + 3, line, fill="#e0e7ff" if ours else SOFT)
    return drawn


def arrow(x1: float, y1: float, x2: float, y2: float, *, both: bool = False) -> str:
    """A straight arrow."""
    ends = 'marker-end="url(#tip)"' + (' marker-start="url(#tip)"' if both else "")
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{SOFT}" stroke-width="1.5" {ends}/>\n'


def heading(y: float, words: str) -> str:
    """The name of one half of the picture."""
    return text(30, y, words, size=12, fill=OURS, weight=700, at="start")


def picture() -> str:
    """The file's text."""
    objects = [
        heading(34, "FROM MANIFEST TO PODS"),
        box(30, 52, 200, 112, "You write", "MCPServer", "MCPRemoteProxy", "shared configs"),
        arrow(230, 108, 358, 108),
        text(294, 98, "kubectl apply"),
        box(360, 52, 220, 112, "Metacontroller", "watches, caches, retries,", "applies, collects garbage"),
        arrow(580, 108, 728, 108),
        text(654, 98, "creates, updates"),
        box(
            730,
            52,
            200,
            112,
            "Kubernetes runs",
            "Deployment, RunConfig,",
            "Service, ServiceAccount,",
            "Role, RoleBinding",
        ),
        arrow(425, 164, 425, 212),
        arrow(515, 212, 515, 164),
        text(415, 193, "what exists", at="end"),
        text(525, 193, "what must exist, and the status", at="start"),
        box(360, 214, 220, 62, "toolhive-hooks", "no state, no credentials", ours=True),
    ]
    calls = [
        heading(336, "FROM CALLER TO API"),
        box(30, 356, 150, 64, "Caller", "with its own token"),
        arrow(180, 388, 308, 388),
        text(244, 378, "Service"),
        box(310, 356, 210, 64, "Proxy", "checks and exchanges it"),
        arrow(520, 388, 648, 388),
        text(584, 378, "exchanged token"),
        box(650, 356, 130, 64, "MCP server", "your image"),
        arrow(780, 388, 838, 388),
        box(840, 356, 90, 64, "API"),
        arrow(415, 420, 415, 452, both=True),
        text(427, 441, "OAuth 2.0 token exchange, RFC 8693", at="start"),
        text(415, 472, "Identity provider", size=15, fill=INK, weight=600),
        f'<line x1="30" y1="306" x2="{WIDTH - 30}" y2="306" stroke="#e5e7eb"/>\n',
    ]
    return HEAD + "".join(objects + calls) + "</svg>\n"


if __name__ == "__main__":
    print(picture(), end="")
