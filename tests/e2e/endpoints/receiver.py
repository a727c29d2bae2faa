"""Endpoints of a merchant, good and bad, on loopback. The path says how one behaves, and can be told to behave otherwise."""
import base64
import hashlib
import hmac
import http.server
import json
import threading
import time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, headers=(), body=b"ok"):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers["Content-Length"]))
        receiver.take(self.path, dict(self.headers), body)
        behaviour = receiver.behaviour(self.path)
        if behaviour == "good":
            self.answer(200)
        elif behaviour == "chatty":
            self.answer(200, body=b"x" * 100000)
        elif behaviour == "fail":
            self.answer(500)
        elif behaviour == "gone":
            self.answer(410)
        elif behaviour == "redirect":
            self.answer(302, [("Location", receiver.inside_url)])
        elif behaviour == "close":
            self.close_connection = True
        elif behaviour == "hang":
            receiver.ending.wait(60)
            self.close_connection = True

    def log_message(self, *_):
        pass


class Inside(http.server.BaseHTTPRequestHandler):
    """Where a redirect leads: nobody should come here."""

    def do_GET(self):
        self.server.receiver.visits += 1
        self.send_response(200)
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A client that leaves in the middle is what these tests are about."""


class Receiver:
    def __init__(self):
        self.lock = threading.Lock()
        self.ending = threading.Event()
        self.received, self.behaviours, self.visits = [], {}, 0
        self.servers = []
        self.port = self.serve(Handler)
        self.inside_url = f"http://127.0.0.1:{self.serve(Inside)}/latest/meta-data"

    def serve(self, handler):
        server = Server(("127.0.0.1", 0), handler)
        server.receiver = self
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.servers.append(server)
        return server.server_port

    def close(self):
        self.ending.set()
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def url(self, name):
        return f"http://127.0.0.1:{self.port}/{name}"

    def behave(self, name, behaviour):
        self.behaviours["/" + name] = behaviour

    def behaviour(self, path):
        return self.behaviours.get(path, "good")

    def take(self, path, headers, body):
        with self.lock:
            self.received.append((path, headers, body))

    def at(self, name):
        """What came there: (headers, event), in order of arrival."""
        with self.lock:
            return [(headers, json.loads(body)) for path, headers, body in self.received if path == "/" + name]

    def ids(self, name):
        return [event["id"] for _, event in self.at(name)]

    def wait(self, done, seconds=60):
        """Until done() is true; whether it became so."""
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True

    def raw(self, name):
        with self.lock:
            return [(headers, body) for path, headers, body in self.received if path == "/" + name]


def signature(secret, identity, timestamp, body):
    """As a merchant computes it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"{identity}.{timestamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(mac.digest()).decode()
