"""Apache with mod_auth_openidc, a certified relying party for web servers, on a port of the loopback and a folder of its own."""

import os
import pwd
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from tests.servers import free_port, wait_until

PROGRAM = "/usr/sbin/apache2"
MODULES = "/usr/lib/apache2/modules"
PAGES = Path(__file__).parent / "mod_auth_openidc.conf"
API = Path(__file__).parent / "mod_auth_openidc_api.conf"
"""What the relying party's guide shows, word by word: for pages, and for an API."""
LOADED = ("mpm_event", "authn_core", "authz_core", "authz_user", "headers", "dir", "auth_openidc")
FRAME = """
ServerName localhost
ServerRoot {folder}
PidFile {folder}/apache.pid
DefaultRuntimeDir {folder}
ErrorLog {folder}/error.log
LogLevel warn auth_openidc:info
Listen 127.0.0.1:{port}
StartServers 1
ThreadsPerChild 8
MaxRequestWorkers 8
ServerLimit 1
{modules}
DocumentRoot {folder}/pages
<Directory {folder}/pages>
    Require all granted
</Directory>
Header set X-Signed-In "expr=%{{REMOTE_USER}}"
"""


class Apache:
    """One server; as root it runs as `nobody`, since it drops root's rights anyway."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="idp-apache-"))
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.client_id = ""

    @property
    def address(self) -> str:
        """Where people reach it."""
        return f"http://localhost:{self.port}"

    @property
    def callback(self) -> str:
        """The redirect URI that belongs to the module, for answers and for logouts."""
        return f"{self.address}/protected/callback"

    def start(self, issuer: str, client_id: str, client_secret: str) -> None:
        """Start it as this client of this provider."""
        self.client_id = client_id
        values = {
            "ISSUER": issuer,
            "APP": self.address,
            "CLIENT_ID": client_id,
            "CLIENT_SECRET": client_secret,
            "PASSPHRASE": os.urandom(16).hex(),
        }
        for page, words in {
            "": "welcome",
            "protected/": "for people who are signed in",
            "protected/telephony/": "for phone administrators",
            "api/": "for apps with a token",
        }.items():
            (self.folder / "pages" / page).mkdir(parents=True, exist_ok=True)
            (self.folder / "pages" / page / "index.html").write_text(words)
        modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in LOADED)
        defined = "\n".join(f"Define {name} {value}" for name, value in values.items())
        frame = FRAME.format(folder=self.folder, port=self.port, modules=modules)
        (self.folder / "apache.conf").write_text(f"{frame}\n{defined}\n{PAGES.read_text()}\n{API.read_text()}")
        user = {}
        if os.geteuid() == 0:
            user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, pwd.getpwnam("nobody").pw_uid, -1)
        self.process = subprocess.Popen(
            [PROGRAM, "-f", self.folder / "apache.conf", "-D", "FOREGROUND"], stderr=subprocess.DEVNULL, cwd=self.folder, **user
        )
        wait_until(self._answers, process=self.process)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def log(self) -> str:
        """What it complained of."""
        return (self.folder / "error.log").read_text()

    def stop(self) -> None:
        """End it."""
        if self.process:
            self.process.terminate()
            self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)
