"""Three engines behind one small interface: Chromium, Firefox and WebKitGTK, as Debian has them.

Playwright drives Chromium; of the other two it knows only its own builds. Firefox is spoken to by
WebDriver BiDi, which it has built in, and WebKitGTK by WebDriver, whose driver Debian has.
"""

import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.support.ports import HOST, Port
from tests.support.waiting import ON_A_PAGE, PATIENCE, wait_for

PACKAGES = (
    "firefox-esr pulseaudio webkit2gtk-driver xvfb gstreamer1.0-plugins-good gstreamer1.0-libav"
)
SIZE = (1280, 900)
_AT_REST = "document.readyState === 'complete'"
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # how WebDriver calls a reference to an element
_KEYS = {"Enter": "\ue007", "Tab": "\ue004", "ArrowRight": "\ue014", "Space": " "}


class Tab(ABC):
    """A tab of a browser: real clicks and keys, and what a script says of the page."""

    @abstractmethod
    def go(self, url: str) -> None:
        """Open an address, and wait until it is loaded."""

    @abstractmethod
    def ask(self, expression: str) -> Any:
        """Return the JSON value of a JavaScript expression."""

    @abstractmethod
    def click(self, selector: str, number: int = 0) -> None:
        """Click in the middle of an element that a selector finds, as a mouse does."""

    @abstractmethod
    def keys(self, *keys: str) -> None:
        """Press keys one after the other: characters, or names such as "Enter"."""

    @abstractmethod
    def picture(self, path: Path) -> None:
        """Save what is to be seen as a PNG file."""

    def count(self, selector: str) -> int:
        """Return how many elements a selector finds."""
        return self.ask(f"document.querySelectorAll({json.dumps(selector)}).length")

    def text(self, selector: str) -> str:
        """Return the text of the first element that a selector finds; "" without one."""
        return self.ask(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")

    def wait(self, expression: str) -> None:
        """Wait until an expression is true of the page."""
        wait_for(lambda: self.ask(f"Boolean({expression})"), expression)

    def leave(self, selector: str) -> None:
        """Click on what leads to another page, and wait until that is loaded."""
        self.ask("globalThis.left = false")
        self.click(selector)
        wait_for(self._arrived, f"{selector} leads nowhere")

    def _arrived(self) -> bool:
        try:
            return self.ask(f"globalThis.left === undefined && {_AT_REST}")
        except AssertionError:  # between two pages there is none to ask
            return False


class _Playwright(Tab):
    def __init__(self, page: Any) -> None:
        self._page = page

    def go(self, url: str) -> None:
        self._page.goto(url)

    def ask(self, expression: str) -> Any:
        return self._page.evaluate(expression)

    def click(self, selector: str, number: int = 0) -> None:
        self._page.locator(selector).nth(number).click()

    def leave(self, selector: str) -> None:
        with self._page.expect_navigation():
            self.click(selector)

    def keys(self, *keys: str) -> None:
        for key in keys:
            self._page.keyboard.press(key)

    def picture(self, path: Path) -> None:
        self._page.screenshot(path=path)


class _Acting(Tab):
    """What both protocols of WebDriver have in common: sequences of a mouse's and keys' actions."""

    @abstractmethod
    def _place(self, selector: str, number: int) -> dict[str, Any]:
        """Return an element as the protocol refers to it, scrolled to where it can be clicked."""

    @abstractmethod
    def _perform(self, source: dict[str, Any]) -> None:
        """Let a mouse or a keyboard do its actions."""

    def click(self, selector: str, number: int = 0) -> None:
        mouse = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": self._place(selector, number)},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self._perform({"type": "pointer", "id": "mouse", "actions": mouse})

    def keys(self, *keys: str) -> None:
        strokes = [
            {"type": kind, "value": _KEYS.get(key, key)}
            for key in keys
            for kind in ("keyDown", "keyUp")
        ]
        self._perform({"type": "key", "id": "keyboard", "actions": strokes})


class _Bidi(_Acting):
    """WebDriver BiDi over its own socket: one command at a time, events passed over."""

    def __init__(self, socket: Any) -> None:
        self._socket, self._number = socket, 0
        self._send("session.new", capabilities={})
        tree = self._send("browsingContext.getTree")
        self._context = tree["contexts"][0]["context"]
        width, height = SIZE
        self._send(
            "browsingContext.setViewport",
            context=self._context, viewport={"width": width, "height": height},
        )  # fmt: skip

    def _send(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        command = {"id": self._number, "method": method, "params": params}
        self._socket.send(json.dumps(command))
        while (told := json.loads(self._socket.recv(timeout=PATIENCE))).get("id") != self._number:
            pass
        if told["type"] == "error":
            raise AssertionError(f"{method}: {told['error']}: {told['message']}")
        return told["result"]

    def _evaluate(self, expression: str, **options: Any) -> dict[str, Any]:
        told = self._send(
            "script.evaluate",
            expression=expression, target={"context": self._context}, awaitPromise=True, **options,
        )  # fmt: skip
        assert told["type"] == "success", told["exceptionDetails"]["text"]
        return told["result"]

    def go(self, url: str) -> None:
        self._send("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def ask(self, expression: str) -> Any:
        told = self._evaluate(f"JSON.stringify(({expression}) ?? null)")
        return json.loads(told["value"])

    def _place(self, selector: str, number: int) -> dict[str, Any]:
        found = self._evaluate(_shown(selector, number))
        return {"type": "element", "element": {"sharedId": found["sharedId"]}}

    def _perform(self, source: dict[str, Any]) -> None:
        self._send("input.performActions", context=self._context, actions=[source])

    def picture(self, path: Path) -> None:
        told = self._send("browsingContext.captureScreenshot", context=self._context)
        path.write_bytes(base64.b64decode(told["data"]))


class _WebDriver(_Acting):
    """The older WebDriver: a request a command."""

    def __init__(self, address: str, options: dict[str, Any]) -> None:
        self._address = address
        told = self._send("session", {"capabilities": {"alwaysMatch": options}})
        self._address += f"/session/{told['sessionId']}"
        self._send("window/rect", dict(zip(("width", "height"), SIZE, strict=True)))

    def _send(self, path: str, body: dict[str, Any] | None = None, method: str = "") -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self._address}/{path}", data, {"Content-Type": "application/json"}
        )
        if method:
            request.method = method
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            told = json.load(error)["value"]
            raise AssertionError(f"{path}: {told['error']}: {told['message']}") from error

    def _run(self, script: str) -> Any:
        return self._send("execute/sync", {"script": f"return {script}", "args": []})

    def go(self, url: str) -> None:
        self._send("url", {"url": url})

    def ask(self, expression: str) -> Any:
        return json.loads(self._run(f"JSON.stringify(({expression}) ?? null)"))

    def _place(self, selector: str, number: int) -> dict[str, Any]:
        return {_ELEMENT: self._run(_shown(selector, number))[_ELEMENT]}

    def _perform(self, source: dict[str, Any]) -> None:
        self._send("actions", {"actions": [source]})

    def picture(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._send("screenshot")))

    def quit(self) -> None:
        self._send("", method="DELETE")


