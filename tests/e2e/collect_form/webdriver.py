"""A headless Chromium driven over the WebDriver protocol, with nothing but the standard library."""
import json
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'
ARGUMENTS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
             '--disable-background-networking', '--disable-component-update', '--disable-sync',
             '--disable-dev-shm-usage', '--window-size=800,700']


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def available():
    return shutil.which('chromium') is not None and shutil.which('chromedriver') is not None


class Browser:
    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix='freeport-chromium-')
        port = free_port()
        self.base = f'http://127.0.0.1:{port}'
        self.driver = subprocess.Popen(['chromedriver', f'--port={port}'], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
        self._wait_for_driver()
        options = {'binary': shutil.which('chromium'), 'args': ARGUMENTS + [f'--user-data-dir={self.profile}']}
        answer = self._call('POST', '/session', {'capabilities': {'alwaysMatch': {
            'browserName': 'chrome', 'goog:chromeOptions': options, 'goog:loggingPrefs': {'browser': 'ALL'}}}})
        self.base += '/session/' + answer['sessionId']

    def _wait_for_driver(self):
        for _ in range(200):
            try:
                self._call('GET', '/status')
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        raise RuntimeError('chromedriver does not answer')

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {'Content-Type': 'application/json'}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return json.load(answer)['value']
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)['value']['message'].splitlines()[0]) from None

    def close(self):
        try:
            self._call('DELETE', '')
        finally:
            self.driver.terminate()
            self.driver.wait(20)
            shutil.rmtree(self.profile, ignore_errors=True)

    def open(self, address):
        self._call('POST', '/url', {'url': address})

    def run(self, script, *arguments):
        return self._call('POST', '/execute/sync', {'script': script, 'args': list(arguments)})

    def run_async(self, script, *arguments):
        return self._call('POST', '/execute/async', {'script': script, 'args': list(arguments)})

    def frame(self, index):
        """Goes into the index-th frame of the page; None: out to the page itself."""
        if index is not None:
            self.frame(None)
        self._call('POST', '/frame', {'id': index})

    def find(self, selector):
        return self._call('POST', '/element', {'using': 'css selector', 'value': selector})[ELEMENT]

    def type(self, selector, text):
        self._call('POST', f'/element/{self.find(selector)}/value', {'text': text})

    def text(self, selector):
        return self._call('GET', f'/element/{self.find(selector)}/text')

    def property(self, selector, name):
        return self._call('GET', f'/element/{self.find(selector)}/property/{name}')

    def attribute(self, selector, name):
        return self._call('GET', f'/element/{self.find(selector)}/attribute/{name}')

    def label(self, selector):
        """The text of the label that belongs to a field."""
        return self.run('return document.querySelector(arguments[0]).labels[0].textContent', selector)

    def console(self):
        """What pages have said since; the browser's own, such as a new tab's, are nobody's here."""
        said = [entry['message'] for entry in self._call('POST', '/se/log', {'type': 'browser'})]
        return [message for message in said if not message.startswith('chrome://')]

    def screenshot(self):
        return self._call('GET', '/screenshot')
