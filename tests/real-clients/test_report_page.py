"""The report's page in a real browser: light and dark, wide and narrow, without a script, an error or a request to anywhere."""

import os
import re
import shutil
import socketserver
import subprocess
import threading

import pytest

from sandbox import DESTINATION, REGION, SOURCE

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium here (Debian: apt-get install chromium)")

HOSTILE = "</td><script>document.title='owned'</script><img src=http://outside.example/x onerror=alert(1)>"
SECONDS = 120


class Outside(socketserver.ThreadingTCPServer):
    """A proxy that lets nothing through and remembers who asked."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self):
        self.asked = []
        super().__init__(("127.0.0.1", 0), Listener)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Listener(socketserver.StreamRequestHandler):
    def handle(self):
        # The browser opens connections ahead of need, too, and says nothing on them.
        if line := self.rfile.readline().decode("latin-1"):
            self.server.asked.append(line)


@pytest.fixture(scope="module")
def page(still, tmp_path_factory):
    """Of a migration whose operator chose a hostile name for something: the page shows it and does not become it."""
    folder = tmp_path_factory.mktemp("report")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "AWS_ENDPOINT_URL": still.endpoint,
        "AWS_SHARED_CREDENTIALS_FILE": str(still.folder / "credentials"),
        "AWS_CONFIG_FILE": str(still.folder / "config"),
        "AWS_REGION": REGION,
    }

    def run(*words):
        subprocess.run([os.environ["SAV_BINARY"], *words], env=environment, check=True, timeout=SECONDS, capture_output=True)

    pair = ["--source-account", SOURCE, "--dest-account", DESTINATION, "--state-file", "ledger.db"]
    profiles = ["--source-profile", "source", "--dest-profile", "dest"]
    os.chdir(folder)
    run("plan", *pair, *profiles, "--api-rate", "5000")
    run("state", "export", "export.json", "--state-file", "ledger.db")
    text = (folder / "export.json").read_text()
    vault = re.search(r'"vault_name":\s*"([^"]+)"', text).group(1)
    (folder / "export.json").write_text(text.replace(f'"{vault}"', '"' + HOSTILE.replace('"', '\\"') + '"'))
    run("state", "import", "export.json", "--state-file", "hostile.db")
    run("report", "--state-file", "hostile.db", "--html", "report.html")
    return folder / "report.html"


def browse(page, *options):
    outside = Outside()
    command = [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    command += ["--disable-component-update", "--no-first-run", "--enable-logging=stderr", "--virtual-time-budget=3000"]
    command += [f"--user-data-dir={page.parent / 'browser'}", f"--proxy-server=127.0.0.1:{outside.server_address[1]}"]
    told = subprocess.run([*command, *options, page.as_uri()], capture_output=True, text=True, timeout=SECONDS)
    outside.shutdown()
    assert told.returncode == 0, told.stderr
    assert "CONSOLE" not in told.stderr, told.stderr
    # The browser has errands of its own, which are all its maker's.
    errands = re.compile(r"google|gvt1|gstatic")
    assert [line for line in outside.asked if not errands.search(line)] == []
    return told.stdout


def test_it_stays_what_it_is(page):
    document = browse(page, "--dump-dom")
    assert "owned" not in re.search(r"<title>(.*?)</title>", document).group(1)
    assert "<script" not in document and "<img" not in document
    assert "&lt;script&gt;" in document, "the hostile name is shown"
    assert page.stat().st_size < 5_000_000


@pytest.mark.parametrize("width", [400, 1400])
def test_light_and_dark_at_two_widths(page, width):
    pictures = {}
    for scheme, setting in {"dark": 0, "light": 1}.items():
        picture = page.parent / f"{scheme}-{width}.png"
        browse(
            page,
            f"--blink-settings=preferredColorScheme={setting}",
            f"--window-size={width},2400",
            f"--screenshot={picture}",
        )
        pictures[scheme] = picture.read_bytes()
        assert pictures[scheme].startswith(b"\x89PNG")
    assert pictures["dark"] != pictures["light"]
