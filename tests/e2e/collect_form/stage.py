"""freeport-collect as the supervisor would start it, a vault of a few lines behind it, and pages that embed the form."""
import http.server
import os
import secrets
import socket
import struct
import subprocess
import threading

CV_TOKENIZE, CV_SECURITY_CODE, REPLY_BIT = 1, 2, 0x80
STATUS_DONE, STATUS_INVALID, STATUS_LIMITED = 0, 6, 7
NETWORK_VISA = 1
KEY = 'pk_test_' + 'A1B2C3D4E5F6G7H8J9K0M1N2P3'
CROCKFORD = '0A1B2C3D4E5F6G7H8J9K0M1N2P'


class FakeVault(threading.Thread):
    """Answers every card with a token and every code with a lease, or with the status it is told to."""

    def __init__(self):
        super().__init__(daemon=True)
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.cards = []
        self.codes = []
        self.status = STATUS_DONE

    def run(self):
        while True:
            message = self.ours.recv(32768)
            if not message:
                return
            _, kind, _, length, correlation = struct.unpack_from('<BBHIQ', message)
            assert kind in (CV_TOKENIZE, CV_SECURITY_CODE) and length == len(message) - 16
            body = self._token(message[16:]) if kind == CV_TOKENIZE else self._lease(message[16:])
            self.ours.send(struct.pack('<BBHIQ', 1, kind | REPLY_BIT, 0, len(body), correlation) + body)

    def _token(self, body):
        number, rest = read_text(body[32:])
        month, year = struct.unpack_from('<BH', rest)
        name, rest = read_text(rest[3:])
        code, _ = read_text(rest)
        self.cards.append({'number': number, 'exp_month': month, 'exp_year': year, 'name': name, 'cvc': code})
        if self.status != STATUS_DONE:
            return struct.pack('<H', self.status)
        return (struct.pack('<H', STATUS_DONE) + text('tok_' + CROCKFORD) + text(number[:8]) + text(number[-4:])
                + struct.pack('<BBH', NETWORK_VISA, month, year))


    def _lease(self, body):
        token, rest = read_text(body[32:])
        code, _ = read_text(rest)
        self.codes.append({'token': token, 'cvc': code})
        if self.status != STATUS_DONE:
            return struct.pack('<H', self.status)
        return struct.pack('<H', STATUS_DONE) + text('cvc_' + CROCKFORD) + struct.pack('<q', 1800000000000)


def text(value):
    return struct.pack('<H', len(value)) + value.encode()


def read_text(body):
    length, = struct.unpack_from('<H', body)
    return body[2:2 + length].decode(), body[2 + length:]


def listening():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(('127.0.0.1', 0))
    listener.listen(128)
    return listener


class Collect:
    def __init__(self, program, origins=(), options=(), scheme='http'):
        self.vault = FakeVault()
        self.vault.start()
        listener = listening()
        self.origin = f'{scheme}://127.0.0.1:{listener.getsockname()[1]}'
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        arguments = [program, '--environment', 'test', *options]
        for origin in origins:
            arguments += ['--origin', origin]

        def take_control():
            os.dup2(theirs.fileno(), 3)

        self.process = subprocess.Popen(arguments, preexec_fn=take_control, close_fds=True, pass_fds=(3,))
        theirs.close()
        self.control = ours
        for name, descriptor in (('vault', self.vault.theirs), ('http', listener)):
            socket.send_fds(ours, [name.encode().ljust(24, b'\0')], [descriptor.fileno()])
            descriptor.close()
        ours.settimeout(20)
        ready = ours.recv(2048)
        assert ready.rstrip(b'\0') == b'ready', ready

    def close(self):
        self.process.terminate()
        status = self.process.wait(20)
        self.control.close()
        assert status == 0, f'freeport-collect ended with {status}'


class Pages(threading.Thread):
    """A web server for pages of its own origin: pages[path] is the HTML."""

    def __init__(self):
        super().__init__(daemon=True)
        self.pages = pages = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                page = pages.get(self.path.split('?')[0])
                self.send_response(200 if page is not None else 404)
                self.send_header('Content-Type', 'text/html; charset=utf-8')
                self.end_headers()
                self.wfile.write((page or '').encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.origin = f'http://127.0.0.1:{self.server.server_address[1]}'

    def run(self):
        self.server.serve_forever()


def random_word():
    return secrets.token_hex(8)
