"""Debian's nginx and Caddy with the sites that are shipped, changed as their comments say."""

import re
import shlex
import subprocess
from pathlib import Path
from types import TracebackType

from tests.support.places import ROOT
from tests.support.ports import HOST, Port
from tests.support.serving.unprivileged import give, needed, nobody
from tests.support.waiting import wait_for

DEPLOY = ROOT / "deploy"
_NGINX = """\
pid {folder}/pid;
error_log {folder}/error.log;
daemon off;
worker_processes 1;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {site};
}}
"""


class Proxy:
    """A proxy in front of an app at `upstream`, at https://localhost and a port of its own.

    It is a process of nobody, in a `folder` that anybody may enter. `path` is "", or "/listen" for
    what the comment of each site says to do for that.

    Attributes
    ----------
    url : where it is, with the path, without a slash at the end
    certificate : the file that a client trusts
    """

    def __init__(self, name: str, folder: Path, upstream: int, path: str) -> None:
        self.program = needed(name, name)
        self.folder, self._port, self._plain = folder, Port(), Port()
        self.port = self._port.number
        self.url = f"https://localhost:{self.port}{path}"
        self.certificate, self._key = certificate(folder)
        make = {"nginx": self._nginx, "caddy": self._caddy}[name]
        command = make(folder, upstream, path)
        give(folder)
        with (folder / "said").open("wb") as said:
            self.process = subprocess.Popen(
                command, cwd=folder, stdout=said, stderr=said, env={"HOME": str(folder)}, **nobody()
            )
        wait_for(self._listens, f"{name} does not listen")

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        self.process.wait()
        self._port.release()
        self._plain.release()

    def _listens(self) -> bool:
        said = (self.folder / "said").read_text(encoding="utf-8")
        assert self.process.poll() is None, said
        listens = f"0100007F:{self.port:04X}"  # 127.0.0.1, as the kernel writes it
        return any(
            line.split()[1] == listens and line.split()[3] == "0A"
            for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
        )

    def _nginx(self, folder: Path, upstream: int, path: str) -> list[str]:
        site = edited(DEPLOY / "nginx" / "sounding-board.conf", folder, path)
        site = _replaced(
            site,
            (r"server 127\.0\.0\.1:8000;", f"server {HOST}:{upstream};"),
            (r"listen \[::\]:.*;\n", "\n"),  # a machine may have no such addresses
            (r"listen 80;", f"listen {HOST}:{self._plain.number};"),
            (r"listen 443 ssl", f"listen {HOST}:{self.port} ssl"),
            (r"listen\.example\.org;", "localhost;"),
            (r"Host \$server_name;", f"Host $server_name:{self.port};"),
            (r"ssl_certificate /.*;", f"ssl_certificate {self.certificate};"),
            (r"ssl_certificate_key /.*;", f"ssl_certificate_key {self._key};"),
        )
        (folder / "site").write_text(site, encoding="utf-8")
        whole = _NGINX.format(folder=folder, site=folder / "site")
        (folder / "nginx.conf").write_text(whole, encoding="utf-8")
        return [self.program, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]

    def _caddy(self, folder: Path, upstream: int, path: str) -> list[str]:
        site = edited(DEPLOY / "caddy" / "Caddyfile", folder, path)
        site = _replaced(
            site,
            (r"reverse_proxy 127\.0\.0\.1:8000", f"reverse_proxy {HOST}:{upstream}"),
            (r"(?m)^\{\n", f"{{\n\tadmin off\n\tauto_https off\n\tdefault_bind {HOST}\n"),
            (
                r"(?m)^listen\.example\.org \{",
                f"https://localhost:{self.port} {{\n\ttls {self.certificate} {self._key}",
            ),
        )
        (folder / "Caddyfile").write_text(site, encoding="utf-8")
        return [self.program, "run", "--config", str(folder / "Caddyfile")]


def edited(shipped: Path, folder: Path, path: str) -> str:
    """Return a site that is shipped; for a path after the command that its comment gives."""
    copy = folder / shipped.name
    text = shipped.read_text(encoding="utf-8")
    copy.write_text(text, encoding="utf-8")
    if path:
        [command] = re.findall(r"^#   (sed -i .*)$", text, re.MULTILINE)
        subprocess.run(shlex.split(command), cwd=folder, check=True)
    return copy.read_text(encoding="utf-8")


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for localhost that nobody but its own holder vouches for, and its key."""
    made, key = folder / "certificate.pem", folder / "key.pem"
    command = [
        needed("openssl", "openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
        "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(made),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return made, key


def _replaced(text: str, *changes: tuple[str, str]) -> str:
    for before, after in changes:
        text, count = re.subn(before, after, text)
        assert count > 0, f"the site has no {before} any more"
    return text
