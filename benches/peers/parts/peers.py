"""Who takes part: what each needs, and how it is started."""

import getpass
import glob
import grp
import os
import shutil
import socket
import subprocess
from pathlib import Path

from .process import PROXY_CORE, Process

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent.parent
ENVOY_VENV = ROOT / "target/peers/envoy"
LUA_MODULE = Path("/usr/lib/nginx/modules/ngx_http_lua_module.so")
LUA_CJSON = "/usr/lib/*/lua/5.1/cjson.so"


class Peer:
    """A proxy that does one job: passes bodies through, or migrates them."""

    def __init__(self, name, command, missing, version):
        self.name, self.command, self.missing, self.version = name, command, missing, version
        self.process = self.port = None

    def start(self, place, upstream):
        self.port = free_port()
        args = self.command(Place(place, self.port, upstream))
        self.process = Process(args, PROXY_CORE, place / f"{self.name.replace(' ', '-')}-{self.port}.log")

    def stop(self):
        if self.process:
            self.process.stop()
            self.process = None


class Place:
    """The settings of a peer: its folder for files that pass away, its port, and the port of the upstream."""

    def __init__(self, folder, port, upstream):
        self.folder, self.port, self.upstream = folder, port, upstream

    def config(self, name):
        text = (HERE / "conf" / name).read_text()
        values = {
            "DIR": self.folder,
            "PORT": self.port,
            "ADMIN": free_port() if "@ADMIN@" in text else "",
            "UPSTREAM": self.upstream,
            "USER": getpass.getuser(),
            "GROUP": grp.getgrgid(os.getgid()).gr_name,
        }
        for key, value in values.items():
            text = text.replace(f"@{key}@", str(value))
        written = self.folder / f"{self.port}-{name}"
        written.write_text(text)
        return written


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def sbin(name):
    """Servers are where the path of an ordinary user does not lead."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin") or name


def needs(*names):
    return lambda: next((f"there is no {name}" for name in names if not shutil.which(sbin(name))), None)


def lua_missing():
    if not LUA_MODULE.exists():
        return f"there is no {LUA_MODULE}"
    return needs("nginx")() or (None if glob.glob(LUA_CJSON) else f"there is no {LUA_CJSON}")


def first_line(*args):
    def version():
        done = subprocess.run([str(arg) for arg in args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return next((line.strip() for line in done.stdout.splitlines() if line.strip()), "?")

    return version


def nginx(name, config):
    def command(place):
        # The error log of the time before the config is read is in the folder too.
        return [sbin("nginx"), "-p", place.folder, "-e", place.folder / "nginx.start.log", "-c", place.config(config)]

    return Peer(name, command, lua_missing if "lua" in config else needs("nginx"), first_line(sbin("nginx"), "-v"))


def haproxy():
    command = lambda place: [sbin("haproxy"), "-db", "-f", place.config("haproxy.cfg")]
    return Peer("HAProxy", command, needs("haproxy"), first_line(sbin("haproxy"), "-v"))


def envoy(path):
    # The program itself, and not the script that the package puts before it: that would be measured too.
    shipped = glob.glob(str(ENVOY_VENV / "lib/python3*/site-packages/envoy/_bin/envoy"))
    path = path or next(iter(shipped), None) or "envoy"

    def command(place):
        config = place.config("envoy.yaml")
        return [path, "-c", config, "--concurrency", 1, "--disable-hot-restart", "--log-level", "error"]

    missing = lambda: None if shutil.which(path) else "there is no envoy (--install, or --envoy PATH)"
    version = first_line(path, "--version")
    return Peer("Envoy", command, missing, lambda: "Envoy" + version().rpartition("version:")[2])


def node():
    command = lambda place: [shutil.which("node"), HERE / "conf/proxy.js", place.upstream, place.port]
    version = first_line("node", "--version")
    return Peer("Node", command, needs("node"), lambda: f"Node {version()}")


def by_hand(programs):
    command = lambda place: [programs / "proxy", f"127.0.0.1:{place.upstream}", f"127.0.0.1:{place.port}"]
    return Peer("axum + Value", command, lambda: None, lambda: "axum and serde_json as in lab/proxy/Cargo.lock")


def sunward(path):
    command = lambda place: [path, "serve", place.config("sunward.toml")]
    return Peer("sunward", command, lambda: None, first_line(path, "--version"))


class Peers:
    """All of them. One process does one job, so that its memory is that job's."""

    def __init__(self, sunward_path, envoy_path, programs):
        self.passing = [nginx("nginx", "nginx.conf"), nginx("nginx, default buffers", "nginx-default.conf"), haproxy(), envoy(envoy_path), sunward(sunward_path)]
        self.migrating = [nginx("nginx + Lua cjson", "nginx-lua.conf"), node(), by_hand(programs), sunward(sunward_path)]
        self.held = [
            ("nginx, passing through", nginx("nginx", "nginx.conf"), "v2"),
            ("sunward, passing through", sunward(sunward_path), "v2"),
            ("sunward, migrating", sunward(sunward_path), "v1"),
        ]