def _shown(selector: str, number: int) -> str:
    """Return an expression for an element, scrolled to where it can be clicked."""
    return f"""(() => {{
        const one = document.querySelectorAll({json.dumps(selector)})[{number}];
        one.scrollIntoView({{ block: "center", behavior: "instant" }});
        return one;
    }})()"""


@contextmanager
def chromium(browser: Any) -> Iterator[Tab]:
    """A tab of the Chromium that the other browser tests use."""
    context = browser.new_context(viewport=dict(zip(("width", "height"), SIZE, strict=True)))
    try:
        yield _Playwright(context.new_page())
    finally:
        context.close()


@contextmanager
def firefox() -> Iterator[Tab]:
    """A tab of a Firefox of its own, without a window."""
    from websockets.sync.client import connect

    with ExitStack() as stack:
        profile = stack.enter_context(tempfile.TemporaryDirectory(prefix="sounding-board-firefox-"))
        log = Path(profile) / "said"
        command = [
            _path("firefox-esr"), "--headless", "--no-remote", "--profile", profile,
            "--remote-debugging-port", "0",
        ]  # fmt: skip
        environment = os.environ | {"HOME": profile} | stack.enter_context(_loudspeaker())
        with log.open("wb") as said:
            stack.enter_context(_running(command, stderr=said, env=environment))
        address = wait_for(lambda: re.search(r"ws://\S+", log.read_text()), "Firefox says no port")
        yield _Bidi(stack.enter_context(connect(f"{address[0]}/session", max_size=None)))


@contextmanager
def webkit() -> Iterator[Tab]:
    """A tab of WebKitGTK's small browser, on a screen that nobody sees."""
    driver = _path("WebKitWebDriver")
    browser = max(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))  # comes with the driver
    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="sounding-board-webkit-"))
        display = stack.enter_context(_screen())
        port = stack.enter_context(Port())
        command = [driver, f"--host={HOST}", f"--port={port.number}"]
        environment = os.environ | {"DISPLAY": display, "HOME": home, "XDG_RUNTIME_DIR": home}
        stack.enter_context(_running(command, env=environment))
        address = f"http://{HOST}:{port.number}"
        wait_for(lambda: _answers(f"{address}/status"), "WebKitWebDriver does not answer")
        options = {"binary": str(browser), "args": ["--automation"]}
        tab = _WebDriver(address, {"webkitgtk:browserOptions": options})
        stack.callback(tab.quit)
        yield tab


@contextmanager
def _screen() -> Iterator[str]:
    """Yield the name of a screen of its own, such as ":7"."""
    read, write = os.pipe()
    command = [_path("Xvfb"), "-displayfd", str(write), "-screen", "0", "1400x1000x24"]
    with _running(command, pass_fds=(write,)):
        os.close(write)
        with os.fdopen(read) as told:
            yield f":{told.readline().strip()}"


@contextmanager
def _loudspeaker() -> Iterator[dict[str, str]]:
    """Yield the environment of a loudspeaker that nobody hears: Firefox plays nothing without."""
    with tempfile.TemporaryDirectory(prefix="sounding-board-pulse-") as home:
        socket = Path(home) / "socket"
        command = [
            _path("pulseaudio"), "-n", "--daemonize=no", "--exit-idle-time=-1",
            "--load=module-null-sink", f"--load=module-native-protocol-unix socket={socket}",
        ]  # fmt: skip
        with _running(command, env=os.environ | {"HOME": home, "XDG_RUNTIME_DIR": home}):
            wait_for(socket.exists, "pulseaudio does not start")
            yield {"PULSE_SERVER": f"unix:{socket}"}


@contextmanager
def _running(command: list[str], **options: Any) -> Iterator[None]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} | options
    process = subprocess.Popen(command, **quiet)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _path(name: str) -> str:
    path = shutil.which(name)
    assert path is not None, f"{name} is not installed (apt-get install {PACKAGES})"
    return path


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=ON_A_PAGE / 1000) as answer:
            return answer.status == 200
    except OSError:
        return False
