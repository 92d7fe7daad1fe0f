"""The figures as markdown."""

import datetime
import platform
import subprocess
from pathlib import Path

from .peers import ROOT


def table(head, rows):
    lines = ["| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows]]
    return "\n".join(lines)


def number(value, digits=3):
    """Three figures that count; long numbers in groups."""
    if value >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    whole = len(str(int(value)))
    return f"{value:.{max(0, digits - whole)}f}"


def cost(figures):
    return number(1e6 / figures["cpu"])


def rows(found, base):
    out = []
    for name, figures in found.items():
        ratio = base["cpu"] / figures["cpu"] if base else None
        cells = [name, number(figures["cpu"]), cost(figures), f"{ratio:.2f}" if ratio else "–"]
        cells += [number(figures[key]) for key in ("rps", "p50", "p99", "rss")]
        out.append(cells + [str(figures["errors"])])
    return out


HEAD = ["proxy", "CPU µs/request", "requests/CPU-second", "{base}", "requests/s", "p50 µs", "p99 µs", "RSS MiB", "errors"]


def closed(title, found, base_name, base_of):
    """`base_of` picks, from the figures of a size, those that the others are compared with."""
    parts = [f"## {title}"]
    for size, figures in found.items():
        if figures:
            head = [cell.format(base=f"× {base_name}") for cell in HEAD]
            parts += [f"### {size}", table(head, rows(figures, base_of(figures)))]
    return parts


def nginx(figures):
    return figures.get("nginx")


def best_json(figures):
    peers = [of for name, of in figures.items() if name != "sunward"]
    return min(peers, key=lambda of: of["cpu"], default=None)


def fixed(found, share):
    parts = [f"## Passing through at a fixed rate, {share:.0%} of what the slower one reached"]
    head = ["body", "requests/s", "proxy", "CPU µs/request", "p50 µs", "p99 µs", "p99.9 µs", "generator late, p99 µs", "core 0 busy"]
    head.append("errors")
    body = []
    for size, (rate, figures) in found.items():
        for name, of in figures.items():
            latencies = [number(of[key]) for key in ("p50", "p99", "p999", "late")]
            body.append([size, number(rate), name, number(of["cpu"]), *latencies, f"{of['load_core']:.0%}", str(of["errors"])])
    return parts + [table(head, body)] if body else []


def held(found, idle, active):
    head = ["proxy", "started", f"{idle} idle", f"{idle} idle and {active} busy", "answers", "errors"]
    body = [
        [name, *(number(of[key]) for key in ("start", "idle", "active")), number(of["answers"]), str(of["errors"])]
        for name, of in found.items()
    ]
    return ["## Memory with many connections (RSS MiB)", table(head, body)] if body else []


def odd(found):
    parts = ["## What became of documents that are hard on a JSON library"] if found else []
    for sent, made in found:
        lines = [["sent", code(sent)], *([name, code(text)] for name, text in made.items())]
        parts.append(table(["who", "body"], lines))
    return parts


def code(text):
    return "`" + text.replace("|", "\\|").replace("`", "'").replace("\n", " ")[:400] + "`"


def machine():
    model = "?"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return f"{model}, {platform.system()} {platform.release()}"


def commit():
    try:
        done = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], stdout=subprocess.PIPE, text=True)
        return done.stdout.strip() or "?"
    except OSError:
        return "?"


def head(peers, args, others):
    when = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    versions = "; ".join(dict.fromkeys(peer.version() for peer in peers))
    return [
        "# The gateway and its peers",
        f"{when}, commit {commit()}, {machine()}. {args.rounds} rounds of {args.seconds} s, medians; upstream and load on "
        f"core 0, each proxy alone on core 1. Others had up to {others:.0%} of core 1 in the median round of a row. "
        f"Versions: {versions}.",
    ]
