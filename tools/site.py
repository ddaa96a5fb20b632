"""What mkdocs needs beside docs/: the pages at the root and in examples/, and links that leave the site.

A link is written as it holds in the repository, where most people read it. In the site one to another page goes there;
one to a file goes to the repository where mkdocs.yml knows its address (REPO_URL), and is plain text where it doesn't.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

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


def generated() -> dict[str, str]:
    """Path in the site, by path in the repository, of each page that is not under docs/."""
    examples = sorted(ROOT.glob("examples/**/README.md"))
    return AT_THE_ROOT | {str(path.relative_to(ROOT)): f"{path.relative_to(ROOT).parent}.md" for path in examples}


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that are not under docs/."""
    for source, page in generated().items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text()))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, **_: object) -> str:
    """Turn the repository's links into the site's."""
    here = page.file.src_uri
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
            return f"{image}[{words}]({place})"
        return f"[{words}]({repository.rstrip('/')}/blob/HEAD/{source})" if repository else words

    return relink


def _page(source: str) -> str | None:
    """Where the site has a file of the repository."""
    if source.startswith("docs/"):
        return source.removeprefix("docs/")
    return generated().get(source) or generated().get(f"{source}/README.md")
