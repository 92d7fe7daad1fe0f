"""Load on proxies that run, and what it costs them."""

import json
import re
import subprocess
import time
from collections import namedtuple
from statistics import median

from .process import LOAD_CORE, PROXY_CORE, Failed, Process, core_busy_ns, run

# A body: its name, how many orders it has, and how many connections ask for it.
Size = namedtuple("Size", "name orders connections")
SIZES = [Size("1 KiB", 3, 32), Size("64 KiB", 200, 32), Size("1 MiB", 3200, 8)]

UNITS = {"us": 1.0, "ms": 1e3, "s": 1e6, "m": 6e7}


def path(version, size):
    return f"/{version}/orders?n={size.orders}"


def wrk(port, at, connections, seconds):
    """What wrk saw: requests, their rate, latencies in µs, errors."""
    url = f"http://127.0.0.1:{port}{at}"
    args = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "--latency", url]
    text = run(args, LOAD_CORE, seconds + 30)

    def number(pattern):
        found = re.search(pattern, text)
        if not found:
            raise Failed(f"wrk said something else: {text.strip()}")
        return found

    def latency(percent):
        value, unit = number(rf"{percent}%\s+([\d.]+)(us|ms|s|m)\b").groups()
        return float(value) * UNITS[unit]

    errors = sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", text)))
    errors += sum(map(int, re.findall(r"Non-2xx or 3xx responses: (\d+)", text)))
    return {
        "requests": int(number(r"(\d+) requests in").group(1)),
        "rps": float(number(r"Requests/sec:\s+([\d.]+)").group(1)),
        "p50": latency(50),
        "p99": latency(99),
        "errors": errors,
    }


def at_rate(programs, port, at, rate, connections, seconds):
    """What the open loop saw: answers, latencies in µs, errors."""
    args = [programs / "load", "rate", f"127.0.0.1:{port}", at, f"{rate:.1f}", seconds, connections]
    seen = json.loads(run(args, LOAD_CORE, seconds + 30))
    seen["requests"] = seen["answered"]
    seen["errors"] += seen["unanswered"]
    return seen


def costs(process, load):
    """Runs a load and adds what it cost: µs of CPU per request, the share of the core that others had, and how busy
    the other core was."""
    now = lambda: (process.cpu_ns(), core_busy_ns(PROXY_CORE), core_busy_ns(LOAD_CORE), time.monotonic_ns())
    before = now()
    seen = load()
    cpu, busy, load_busy, wall = (after - of for after, of in zip(now(), before))
    if process.ended():
        raise Failed(f"it ended: {process.tail()}")
    if not seen["requests"]:
        raise Failed("no request was answered")
    seen["cpu"] = cpu / 1e3 / seen["requests"]
    seen["others"] = max(0.0, 1 - cpu / busy) if busy else 0.0
    seen["load_core"] = min(1.0, load_busy / wall)
    return seen


def rounds(entrants, count, load, note):
    """Each in turn, every round beginning with another; the medians of what was seen, by name.

    `load(entrant)` is one measurement. Who fails is left out of the rounds that follow."""
    seen = {entrant.name: [] for entrant in entrants}
    for number in range(count):
        turn = number % len(entrants)
        for entrant in entrants[turn:] + entrants[:turn]:
            if seen[entrant.name] is None:
                continue
            try:
                seen[entrant.name].append(load(entrant))
            except Failed as error:
                note(f"{entrant.name} is out: {error}")
                seen[entrant.name] = None
    return {name: medians(of) for name, of in seen.items() if of}


def medians(runs):
    found = {key: median(one[key] for one in runs) for key in runs[0]}
    found["errors"] = sum(one["errors"] for one in runs)
    return found


def warm(peer, at, size):
    try:
        wrk(peer.port, at, size.connections, 1)
    except Failed:
        pass  # the rounds will see it, and say so


def closed(peers, version, sizes, count, seconds, say, note):
    """wrk on every peer with every body: rows of figures by size and name."""
    table = {}
    for size in sizes:
        say(f"{size.name}, {', '.join(peer.name for peer in peers)}")
        at = path(version, size)
        for peer in peers:
            warm(peer, at, size)
        load = lambda peer: costs(peer.process, lambda: wrk(peer.port, at, size.connections, seconds))
        table[size.name] = rounds(peers, count, load, note)
        for peer in peers:
            if peer.name in table[size.name]:
                table[size.name][peer.name]["rss"] = peer.process.rss_mib()
    return table


def fixed(programs, peers, version, sizes, reached, share, count, seconds, say, note):
    """nginx and sunward at the same rate, a share of what the slower one reached: rates and rows by size."""
    table = {}
    for size in sizes:
        capacities = [reached[size.name][peer.name]["rps"] for peer in peers if peer.name in reached[size.name]]
        if not capacities or len(capacities) < len(peers):
            continue
        rate = share * min(capacities)
        say(f"{size.name} at {rate:.0f} requests/s, {', '.join(peer.name for peer in peers)}")
        at = path(version, size)
        load = lambda peer: costs(
            peer.process, lambda: at_rate(programs, peer.port, at, rate, size.connections, seconds)
        )
        table[size.name] = (rate, rounds(peers, count, load, note))
    return table


def held(programs, peer, version, idle, active, seconds, folder):
    """Its memory when it has started, with connections that are idle, and with busy ones besides."""
    args = [programs / "load", "hold", f"127.0.0.1:{peer.port}", path(version, SIZES[0]), idle]
    args += [path(version, SIZES[1]), active, seconds]
    found = {"start": peer.process.rss_mib()}
    load = Process(args, LOAD_CORE, folder / "hold.log", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        for stage in ("idle", "active"):
            line = load.child.stdout.readline()
            if not line:
                raise Failed(f"the connections could not be held: {load.tail()}")
            found[stage] = peer.process.rss_mib()
            found.update({key: value for key, value in json.loads(line).items() if key != "idle"})
            load.child.stdin.write(b"\n")
            load.child.stdin.flush()
        load.child.wait(10)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise Failed(f"the connections could not be held: {error}") from None
    finally:
        load.stop()
    return found
