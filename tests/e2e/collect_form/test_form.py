"""The card form in a headless Chromium: test_form.py FREEPORT-COLLECT"""
import base64
import hashlib
import json
import pathlib
import re
import sys
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

import stage
import webdriver

SKIPPED = 77
PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else 'build/freeport-collect'
CARD = '4242424242424242'
README = pathlib.Path(__file__).resolve().parents[3] / 'README.md'


def parent_page(frame, extra=''):
    """A checkout: shows the form, keeps what the form says in window.messages."""
    return f'''<!doctype html><title>checkout</title><link rel="icon" href="data:,"><script>
      window.messages = [];
      addEventListener('message', (event) => messages.push({{origin: event.origin, data: event.data}}));
      function say(message) {{
        document.querySelector('iframe').contentWindow.postMessage(message, {json.dumps(frame.split('/v1')[0])});
      }}
    </script><iframe src="{frame}" width="420" height="260"></iframe>{extra}'''


def fetch(address):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=10) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


class FormTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shop, cls.foreign = stage.Pages(), stage.Pages()
        cls.shop.start()
        cls.foreign.start()
        cls.collect = stage.Collect(PROGRAM, [cls.shop.origin])
        cls.addClassCleanup(cls.collect.close)
        cls.browser = webdriver.Browser()
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.collect.vault.cards.clear()
        self.collect.vault.codes.clear()
        self.collect.vault.status = stage.STATUS_DONE
        self.browser.console()  # what earlier tests left there

    def form_address(self, origin, key=stage.KEY, fields='', **told):
        told = {**({'key': key} if key else {}), **told}
        fragment = '#' + urllib.parse.urlencode(told) if told else ''
        return f'{self.collect.origin}/v1/fields?origin={urllib.parse.quote(origin, safe="")}{fields}{fragment}'

    def open_shop(self, key=stage.KEY, extra=''):
        self.shop.pages['/'] = parent_page(self.form_address(self.shop.origin, key), extra)
        self.browser.open(self.shop.origin + '/?' + stage.random_word())
        self.wait_for('ready')

    def open_code_form(self, **told):
        self.shop.pages['/'] = parent_page(self.form_address(self.shop.origin, fields='&fields=cvc', **told))
        self.browser.open(self.shop.origin + '/?' + stage.random_word())
        self.wait_for('ready')

    def type_code(self, code):
        self.browser.frame(0)
        self.browser.type('#cvc', code)

    def messages(self, kind=None):
        self.browser.frame(None)
        found = self.browser.run('return messages')
        self.assertTrue(all(message['origin'] == self.collect.origin for message in found))
        return [message['data'] for message in found if kind in (None, message['data']['type'])]

    def wait_for(self, kind, wanted=lambda message: True):
        """The latest message of that kind, once it is as wanted: it comes when the browser gets round to it."""
        found = []
        for _ in range(300):
            found = self.messages(kind)
            if found and wanted(found[-1]):
                return found[-1]
            time.sleep(0.1)
        self.fail(f'no message {kind} as wanted, the latest is {found[-1:]}')

    def wait_until_typed(self):
        return self.wait_for('change', lambda change: change['complete'])

    def fill(self, number=CARD, expiry='1240', cvc='123'):
        self.browser.frame(0)
        for name, value in (('number', number), ('expiry', expiry), ('cvc', cvc)):
            self.browser.type(f'#{name}', value)

    def submit(self, **extra):
        self.browser.frame(None)
        self.browser.run('say(arguments[0])', {'freeport': 1, 'type': 'submit', **extra})

    def test_a_card_typed_becomes_a_token(self):
        self.open_shop()
        self.fill()
        self.assertEqual(self.browser.property('#number', 'value'), '4242 4242 4242 4242')
        self.assertEqual(self.browser.property('#expiry', 'value'), '12 / 40')
        self.assertEqual(self.browser.text('#network'), 'Visa')
        self.assertEqual(self.wait_until_typed()['network'], 'visa')
        self.submit(name='Zoë Å')
        token = self.wait_for('token')['token']
        self.assertEqual(token['id'], 'tok_' + stage.CROCKFORD)
        self.assertEqual(token['card'], {'bin': CARD[:8], 'last4': '4242', 'network': 'visa', 'exp_month': 12,
                                         'exp_year': 2040})
        self.assertEqual(self.collect.vault.cards, [{'number': CARD, 'exp_month': 12, 'exp_year': 2040,
                                                     'name': 'Zoë Å', 'cvc': '123'}])
        self.browser.frame(0)
        self.assertEqual([self.browser.property(f'#{name}', 'value') for name in ('number', 'expiry', 'cvc')], [''] * 3)
        self.assertEqual(self.browser.console(), [])

    def test_the_readme_page_works_as_written(self):
        page = re.search('```html\n(.*?)```', README.read_text(), re.DOTALL)[1]
        for written, here in (('https://collect.example', self.collect.origin), ('pk_test_...', stage.KEY),
                              ('https://shop.example', self.shop.origin)):
            self.assertIn(written, page)
            page = page.replace(written, here)
        self.shop.pages['/'] = f'''<!doctype html><title>readme</title><link rel="icon" href="data:,">
          <button id="pay">Pay</button><script>
          window.messages = [];
          const keep = (type, data) => messages.push({{origin: '{self.collect.origin}', data: {{type, data}}}});
          addEventListener('message', (event) => messages.push({{origin: event.origin, data: event.data}}));
          const sendToBackEnd = (token) => keep('sent', token), show = (code) => keep('shown', code);
          </script>{page}'''
        self.browser.open(self.shop.origin + '/?' + stage.random_word())
        self.wait_for('ready')
        self.browser.run('document.querySelector("#pay").click()')
        self.assertEqual(self.wait_for('shown')['data'], 'incomplete')
        self.fill()
        self.browser.frame(None)
        self.browser.run('document.querySelector("#pay").click()')
        self.assertEqual(self.wait_for('sent')['data']['id'], 'tok_' + stage.CROCKFORD)

    def test_the_code_of_a_saved_card_is_typed_again(self):
        token = 'tok_' + stage.CROCKFORD
        self.open_code_form(token=token)
        self.browser.frame(0)
        for name in ('number', 'expiry'):
            with self.assertRaises(RuntimeError):
                self.browser.find(f'#{name}')
        self.assertEqual(self.browser.label('#cvc'), 'Security code')
        self.assertEqual(self.browser.attribute('#cvc', 'autocomplete'), 'cc-csc')
        self.type_code('123')
        self.assertEqual(self.messages('change')[-1], {'freeport': 1, 'type': 'change', 'complete': True,
                                                       'network': 'unknown',
                                                       'fields': {'cvc': {'empty': False, 'valid': True}}})
        self.submit()
        self.assertEqual(self.wait_for('security_code')['security_code'],
                         {'id': 'cvc_' + stage.CROCKFORD, 'object': 'security_code', 'livemode': False,
                          'created_at': self.wait_for('security_code')['security_code']['created_at'],
                          'expires_at': '2027-01-15T08:00:00.000Z'})
        self.assertEqual(self.collect.vault.codes, [{'token': token, 'cvc': '123'}])
        self.assertEqual(self.messages('token'), [])
        self.browser.frame(0)
        self.assertEqual(self.browser.property('#cvc', 'value'), '')
        self.assertEqual(self.browser.console(), [])

    def test_the_network_of_a_saved_card_says_how_long_its_code_is(self):
        self.open_code_form(token='tok_' + stage.CROCKFORD, network='amex')
        self.browser.frame(0)
        self.assertEqual(self.browser.text('#network'), 'Amex')
        self.type_code('123')
        self.submit()
        self.assertEqual(self.wait_for('error'), {'freeport': 1, 'type': 'error', 'code': 'incomplete', 'param': 'cvc'})
        self.assertEqual(self.collect.vault.codes, [])
        self.type_code('4')
        self.submit()
        self.wait_for('security_code')
        self.assertEqual(self.collect.vault.codes[0]['cvc'], '1234')

    def test_a_code_goes_nowhere_without_the_card_it_is_of(self):
        self.open_code_form()
        self.type_code('123')
        self.submit()
        self.assertEqual(self.wait_for('error')['code'], 'not_configured')
        self.assertEqual(self.collect.vault.codes, [])
        self.browser.run('say(arguments[0])', {'freeport': 1, 'type': 'configure', 'token': 'tok_' + stage.CROCKFORD})
        self.submit()
        self.wait_for('security_code')

    def test_a_refused_code_is_shown_and_told(self):
        self.open_code_form(token='tok_' + stage.CROCKFORD)
        self.collect.vault.status = stage.STATUS_INVALID
        self.type_code('123')
        self.submit()
        self.assertEqual(self.wait_for('error'), {'freeport': 1, 'type': 'error', 'code': 'invalid_security_code',
                                                  'param': 'cvc'})
        self.browser.frame(0)
        self.assertIn('security code', self.browser.text('#cvc-error'))

    def test_the_page_is_told_no_digit(self):
        self.open_shop()
        self.fill()
        self.wait_until_typed()
        for message in self.messages('change'):
            self.assertEqual(message.pop('freeport'), 1)
            self.assertEqual(re.findall(r'\d', json.dumps(message)), [])
        self.browser.frame(None)
        with self.assertRaises(RuntimeError):
            self.browser.run('return frames[0].document.body.innerHTML')

    def test_networks_are_told_as_their_numbers_begin(self):
        self.open_shop()
        for number, network, shown in (('4111111111111111', 'visa', '4111 1111 1111 1111'),
                                       ('5555555555554444', 'mastercard', '5555 5555 5555 4444'),
                                       ('2223003122003222', 'mastercard', '2223 0031 2200 3222'),
                                       ('378282246310005', 'amex', '3782 822463 10005'),
                                       ('6011111111111117', 'discover', '6011 1111 1111 1117')):
            self.browser.frame(0)
            self.browser.run("const n = document.getElementById('number'); n.value = ''; n.focus()")
            self.browser.type('#number', number)
            self.assertEqual(self.browser.property('#number', 'value'), shown)
            self.wait_for('change', lambda change, network=network:
                          (change['network'], change['fields']['number']['valid']) == (network, True))

    def test_a_wrong_field_is_named_and_nothing_is_sent(self):
        self.open_shop()
        self.fill(number='4242424242424241', expiry='1320', cvc='12')
        self.submit()
        self.assertEqual(self.wait_for('error'), {'freeport': 1, 'type': 'error', 'code': 'incomplete',
                                                  'param': 'card.number'})
        self.browser.frame(0)
        for name in ('number', 'expiry', 'cvc'):
            self.assertEqual(self.browser.attribute(f'#{name}', 'aria-invalid'), 'true')
            self.assertNotEqual(self.browser.text(f'#{name}-error'), '')
        self.browser.type('#number', '\ue003' + '2')
        self.assertIsNone(self.browser.attribute('#number', 'aria-invalid'))
        self.assertEqual(self.collect.vault.cards, [])

    def test_a_refusal_is_shown_and_told(self):
        self.open_shop()
        self.collect.vault.status = stage.STATUS_LIMITED
        self.fill()
        self.submit()
        self.assertEqual(self.wait_for('error'), {'freeport': 1, 'type': 'error', 'code': 'rate_limited'})
        self.browser.frame(0)
        self.assertIn('Too many', self.browser.text('#form-error'))
        self.assertEqual(self.browser.property('#number', 'value'), '4242 4242 4242 4242')

    def test_the_key_can_come_by_message(self):
        self.open_shop(key='')
        self.fill()
        self.submit()
        self.assertEqual(self.wait_for('error')['code'], 'not_configured')
        self.browser.run('say(arguments[0])', {'freeport': 1, 'type': 'configure', 'key': stage.KEY})
        self.submit()
        self.wait_for('token')

    def test_a_foreign_page_cannot_embed_the_form(self):
        for origin, fields, refusal in ((self.shop.origin, '', 'frame-ancestors'), (self.foreign.origin, '', '403'),
                                        (self.shop.origin, '&fields=cvc', 'frame-ancestors')):
            self.browser.console()
            self.foreign.pages['/'] = parent_page(self.form_address(origin, fields=fields))
            self.browser.open(self.foreign.origin + '/?' + stage.random_word())
            self.wait_for_console(refusal)
            self.assertEqual(self.browser.run('return messages'), [])
            self.browser.frame(0)
            with self.assertRaises(RuntimeError):
                self.browser.find('#cvc')

    def wait_for_console(self, text):
        log = ''
        for _ in range(300):
            log += ' '.join(self.browser.console())
            if text in log:
                return
            time.sleep(0.1)
        self.fail(f'the console does not say {text}: {log}')

    def test_another_frame_cannot_submit(self):
        self.foreign.pages['/attack'] = '''<!doctype html><link rel="icon" href="data:,"><script>
          setInterval(() => parent.frames[0].postMessage({freeport: 1, type: 'submit'}, '*'), 50);</script>'''
        self.open_shop(extra=f'<iframe src="{self.foreign.origin}/attack"></iframe>')
        self.fill()
        time.sleep(1)
        self.assertEqual(self.messages('token') + self.messages('error'), [])
        self.assertEqual(self.collect.vault.cards, [])

    def test_odd_messages_do_nothing(self):
        self.open_shop()
        self.fill()
        for message in (None, 'submit', {'type': 'submit'}, {'freeport': 2, 'type': 'submit'}, {'freeport': 1},
                        {'freeport': 1, 'type': 'configure', 'key': 7}):
            self.browser.frame(None)
            self.browser.run('say(arguments[0])', message)
        time.sleep(0.5)
        self.assertEqual(self.collect.vault.cards, [])

    def test_alone_the_form_stays_closed(self):
        self.browser.open(self.form_address(self.shop.origin))
        self.assertTrue(self.browser.property('#number', 'disabled'))
        self.assertIn('cannot be used', self.browser.text('#form-error'))

    def test_fields_have_labels_and_tell_browsers_what_they_are(self):
        self.open_shop()
        self.browser.frame(0)
        for name, label, autocomplete in (('number', 'Card number', 'cc-number'), ('expiry', 'Expiry (MM / YY)', 'cc-exp'),
                                          ('cvc', 'Security code', 'cc-csc')):
            self.assertEqual(self.browser.label(f'#{name}'), label)
            self.assertEqual(self.browser.attribute(f'#{name}', 'autocomplete'), autocomplete)
            self.assertEqual(self.browser.attribute(f'#{name}', 'inputmode'), 'numeric')

    def test_the_api_is_for_configured_origins(self):
        script = '''const [address, key, done] = arguments;
          fetch(address + '/v1/tokens', {method: 'POST', body: '{}',
            headers: {Authorization: 'Bearer ' + key, 'Content-Type': 'application/json'}})
            .then((answer) => answer.json()).then((answer) => done(answer.code), (error) => done(error.name));'''
        for pages, expected in ((self.shop, 'missing_field'), (self.foreign, 'TypeError')):
            pages.pages['/empty'] = '<!doctype html><link rel="icon" href="data:,">'
            self.browser.open(pages.origin + '/empty')
            self.assertEqual(self.browser.run_async(script, self.collect.origin, stage.KEY), expected)

    def test_the_pages_hold_to_their_policy(self):
        for fields in ('', '&fields=cvc'):
            with self.subTest(fields):
                self.holds_to_its_policy(self.form_address(self.shop.origin, fields=fields))

    def holds_to_its_policy(self, address):
        status, headers, page = fetch(address)
        self.assertEqual(status, 200)
        policy = dict(part.strip().split(' ', 1) for part in headers['Content-Security-Policy'].split(';'))
        self.assertEqual(policy['default-src'], "'none'")
        self.assertEqual({policy[name] for name in ('script-src', 'style-src', 'connect-src')}, {"'self'"})
        self.assertEqual(policy['frame-ancestors'], self.shop.origin)
        self.assertEqual(headers['X-Content-Type-Options'], 'nosniff')
        self.assertEqual(headers['Referrer-Policy'], 'no-referrer')
        self.assertIsNone(re.search(r'https?://|<style|\son\w+=|style=|<script(?![^>]*\ssrc=)', page))
        assets = re.findall(r'(?:src|href)="([^"]+)" integrity="sha384-([^"]+)"', page)
        self.assertEqual(len(assets), len(re.findall(r'(?:src|href)=', page)))
        self.assertEqual(len(assets), 2)
        for path, integrity in assets:
            status, headers, content = fetch(self.collect.origin + path)
            self.assertEqual(status, 200)
            self.assertEqual(base64.b64encode(hashlib.sha384(content.encode()).digest()).decode(), integrity)
            self.assertIn('immutable', headers['Cache-Control'])


if __name__ == '__main__':
    if not webdriver.available():
        print('collect_form: skipped, chromium and chromedriver are not installed')
        sys.exit(SKIPPED)
    unittest.main(verbosity=2, warnings='ignore')
