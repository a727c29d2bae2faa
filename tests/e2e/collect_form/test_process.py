"""freeport-collect as a process: test_process.py FREEPORT-COLLECT"""
import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import unittest

import stage

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else 'build/freeport-collect'
CANARY = '4000000000009995'
CODE = '739'
NAME = 'Maximiliane Canary Kanarienvogel'
# The end of the name by itself: of a freed block, malloc's own links overwrite no more than the first 16 bytes.
NAMES_OF_COPIES = (CANARY.encode(), NAME[-16:].encode(), f'"{CODE}"'.encode())


with open(PROGRAM, 'rb') as program:
    READABLE = os.geteuid() == 0 and b'__asan_init' not in program.read()


def card(number=CANARY):
    return {'type': 'card', 'card': {'number': number, 'exp_month': 12, 'exp_year': 2040, 'cvc': CODE, 'name': NAME}}


def post(connection, body, key=stage.KEY):
    connection.request('POST', '/v1/tokens', json.dumps(body),
                       {'Authorization': f'Bearer {key}', 'Content-Type': 'application/json'})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def connect(collect, tls=None):
    address = collect.origin.split('/')[2]
    if tls is not None:
        return http.client.HTTPSConnection(address, timeout=30, context=tls)
    return http.client.HTTPConnection(address, timeout=30)


def healthy(collect, tls):
    connection = connect(collect, tls)
    connection.request('GET', '/healthz')
    answered = connection.getresponse().status == 200
    connection.close()
    return answered


def copies_in_memory(collect, tls=None):
    """Where in the process's writable memory the canaries stand, once it is done with what it was doing."""
    assert healthy(collect, tls)
    found = []
    pid = collect.process.pid
    with open(f'/proc/{pid}/maps', encoding='ascii') as maps, open(f'/proc/{pid}/mem', 'rb', buffering=0) as memory:
        for line in maps:
            start, end, rights = re.match(r'([0-9a-f]+)-([0-9a-f]+) (\S+)', line).groups()
            if not rights.startswith('rw'):
                continue
            try:
                memory.seek(int(start, 16))
                content = memory.read(int(end, 16) - int(start, 16))
            except OSError:
                continue
            found += [(canary, line.split()[-1]) for canary in NAMES_OF_COPIES if canary in content]
    return found


class ProcessTest(unittest.TestCase):
    def start(self, **options):
        collect = stage.Collect(PROGRAM, **options)
        self.addCleanup(collect.process.kill)
        return collect

    def need_memory(self):
        if not READABLE:
            self.skipTest('needs root, and a build without sanitizers (they keep what was freed)')

    def test_wrong_usage_ends_with_64_and_help_with_0(self):
        for arguments in ([], ['--environment', 'prod'], ['--nonsense', 'x'], ['--environment', 'test', '--origin', '*']):
            ended = subprocess.run([PROGRAM, *arguments], capture_output=True, timeout=20)
            self.assertEqual(ended.returncode, 64, arguments)
            self.assertNotIn(b'nonsense', ended.stderr)
        ended = subprocess.run([PROGRAM, '--help'], capture_output=True, timeout=20, text=True)
        self.assertEqual(ended.returncode, 0)
        for option in ('--environment', '--origin', '--certificate', '--certificate-key', '--rate', '--burst'):
            self.assertIn(option, ended.stdout)

    def test_it_ends_cleanly_when_told_and_when_its_supervisor_is_gone(self):
        self.start().close()
        collect = self.start()
        collect.control.close()
        self.assertEqual(collect.process.wait(20), 0)

    def test_a_card_leaves_no_copy_in_memory(self):
        self.need_memory()
        collect = self.start()
        connection = connect(collect)
        self.assertEqual(post(connection, card())[0], 201)
        self.assertEqual(collect.vault.cards[-1]['number'], CANARY)
        self.assertEqual(post(connection, card(CANARY[:-1] + '0'))[0], 422)
        self.assertEqual(copies_in_memory(collect), [])
        connection.close()
        self.assertEqual(copies_in_memory(collect), [])
        collect.close()

    def test_the_search_finds_what_is_there(self):
        self.need_memory()
        collect = self.start()
        connection = connect(collect)
        connection.putrequest('POST', '/v1/tokens')
        connection.putheader('Content-Length', '4096')
        connection.endheaders()
        connection.send(json.dumps(card()).encode())
        self.assertNotEqual(copies_in_memory(collect), [])
        collect.close()

    def test_nothing_of_a_refused_request_is_printed(self):
        with tempfile.TemporaryFile() as log:
            saved = os.dup(2)
            os.dup2(log.fileno(), 2)
            try:
                collect = self.start()
            finally:
                os.dup2(saved, 2)
                os.close(saved)
            connection = connect(collect)
            for body in (card(CANARY[:-1] + '0'), card() | {CANARY: 1}, [CANARY]):
                self.assertIn(post(connection, body)[0], (400, 422))
            self.assertEqual(post(connection, card(), 'sk_test_' + CANARY)[0], 401)
            collect.close()
            log.seek(0)
            content = log.read()
            for canary in (CANARY.encode()[:15], NAME.encode()):
                self.assertNotIn(canary, content)

    def test_https_is_served_with_a_certificate(self):
        with tempfile.TemporaryDirectory() as folder:
            certificate, key = f'{folder}/certificate.pem', f'{folder}/key.pem'
            subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                            '-keyout', key, '-out', certificate, '-days', '1', '-subj', '/CN=127.0.0.1', '-addext',
                            'subjectAltName=IP:127.0.0.1'], check=True, capture_output=True)
            collect = self.start(options=('--certificate', certificate, '--certificate-key', key), scheme='https')
            tls = ssl.create_default_context(cafile=certificate)
            connection = connect(collect, tls)
            status, token = post(connection, card())
            self.assertEqual(status, 201)
            self.assertEqual(token['card']['last4'], CANARY[-4:])
            if READABLE:
                self.assertEqual(copies_in_memory(collect, tls), [])
            connection.close()
            collect.close()
            for wrong in (('--certificate', certificate, '--certificate-key', certificate),
                          ('--certificate', f'{folder}/none', '--certificate-key', key)):
                with self.assertRaises((AssertionError, OSError)):
                    self.start(options=wrong, scheme='https')

    def test_many_cards_at_once_are_all_answered(self):
        collect = self.start()
        os.kill(collect.process.pid, signal.SIGSTOP)
        connections = [connect(collect) for _ in range(60)]
        for connection in connections:
            connection.request('POST', '/v1/tokens', json.dumps(card()),
                               {'Authorization': f'Bearer {stage.KEY}', 'Content-Type': 'application/json'})
        os.kill(collect.process.pid, signal.SIGCONT)
        self.assertEqual({connection.getresponse().status for connection in connections}, {201})
        collect.close()


if __name__ == '__main__':
    unittest.main(verbosity=2, warnings='ignore')
