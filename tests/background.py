"""A server of socketserver's kind in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer


@contextmanager
def serving_in_background(server: BaseServer, name: str) -> Iterator[None]:
    """Serve for as long as the block; the server is closed after it."""
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name=name)  # looks for its end that often
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
