"""A registry with one image under every name: it plays a mirror of Docker Hub for a node that reaches nothing else.

It speaks as much of the distribution protocol as `docker pull` asks for: the manifest of a tag, and two blobs.
"""

import gzip
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
WAITING = b'#!/bin/sh\ntrap "exit 0" TERM\nwhile :; do sleep 1000 & wait $!; done\n'
"""What containers run: a program that waits until it is asked to end."""
PROGRAMS = ("bash", "haproxy", "nginx")


@cache
def _files() -> bytes:
    """The layer: busybox with its applets, and the programs that the templates start."""
    busybox = shutil.which("busybox") or "/bin/busybox"
    applets = subprocess.run((busybox, "--list"), capture_output=True, text=True, check=True).stdout.split()
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name in ("bin", "tmp", "etc", "proc", "sys", "dev"):
            directory = tarfile.TarInfo(name)
            directory.type, directory.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(directory)
        archive.add(busybox, "bin/busybox", filter=_plain)
        for name in PROGRAMS:
            program = tarfile.TarInfo(f"bin/{name}")
            program.mode, program.size = 0o755, len(WAITING)
            archive.addfile(program, io.BytesIO(WAITING))
        for applet in applets:
            if applet not in {"busybox", *PROGRAMS}:
                link = tarfile.TarInfo(f"bin/{applet}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                archive.addfile(link)
    return written.getvalue()


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = member.mtime = 0
    member.mode = 0o755
    return member


def _name(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


@cache
def _blobs() -> tuple[bytes, dict[str, bytes]]:
    """The manifest, and the blobs that it names."""
    layer = gzip.compress(_files(), mtime=0)
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": ["/bin/bash"], "Env": ["PATH=/bin"]},
            "rootfs": {"type": "layers", "diff_ids": [_name(_files())]},
            "history": [{"created_by": "tests"}],
        }
    ).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "size": len(config), "digest": _name(config)},
        "layers": [{"mediaType": LAYER, "size": len(layer), "digest": _name(layer)}],
    }
    return json.dumps(manifest).encode(), {_name(config): config, _name(layer): layer}


class _Question(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer a question for a part of the image."""
        manifest, blobs = _blobs()
        last = self.path.rpartition("/")[2]
        if self.path == "/v2/":
            self._answer(b"{}", "application/json")
        elif "/manifests/" in self.path:
            self._answer(manifest, MANIFEST)
        elif last in blobs:
            self._answer(blobs[last], "application/octet-stream")
        else:
            self.send_error(404)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Docker-Content-Digest", _name(body))
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def registry() -> Iterator[int]:
    """Run one on loopback; its port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Question)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
