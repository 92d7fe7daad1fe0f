"""Whether a proxy's answers are right, before it is measured."""

import http.client
import json

from .process import Failed, wait_until


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def answers(port, path):
    try:
        return get(port, path)[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def await_start(peer, path):
    process = peer.process
    up = wait_until(lambda: process.ended() or answers(peer.port, path), 15)
    if process.ended() or not up:
        raise Failed(f"it does not answer: {process.tail()}")


def passed(peer, upstream, path):
    """The bytes of the upstream."""
    status, body = get(peer.port, path)
    if status != 200:
        raise Failed(f"{path} is answered with {status}: {body[:200]!r}")
    if body != get(upstream, path)[1]:
        raise Failed(f"the body of {path} is not that of the upstream")


def migrated(peer, upstream, path):
    """The values that the upstream's body has after the edit. The order of members is free, and so is the spelling."""
    status, body = get(peer.port, path)
    if status != 200:
        raise Failed(f"{path} is answered with {status}: {body[:200]!r}")
    document = json.loads(get(upstream, path)[1])
    for order in document["data"]:
        order["customer_id"] = order.pop("customer")
        order["currency_code"] = "EUR"
    try:
        made = json.loads(body)
    except ValueError as error:
        raise Failed(f"the body of {path} is no JSON: {error}") from None
    if made == document:
        return
    data = made.get("data", []) if isinstance(made, dict) else []
    if len(data) != len(document["data"]):
        raise Failed(f"the body of {path} has {len(data)} elements instead of {len(document['data'])}")
    wrong, right = next(pair for pair in zip(data, document["data"]) if pair[0] != pair[1])
    raise Failed(f"the body of {path} has {json.dumps(wrong)} instead of {json.dumps(right)}")


def told(port, path):
    """What a client gets, as text: of what goes wrong too."""
    try:
        status, body = get(port, path)
    except (OSError, http.client.HTTPException) as error:
        return f"no whole answer ({type(error).__name__})"
    text = body.decode(errors="replace").strip()
    return text if status == 200 else f"{status}: {text}"
