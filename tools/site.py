"""What mkdocs needs beside docs/: pages at the root, in examples/ and on each kind, and links that leave the site.

A link is written as it works in the repository, where most people read it. In the site a link to another page leads to
that page, and is called by its title if it was called by its file's name. A link to the JSON Schema of a kind leads to
the page on that kind. A link to another file leads to the repository if mkdocs.yml knows its address (REPO_URL), and is
plain text if not.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

from hooks.api.kinds import RESOURCES
from tools import reference_pages

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]

AT_THE_ROOT = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "reporting.md",
    "CHANGELOG.md": "changelog.md",
}
"""Pages that are not under docs/, and what they are called in the site."""

FENCE = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
FILE_NAME = re.compile(r"`?[\w./-]+\.md`?")

SCHEMAS = {
    f"crds/schemas/{kind.group}/{kind.kind.lower()}_{version.partition('/')[2]}.json": reference_pages.path_of(
        kind.kind
    )
    for kind in RESOURCES
    for version in kind.api_versions
}
"""Page on a kind, by path in the repository of each JSON Schema of that kind."""


FOUND_FIRST = {
    "glossary.md": 3,
    "status.md": 3,
    "troubleshooting.md": 3,
    "installing.md": 2,
    "decisions.md": 0.5,
    "changelog.md": 0.5,
}
"""How much more or less a page counts in the site's search than others."""


def generated() -> dict[str, str]:
    """Path in the site, by path in the repository, of each page that is not under docs/."""
    examples = sorted(ROOT.glob("examples/**/README.md"))
    return AT_THE_ROOT | {str(path.relative_to(ROOT)): f"{path.relative_to(ROOT).parent}.md" for path in examples}


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that are not under docs/."""
    for source, page in generated().items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text()))
    for page, text in reference_pages.pages().items():
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, **_: object) -> str:
    """Turn the repository's links into the site's."""
    here = page.file.src_uri
    page.meta["search"] = {"boost": FOUND_FIRST.get(here, 1)}
    if here.startswith("reference/"):
        return markdown
    origin = next((source for source, name in generated().items() if name == here), f"docs/{here}")
    parts = FENCE.split(markdown)
    parts[::2] = [LINK.sub(_relink(origin, here, config.repo_url), part) for part in parts[::2]]
    return "".join(parts)


def _relink(origin: str, here: str, repository: str | None) -> Callable[[re.Match[str]], str]:
    def relink(link: re.Match[str]) -> str:
        image, words, target = link.groups()
        path, _, anchor = target.partition("#")
        if "://" in target or not path:
            return link[0]
        source = os.path.normpath(Path(origin).parent / path)
        page = _page(source)
        if page:
            place = os.path.relpath(page, Path(here).parent) + (f"#{anchor}" if anchor else "")
            shown = _title(source) if FILE_NAME.fullmatch(words) and not image else words
            return f"{image}[{shown}]({place})"
        return f"[{words}]({repository.rstrip('/')}/blob/HEAD/{source})" if repository else words

    return relink


def _title(source: str) -> str:
    """The title of a page, by its path in the repository."""
    path = ROOT / source
    text = (path if path.is_file() else path / "README.md").read_text()
    return next(line.removeprefix("# ") for line in text.splitlines() if line.startswith("# "))


def _page(source: str) -> str | None:
    """Where the site has a file of the repository."""
    if source.startswith("docs/"):
        return source.removeprefix("docs/")
    return generated().get(source) or generated().get(f"{source}/README.md") or SCHEMAS.get(source)
