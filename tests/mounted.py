"""Files as the kubelet mounts those of a Secret."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


class Mounted:
    """A folder with a Secret's files, replaced together: each is a link through one symbolic link, which is turned."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._count = 0

    def write(self, files: Mapping[str, bytes]) -> None:
        """Put these files in the place of those before."""
        self._count += 1
        data = self.folder / f"..{self._count}"
        data.mkdir(parents=True)
        for name, content in files.items():
            (data / name).write_bytes(content)
            if not (self.folder / name).is_symlink():
                (self.folder / name).symlink_to(f"..data/{name}")
        link = self.folder / "..new"
        link.symlink_to(data.name)
        link.replace(self.folder / "..data")

    def path(self, name: str) -> str:
        """Where a file is."""
        return str(self.folder / name)
