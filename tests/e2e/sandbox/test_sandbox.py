#!/usr/bin/env python3
"""Drives freeport-sandbox as the three PSPs' clients would: flows, errors, idempotency keys, faults, books, SIGKILL.

usage: test_sandbox.py PATH_OF_FREEPORT_SANDBOX [TEST...]
"""
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

BINARY = sys.argv.pop(1)
CARD = "4242424242424242"


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.raw = response.read()
        self.body = json.loads(self.raw) if self.raw else None


class Sandbox:
    def __init__(self, directory, *options):
        self.process = subprocess.Popen(
            [BINARY, "--data", directory, "--port", "0", "--listen", "adyen=0", *options],
            stdout=subprocess.PIPE, text=True)
        self.ports = {}
        for _ in range(2):
            name, url = self.process.stdout.readline().split()
            self.ports[name] = int(url.rsplit(":", 1)[1])

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def end(self):
        self.process.terminate()
        try:
            return self.process.wait(timeout=60)
        finally:
            self.kill()

    def ask(self, method, path, body=None, headers=None, port="http", timeout=5):
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[port], timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def behave(self, name, **members):
        answer = self.ask("PUT", f"/_sandbox/{name}/behaviour", json.dumps(members))
        assert answer.status == 200, answer.raw
        return answer.body

    def charges(self, name):
        return self.ask("GET", f"/_sandbox/{name}/charges").body

    def stripe(self, method, path, fields=None, key=None, name="stripe", timeout=5):
        headers = {"Authorization": "Bearer sk_test_x"}
        body = None
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urllib.parse.urlencode(fields)
        if key:
            headers["Idempotency-Key"] = key
        return self.ask(method, f"/{name}{path}", body, headers, timeout=timeout)

    def json_call(self, prefix, auth, key_header, method, path, body=None, key=None, port="http", timeout=5):
        headers = dict(auth)
        text = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            text = json.dumps(body)
        if key:
            headers[key_header] = key
        return self.ask(method, prefix + path, text, headers, port, timeout)

    def adyen(self, path, body, key=None, name="adyen", port="http", timeout=5):
        return self.json_call(f"/{name}/v71", {"X-API-Key": "AQE"}, "Idempotency-Key", "POST", path, body, key, port,
                              timeout)

    def checkout(self, method, path, body=None, key=None, timeout=5):
        return self.json_call("/checkout", {"Authorization": "Bearer sk_sbox_x"}, "Cko-Idempotency-Key", method, path,
                              body, key, timeout=timeout)

    def stripe_method(self, number=CARD, **card):
        fields = {"type": "card", "card[number]": number, "card[exp_month]": "12", "card[exp_year]": "2040",
                  "card[cvc]": "123"}
        fields.update({f"card[{name}]": value for name, value in card.items()})
        return self.stripe("POST", "/v1/payment_methods", {name: value for name, value in fields.items() if value})

    def stripe_pay(self, reference, capture="manual", amount=2000, currency="usd", number=CARD, key=None, timeout=5,
                   **more):
        fields = {"amount": amount, "currency": currency, "payment_method": self.stripe_method(number).body["id"],
                  "confirm": "true", "capture_method": capture, "metadata[reference]": reference, **more}
        return self.stripe("POST", "/v1/payment_intents", fields, key, timeout=timeout)


def adyen_body(reference, value=1000, currency="EUR", number="4111111111111111", **more):
    return {"amount": {"currency": currency, "value": value}, "merchantAccount": "M", "reference": reference,
            "returnUrl": "https://example.org/r", "additionalData": {"manualCapture": "true"},
            "paymentMethod": {"type": "scheme", "number": number, "expiryMonth": "03", "expiryYear": "2040",
                              "cvc": "737"}, **more}


def change(reference, value=None, currency="EUR"):
    body = {"merchantAccount": "M", "reference": reference}
    if value is not None:
        body["amount"] = {"currency": currency, "value": value}
    return body


def checkout_body(reference, amount=1000, currency="USD", capture=False, number=CARD, **more):
    return {"source": {"type": "card", "number": number, "expiry_month": 6, "expiry_year": 2040, "cvv": "100"},
            "amount": amount, "currency": currency, "reference": reference, "capture": capture,
            "processing_channel_id": "pc_1", **more}


class Case(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.sandbox = Sandbox(self.directory.name)

    def tearDown(self):
        self.assertEqual(self.sandbox.end(), 0)
        self.directory.cleanup()

    def restart(self):
        self.sandbox.kill()
        self.sandbox = Sandbox(self.directory.name)

    def only_charge(self, name):
        charges = self.sandbox.charges(name)
        self.assertEqual(len(charges), 1, charges)
        return charges[0]

    def lost(self, call):
        """The call gets no answer that can be read."""
        with self.assertRaises((ConnectionError, http.client.HTTPException, socket.timeout, TimeoutError, ValueError)):
            call()


class Stripe(Case):
    def test_authorize_capture_refund(self):
        made = self.sandbox.stripe_pay("pay_1")
        self.assertEqual(made.status, 200, made.raw)
        intent = made.body
        self.assertEqual((intent["object"], intent["status"]), ("payment_intent", "requires_capture"))
        self.assertEqual((intent["amount_capturable"], intent["metadata"]), (2000, {"reference": "pay_1"}))
        path = f"/v1/payment_intents/{intent['id']}"
        self.assertEqual(self.sandbox.stripe("POST", path + "/capture", {"amount_to_capture": 2001}).status, 400)
        captured = self.sandbox.stripe("POST", path + "/capture", {"amount_to_capture": 750})
        self.assertEqual((captured.body["status"], captured.body["amount_received"]), ("succeeded", 750))
        again = self.sandbox.stripe("POST", path + "/capture", {})
        self.assertEqual(again.body["error"]["code"], "payment_intent_unexpected_state")
        self.assertEqual(self.sandbox.stripe("POST", path + "/cancel", {}).status, 400)
        refund = {"payment_intent": intent["id"], "amount": 300, "metadata[reference]": "mov_1"}
        done = self.sandbox.stripe("POST", "/v1/refunds", refund)
        self.assertEqual((done.body["status"], done.body["amount"]), ("succeeded", 300))
        self.assertEqual(self.sandbox.stripe("POST", "/v1/refunds", {**refund, "amount": 451}).status, 400)
        listed = self.sandbox.stripe("GET", f"/v1/refunds?payment_intent={intent['id']}").body["data"]
        self.assertEqual([one["metadata"] for one in listed], [{"reference": "mov_1"}])
        self.assertEqual(self.only_charge("stripe"),
                         {"id": intent["id"], "reference": "pay_1", "status": "captured", "amount": 2000,
                          "amount_captured": 750, "amount_refunded": 300, "currency": "USD"})

    def test_charge_and_void(self):
        self.assertEqual(self.sandbox.stripe_pay("pay_1", "automatic").body["status"], "succeeded")
        intent = self.sandbox.stripe_pay("pay_2").body
        voided = self.sandbox.stripe("POST", f"/v1/payment_intents/{intent['id']}/cancel", {})
        self.assertEqual(voided.body["status"], "canceled")
        again = self.sandbox.stripe("POST", f"/v1/payment_intents/{intent['id']}/capture", {})
        self.assertEqual(again.status, 400)
        self.assertEqual([one["status"] for one in self.sandbox.charges("stripe")], ["captured", "voided"])

    def test_expanded_charge_has_the_network_transaction(self):
        intent = self.sandbox.stripe_pay("pay_1", **{"expand[]": "latest_charge"}).body
        card = intent["latest_charge"]["payment_method_details"]["card"]
        self.assertEqual((card["last4"], card["network"]), ("4242", "visa"))
        self.assertEqual(len(card["network_transaction_id"]), 15)

    def test_the_code_is_checked_where_one_was_given(self):
        def checked(reference, method):
            intent = self.sandbox.stripe_pay(reference, payment_method=method, **{"expand[]": "latest_charge"}).body
            return intent["latest_charge"]["payment_method_details"]["card"]["checks"]["cvc_check"]

        given, not_given = self.sandbox.stripe_method().body, self.sandbox.stripe_method(cvc=None).body
        self.assertEqual([method["card"]["checks"]["cvc_check"] for method in (given, not_given)], ["unchecked", None])
        self.restart()
        self.assertEqual(checked("pay_1", given["id"]), "pass")
        self.assertIsNone(checked("pay_2", not_given["id"]))

    def test_declines(self):
        self.sandbox.behave("stripe", decline="insufficient_funds")
        answer = self.sandbox.stripe_pay("pay_1")
        error = answer.body["error"]
        self.assertEqual(answer.status, 402)
        self.assertEqual((error["type"], error["code"], error["decline_code"], error["network_decline_code"]),
                         ("card_error", "card_declined", "insufficient_funds", "51"))
        self.assertEqual(error["payment_intent"]["status"], "requires_payment_method")
        self.assertEqual(self.only_charge("stripe")["status"], "declined")
        self.sandbox.behave("stripe", decline="do_not_honor", network_code="79", advice_code="03")
        error = self.sandbox.stripe_pay("pay_2").body["error"]
        self.assertEqual((error["network_decline_code"], error["network_advice_code"]), ("79", "03"))
        self.sandbox.behave("stripe")
        error = self.sandbox.stripe_pay("pay_3", number="4000000000000002").body["error"]
        self.assertEqual(error["decline_code"], "generic_decline")

    def test_keys(self):
        method = self.sandbox.stripe_method().body["id"]
        fields = {"amount": 500, "currency": "eur", "payment_method": method, "confirm": "true"}
        first = self.sandbox.stripe("POST", "/v1/payment_intents", fields, key="k")
        second = self.sandbox.stripe("POST", "/v1/payment_intents", fields, key="k")
        self.assertEqual(second.raw, first.raw)
        self.assertEqual(second.headers["Idempotent-Replayed"], "true")
        self.assertIsNone(first.headers["Idempotent-Replayed"])
        other = self.sandbox.stripe("POST", "/v1/payment_intents", {**fields, "amount": 501}, key="k")
        self.assertEqual((other.status, other.body["error"]["type"]), (400, "idempotency_error"))
        self.assertEqual(self.sandbox.stripe("POST", "/v1/refunds", fields, key="k").status, 400)
        self.only_charge("stripe")
        # A wrong field is not kept: the key may be used again.
        self.assertEqual(self.sandbox.stripe("POST", "/v1/payment_intents", {"amount": 1}, key="l").status, 400)
        self.assertEqual(self.sandbox.stripe("POST", "/v1/payment_intents", fields, key="l").status, 200)

    def test_errors_are_kept_once_it_began(self):
        method = self.sandbox.stripe_method().body["id"]
        fields = {"amount": 500, "currency": "eur", "payment_method": method, "confirm": "true"}
        for fault, count in (("http_500_before", 0), ("http_500_after", 1)):
            self.sandbox.behave("stripe", fault=fault)
            self.assertEqual(self.sandbox.stripe("POST", "/v1/payment_intents", fields, key=fault).status, 500)
            self.sandbox.behave("stripe")
            again = self.sandbox.stripe("POST", "/v1/payment_intents", fields, key=fault)
            self.assertEqual((again.status, again.headers["Idempotent-Replayed"]), (500, "true"))
            self.assertEqual(len(self.sandbox.charges("stripe")), count)

    def test_list_and_search(self):
        started = int(time.time())
        ids = [self.sandbox.stripe_pay(f"pay_{i}").body["id"] for i in range(5)]
        page = self.sandbox.stripe("GET", f"/v1/payment_intents?created[gte]={started}&limit=3").body
        self.assertEqual(([one["id"] for one in page["data"]], page["has_more"]), (ids[:1:-1], True))
        page = self.sandbox.stripe(
            "GET", f"/v1/payment_intents?created%5Bgte%5D={started}&limit=3&starting_after={ids[2]}").body
        self.assertEqual(([one["id"] for one in page["data"]], page["has_more"]), (ids[1::-1], False))
        self.assertEqual(page["data"][0]["metadata"]["reference"], "pay_1")
        page = self.sandbox.stripe("GET", "/v1/payment_intents?expand[0]=data.latest_charge&limit=1").body
        self.assertEqual(page["data"][0]["latest_charge"]["payment_intent"], ids[4])
        none = self.sandbox.stripe("GET", f"/v1/payment_intents?created[gte]={started + 1000}").body
        self.assertEqual(none["data"], [])
        self.assertEqual(self.sandbox.stripe("GET", f"/v1/payment_intents?created[lte]={started - 1000}").body["data"], [])
        query = urllib.parse.quote("metadata['reference']:'pay_3'")
        path = f"/v1/payment_intents/search?query={query}"
        self.assertEqual(self.sandbox.stripe("GET", path).body["data"], [])
        self.sandbox.behave("stripe", search_lag_ms=0)
        self.assertEqual([one["id"] for one in self.sandbox.stripe("GET", path).body["data"]], [ids[3]])

    def test_strictness(self):
        ask = self.sandbox.stripe
        self.assertEqual(self.sandbox.ask("GET", "/stripe/v1/payment_intents").status, 401)
        self.assertEqual(ask("GET", "/v1/payment_intents/pi_none").status, 404)
        self.assertEqual(ask("POST", "/v1/payment_intents/pi_none/capture", {}).body["error"]["code"], "resource_missing")
        self.assertEqual(ask("POST", "/v1/refunds", {"payment_intent": "pi_none"}).status, 400)
        self.assertEqual(ask("GET", "/v1/nothing").status, 404)
        self.assertEqual(self.sandbox.stripe_method("4242424242424241").body["error"]["code"], "incorrect_number")
        self.assertEqual(self.sandbox.stripe_method(exp_year="2020").status, 402)
        self.assertEqual(self.sandbox.stripe_method(cvc="12").body["error"]["code"], "invalid_cvc")
        method = self.sandbox.stripe_method().body["id"]
        good = {"amount": 500, "currency": "eur", "payment_method": method, "confirm": "true"}
        for wrong in ({"amount": 0}, {"amount": -1}, {"amount": "1.5"}, {"currency": "xyz"}, {"unheard_of": 1},
                      {"payment_method": "pm_none"}, {"capture_method": "perhaps"}, {"amount": 10 ** 20}):
            self.assertEqual(ask("POST", "/v1/payment_intents", {**good, **wrong}).status, 400, wrong)
        headers = {"Authorization": "Bearer sk_test_x", "Content-Type": "application/json"}
        self.assertEqual(self.sandbox.ask("POST", "/stripe/v1/payment_intents", json.dumps(good), headers).status, 400)
        self.assertEqual(self.sandbox.charges("stripe"), [])

    def test_currencies_that_stripe_counts_its_own_way(self):
        self.assertEqual(self.sandbox.stripe_pay("pay_1", amount=500, currency="mga").status, 200)
        self.assertEqual(self.sandbox.stripe_pay("pay_2", amount=500, currency="isk").status, 200)
        self.assertEqual(self.sandbox.stripe_pay("pay_3", amount=501, currency="isk").status, 400)
        self.assertEqual(self.sandbox.stripe_pay("pay_4", amount=1230, currency="kwd").status, 200)
        self.assertEqual(self.sandbox.stripe_pay("pay_5", amount=1234, currency="kwd").status, 400)
        amounts = [(one["currency"], one["amount"]) for one in self.sandbox.charges("stripe")]
        self.assertEqual(amounts, [("MGA", 50000), ("ISK", 5), ("KWD", 1230)])

    def test_verify(self):
        method = self.sandbox.stripe_method().body["id"]
        fields = {"payment_method": method, "confirm": "true", "usage": "off_session", "metadata[reference]": "ver_1"}
        self.assertEqual(self.sandbox.stripe("POST", "/v1/setup_intents", fields).body["status"], "succeeded")
        self.sandbox.behave("stripe", decline="expired_card", operations=["verify"])
        error = self.sandbox.stripe("POST", "/v1/setup_intents", {**fields, "metadata[reference]": "ver_2"}).body["error"]
        self.assertEqual((error["code"], error["setup_intent"]["status"]), ("expired_card", "requires_payment_method"))
        listed = self.sandbox.stripe("GET", "/v1/setup_intents?created[gte]=1").body["data"]
        self.assertEqual([(one["metadata"]["reference"], one["status"]) for one in listed],
                         [("ver_2", "requires_payment_method"), ("ver_1", "succeeded")])
        got = self.sandbox.stripe("GET", f"/v1/setup_intents/{listed[1]['id']}?expand[]=latest_attempt").body
        self.assertTrue(got["latest_attempt"]["payment_method_details"]["card"]["network_transaction_id"])
        self.assertEqual(self.sandbox.stripe("GET", f"/v1/payment_intents/{listed[1]['id']}").status, 404)
        self.assertEqual(self.sandbox.stripe("GET", "/v1/payment_intents").body["data"], [])
        self.assertEqual(self.sandbox.charges("stripe"), [])

    def test_pages_of_refunds(self):
        intent = self.sandbox.stripe_pay("pay_1", "automatic").body["id"]
        ids = [self.sandbox.stripe("POST", "/v1/refunds", {"payment_intent": intent, "amount": 10}).body["id"]
               for _ in range(5)]
        path = f"/v1/refunds?payment_intent={intent}&limit=2"
        pages, cursor, more = [], "", True
        while more:
            page = self.sandbox.stripe("GET", path + cursor).body
            pages.append([one["id"] for one in page["data"]])
            cursor, more = f"&starting_after={pages[-1][-1]}", page["has_more"]
        self.assertEqual(pages, [ids[:2:-1], ids[2:0:-1], ids[:1]])


class Adyen(Case):
    def test_authorize_capture_refund(self):
        made = self.sandbox.adyen("/payments", adyen_body("pay_1"))
        self.assertEqual((made.status, made.body["resultCode"]), (200, "Authorised"), made.raw)
        self.assertEqual(made.body["merchantReference"], "pay_1")
        psp = made.body["pspReference"]
        over = self.sandbox.adyen(f"/payments/{psp}/captures", change("mov_1", 1001))
        self.assertEqual((over.status, over.body["errorCode"]), (422, "137"))
        self.assertEqual(self.sandbox.adyen(f"/payments/{psp}/captures", change("mov_1", 900, "USD")).status, 422)
        received = self.sandbox.adyen(f"/payments/{psp}/captures", change("mov_1", 900))
        self.assertEqual((received.status, received.body["status"], received.body["paymentPspReference"]),
                         (201, "received", psp))
        self.assertEqual(self.sandbox.adyen(f"/payments/{psp}/captures", change("mov_2", 100)).status, 422)
        self.assertEqual(self.sandbox.adyen(f"/payments/{psp}/cancels", change("mov_3")).status, 422)
        self.assertEqual(self.sandbox.adyen(f"/payments/{psp}/refunds", change("mov_4", 901)).status, 422)
        self.assertEqual(self.sandbox.adyen(f"/payments/{psp}/refunds", change("mov_5", 900)).status, 201)
        self.assertEqual(self.only_charge("adyen"),
                         {"id": psp, "reference": "pay_1", "status": "captured", "amount": 1000, "amount_captured": 900,
                          "amount_refunded": 900, "currency": "EUR"})

    def test_charge_void_verify(self):
        self.sandbox.adyen("/payments", adyen_body("pay_1", captureDelayHours=0))
        psp = self.sandbox.adyen("/payments", adyen_body("pay_2")).body["pspReference"]
        self.assertEqual(self.sandbox.adyen(f"/payments/{psp}/cancels", change("mov_1")).status, 201)
        self.assertEqual(self.sandbox.adyen(f"/payments/{psp}/captures", change("mov_2", 1000)).status, 422)
        self.assertEqual(self.sandbox.adyen("/payments", adyen_body("ver_1", 0)).body["resultCode"], "Authorised")
        self.assertEqual([one["status"] for one in self.sandbox.charges("adyen")], ["captured", "voided"])

    def test_declines(self):
        self.sandbox.behave("adyen", decline="12", advice_code="24")
        answer = self.sandbox.adyen("/payments", adyen_body("pay_1")).body
        self.assertEqual((answer["resultCode"], answer["refusalReasonCode"], answer["refusalReason"]),
                         ("Refused", "12", "Not enough balance"))
        self.assertEqual(answer["additionalData"]["refusalReasonRaw"], "51 : Insufficient funds")
        self.assertTrue(answer["additionalData"]["merchantAdviceCode"].startswith("24 :"))
        self.assertEqual(self.only_charge("adyen")["status"], "declined")

    def test_keys_keep_errors_but_transient_ones(self):
        self.sandbox.behave("adyen", fault="http_500_before")
        self.assertEqual(self.sandbox.adyen("/payments", adyen_body("pay_1"), "k").status, 500)
        self.sandbox.behave("adyen", fault="http_500_before", transient=True)
        transient = self.sandbox.adyen("/payments", adyen_body("pay_2"), "l")
        self.assertEqual((transient.status, transient.headers["Transient-Error"]), (500, "true"))
        self.sandbox.behave("adyen")
        self.assertEqual(self.sandbox.adyen("/payments", adyen_body("pay_1"), "k").status, 500)
        made = self.sandbox.adyen("/payments", adyen_body("pay_2"), "l")
        self.assertEqual(made.status, 200)
        self.assertEqual(self.sandbox.adyen("/payments", adyen_body("pay_2"), "l").raw, made.raw)
        self.only_charge("adyen")

    def test_the_keys_of_errors_are_told(self):
        errors = lambda: self.sandbox.ask("GET", "/_sandbox/adyen/errors")
        self.assertEqual(errors().body, [])
        self.sandbox.behave("adyen", fault="http_500_before", transient=True)
        self.sandbox.adyen("/payments", adyen_body("pay_1"), "pay_1")
        self.sandbox.behave("adyen", fault="http_500_after")
        self.sandbox.adyen("/payments", adyen_body("pay_2"), "pay_2")
        self.sandbox.behave("adyen")
        self.sandbox.adyen("/payments", adyen_body("pay_3"), "pay_3")
        kept = [{"key": "pay_2", "endpoint": "/v71/payments", "status": 500}]
        self.assertEqual(errors().body, kept)
        self.restart()
        self.assertEqual(errors().body, kept)
        self.assertEqual(self.sandbox.ask("GET", "/_sandbox/stripe/errors").body, [])
        self.assertEqual(self.sandbox.ask("PUT", "/_sandbox/adyen/errors", "[]").status, 405)

    def test_strictness(self):
        ask = self.sandbox.adyen
        self.assertEqual(self.sandbox.ask("POST", "/adyen/v71/payments", "{}").body["errorCode"], "000")
        for wrong in ({"amount": None}, {"amount": {"currency": "EUR", "value": -1}}, {"reference": ""},
                      {"amount": {"currency": "EUR", "value": 1.5}}, {"unheardOf": 1}, {"returnUrl": None},
                      {"amount": {"currency": "XYZ", "value": 1}}, {"paymentMethod": {"type": "scheme"}}):
            self.assertEqual(ask("/payments", {**adyen_body("pay_1"), **wrong}).status, 422, wrong)
        self.assertEqual(ask("/payments", {**adyen_body("pay_1"), "merchantAccount": None}).status, 403)
        self.assertEqual(ask("/payments", [1]).status, 400)
        self.assertEqual(ask("/payments/NONE/captures", change("mov_1", 1)).body["errorCode"], "167")
        self.assertEqual(self.sandbox.charges("adyen"), [])

    def test_currencies_that_adyen_counts_its_own_way(self):
        for currency, value in (("CLP", 500), ("CVE", 5), ("ISK", 500), ("IDR", 5)):
            self.assertEqual(self.sandbox.adyen("/payments", adyen_body("pay_1", value, currency)).status, 200)
        self.assertEqual([one["amount"] for one in self.sandbox.charges("adyen")], [5, 500, 5, 500])

    def test_further_connectors_have_books_of_their_own(self):
        self.sandbox.adyen("/payments", adyen_body("pay_1"), "k", name="adyen_eu")
        self.sandbox.adyen("/payments", adyen_body("pay_2"), "k")
        self.assertEqual(self.only_charge("adyen_eu")["reference"], "pay_1")
        self.assertEqual(self.only_charge("adyen")["reference"], "pay_2")
        self.assertEqual(self.sandbox.ask("GET", "/_sandbox/worldpay/charges").status, 404)


class Checkout(Case):
    def seen(self, payment, status):
        for _ in range(1500):
            answer = self.sandbox.checkout("GET", f"/payments/{payment}").body
            if answer["status"] == status:
                return answer
            time.sleep(0.02)
        self.fail(f"{answer['status']} is not {status}")

    def test_authorize_capture_refund(self):
        made = self.sandbox.checkout("POST", "/payments", checkout_body("pay_1"))
        self.assertEqual((made.status, made.body["status"], made.body["response_code"]), (201, "Authorized", "10000"))
        payment = made.body["id"]
        over = self.sandbox.checkout("POST", f"/payments/{payment}/captures", {"amount": 1001})
        self.assertEqual((over.status, over.body["error_type"]), (422, "request_invalid"))
        accepted = self.sandbox.checkout("POST", f"/payments/{payment}/captures", {"amount": 600, "reference": "mov_1"})
        self.assertEqual(accepted.status, 202)
        self.assertEqual(self.sandbox.checkout("GET", f"/payments/{payment}").body["status"], "Authorized")
        self.assertEqual(self.seen(payment, "Partially Captured")["balances"]["total_captured"], 600)
        self.assertEqual(self.sandbox.checkout("POST", f"/payments/{payment}/captures", {"amount": 1}).status, 403)
        self.assertEqual(self.sandbox.checkout("POST", f"/payments/{payment}/voids", {}).status, 403)
        self.assertEqual(self.sandbox.checkout("POST", f"/payments/{payment}/refunds", {"amount": 601}).status, 422)
        refund = {"amount": 200, "reference": "mov_2"}
        self.assertEqual(self.sandbox.checkout("POST", f"/payments/{payment}/refunds", refund).status, 202)
        self.seen(payment, "Partially Refunded")
        actions = self.sandbox.checkout("GET", f"/payments/{payment}/actions").body
        self.assertEqual([(one["type"], one["reference"], one["amount"]) for one in actions],
                         [("Capture", "mov_1", 600), ("Refund", "mov_2", 200), ("Authorization", "pay_1", 1000)])
        self.assertEqual(self.only_charge("checkout"),
                         {"id": payment, "reference": "pay_1", "status": "captured", "amount": 1000,
                          "amount_captured": 600, "amount_refunded": 200, "currency": "USD"})

    def test_charge_void_verify(self):
        charged = self.sandbox.checkout("POST", "/payments", checkout_body("pay_1", capture=True)).body
        self.assertEqual(charged["status"], "Authorized")
        self.seen(charged["id"], "Captured")
        payment = self.sandbox.checkout("POST", "/payments", checkout_body("pay_2")).body["id"]
        self.assertEqual(self.sandbox.checkout("POST", f"/payments/{payment}/voids").status, 202)
        self.seen(payment, "Voided")
        verified = self.sandbox.checkout("POST", "/payments", checkout_body("ver_1", 0)).body
        self.assertEqual(verified["status"], "Card Verified")
        self.assertEqual([one["status"] for one in self.sandbox.charges("checkout")], ["captured", "voided"])

    def test_asking_by_reference(self):
        payment = self.sandbox.checkout("POST", "/payments", checkout_body("pay_1")).body["id"]
        found = self.sandbox.checkout("GET", "/payments?reference=pay_1").body
        self.assertEqual((found["total_count"], found["data"][0]["id"]), (1, payment))
        none = self.sandbox.checkout("GET", "/payments?reference=pay_2&limit=10").body
        self.assertEqual((none["total_count"], none["data"]), (0, []))
        for fault, status in (("status_403", 403), ("status_404", 404)):
            self.sandbox.behave("checkout", fault=fault)
            self.assertEqual(self.sandbox.checkout("GET", "/payments?reference=pay_1").status, status)
            self.assertEqual(self.sandbox.checkout("POST", "/payments", checkout_body(fault)).status, 201)

    def test_declines(self):
        self.sandbox.behave("checkout", decline="20051", advice_code="02")
        answer = self.sandbox.checkout("POST", "/payments", checkout_body("pay_1"))
        self.assertEqual(answer.status, 201)
        self.assertEqual((answer.body["approved"], answer.body["status"], answer.body["response_code"]),
                         (False, "Declined", "20051"))
        self.assertEqual(answer.body["processing"]["partner_merchant_advice_code"], "02")
        self.assertEqual(self.only_charge("checkout")["status"], "declined")

    def test_keys_keep_no_errors(self):
        self.sandbox.behave("checkout", fault="http_500_before")
        self.assertEqual(self.sandbox.checkout("POST", "/payments", checkout_body("pay_1"), "k").status, 500)
        self.sandbox.behave("checkout")
        made = self.sandbox.checkout("POST", "/payments", checkout_body("pay_1"), "k")
        self.assertEqual(self.sandbox.checkout("POST", "/payments", checkout_body("pay_1"), "k").raw, made.raw)
        self.only_charge("checkout")

    def test_strictness(self):
        ask = self.sandbox.checkout
        self.assertEqual(self.sandbox.ask("POST", "/checkout/payments", "{}").status, 401)
        good = checkout_body("pay_1")
        for wrong, code in (({"amount": -1}, "amount_invalid"), ({"amount": "1"}, "amount_invalid"),
                            ({"currency": "XYZ"}, "currency_invalid"), ({"source": {}}, "payment_source_required"),
                            ({"unheard_of": 1}, "request_body_malformed"), ({"reference": "x" * 81}, "reference_invalid"),
                            ({"capture": "no"}, "capture_invalid"),
                            ({"processing_channel_id": None}, "processing_channel_id_required")):
            answer = ask("POST", "/payments", {**good, **wrong})
            self.assertEqual((answer.status, answer.body["error_codes"]), (422, [code]), wrong)
        expired = {**good, "source": {**good["source"], "expiry_year": 2020}}
        self.assertEqual(ask("POST", "/payments", expired).body["error_codes"], ["card_expired"])
        self.assertEqual(ask("GET", "/payments/pay_none").status, 404)
        self.assertEqual(ask("POST", "/payments/pay_none/captures", {}).status, 404)
        self.assertEqual(ask("PUT", "/payments").status, 405)
        self.assertEqual(self.sandbox.charges("checkout"), [])


class Faults(Case):
    def pay(self, reference, key=None, timeout=5):
        return self.sandbox.checkout("POST", "/payments", checkout_body(reference), key, timeout)

    def test_before_nothing_is_booked_after_it_is(self):
        booked = 0
        for fault in ("reset_before", "hang_before", "reset_after", "hang_after", "garbage_after", "garbage_after"):
            self.sandbox.behave("checkout", fault=fault)
            key = f"{fault}_{booked}"
            self.lost(lambda: self.pay(key, key, 0.5))
            booked += fault.endswith("_after")
            self.assertEqual(len(self.sandbox.charges("checkout")), booked, fault)
            self.sandbox.behave("checkout")
            self.assertEqual(self.pay(key, key).status, 201)  # the key finds it, or makes it now
            booked += fault.endswith("_before")
            self.assertEqual(len(self.sandbox.charges("checkout")), booked, fault)
        self.sandbox.behave("checkout", fault="http_500_after")
        self.assertEqual(self.pay("pay_9").status, 500)
        self.assertEqual(self.sandbox.charges("checkout")[-1]["reference"], "pay_9")

    def test_operations(self):
        payment = self.pay("pay_1").body["id"]
        self.sandbox.behave("checkout", fault="reset_after", operations=["capture", "refund"])
        self.assertEqual(self.pay("pay_2").status, 201)
        self.lost(lambda: self.sandbox.checkout("POST", f"/payments/{payment}/captures", {}))
        self.lost(lambda: self.sandbox.checkout("POST", f"/payments/{payment}/refunds", {"amount": 10}))
        self.assertEqual(self.sandbox.charges("checkout")[0]["amount_refunded"], 10)
        self.sandbox.behave("checkout", fault="reset_before", operations=["status"])
        self.lost(lambda: self.sandbox.checkout("GET", f"/payments/{payment}"))

    def test_charge_and_authorize_are_told_apart(self):
        self.sandbox.behave("checkout", decline="20005", operations=["charge"])
        self.assertEqual(self.pay("pay_1").body["status"], "Authorized")
        self.assertFalse(self.sandbox.checkout("POST", "/payments", checkout_body("pay_2", capture=True)).body["approved"])
        self.sandbox.behave("stripe", decline="do_not_honor", operations=["authorize"])
        self.assertEqual(self.sandbox.stripe_pay("pay_1", "automatic").status, 200)
        self.assertEqual(self.sandbox.stripe_pay("pay_2", "manual").status, 402)

    def test_rate_is_reproducible(self):
        def draw(seed):
            self.sandbox.behave("checkout", fault="http_500_before", rate=0.3, seed=seed)
            return [self.pay(f"pay_{i}").status == 500 for i in range(100)]
        first = draw(7)
        self.assertEqual(first, draw(7))
        self.assertNotEqual(first, draw(8))
        self.assertTrue(15 <= sum(first) <= 45, sum(first))

    def test_latency(self):
        self.sandbox.behave("checkout", latency_ms=300)
        started = time.monotonic()
        self.assertEqual(self.pay("pay_1").status, 201)
        self.assertGreaterEqual(time.monotonic() - started, 0.29)
        shortest = 1.0  # of several: a busy machine may hold one up, a latency holds all
        for _ in range(10):
            started = time.monotonic()
            self.sandbox.checkout("GET", "/payments?reference=pay_1")
            shortest = min(shortest, time.monotonic() - started)
        self.assertLess(shortest, 0.25)

    def test_refuse_closes_a_port_of_its_own(self):
        kept = socket.create_connection(("127.0.0.1", self.sandbox.ports["adyen"]), timeout=5)
        self.assertEqual(self.sandbox.adyen("/payments", adyen_body("pay_0"), port="adyen").status, 200)
        for _ in range(2):
            self.sandbox.behave("adyen", fault="refuse")
            with self.assertRaises(ConnectionResetError):
                kept.recv(1)
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", self.sandbox.ports["adyen"]), timeout=5)
            self.lost(lambda: self.sandbox.adyen("/payments", adyen_body("pay_1")))  # by the shared port: reset
            self.assertEqual(self.pay("pay_1").status, 201)  # the others go on
            self.sandbox.behave("adyen")
            kept.close()
            kept = socket.create_connection(("127.0.0.1", self.sandbox.ports["adyen"]), timeout=5)
            self.assertEqual(self.sandbox.adyen("/payments", adyen_body("pay_2"), port="adyen").status, 200)
        kept.close()
        self.assertEqual(len(self.sandbox.charges("adyen")), 3)

    def test_refuse_outlives_a_restart(self):
        self.sandbox.behave("adyen", fault="refuse")
        self.restart()
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", self.sandbox.ports["adyen"]), timeout=5)

    def test_behaviour_is_checked(self):
        for wrong in ("", "[]", "{", '{"fault":"explode"}', '{"rate":2}', '{"rate":"1"}', '{"latency_ms":-1}',
                      '{"operations":["steal"]}', '{"operations":"charge"}', '{"decline":5}', '{"decline":"a b"}',
                      '{"webhooks":"sometimes"}', '{"webhooks":true}', '{"webhook_delay_ms":-1}', '{"webhook_delay_ms":1e3}',
                      '{"colour":1}', '{"rate":1,"rate":0}', '{"fault":"http_500_after","transient":true}',
                      '{"transient":true,"fault":"http_500_after"}'):
            answer = self.sandbox.ask("PUT", "/_sandbox/stripe/behaviour", wrong)
            self.assertEqual(answer.status, 400, wrong)
            self.assertTrue(answer.body["error"])
        got = self.sandbox.ask("GET", "/_sandbox/stripe/behaviour").body
        self.assertEqual((got["fault"], got["rate"], got["latency_ms"], got["decline"], got["operations"]),
                         ("none", 1, 0, None, ["authorize", "charge"]))
        self.assertEqual((got["webhooks"], got["webhook_delay_ms"]), ("on", 200))
        got = self.sandbox.behave("stripe", webhooks="reorder", webhook_delay_ms=5)
        self.assertEqual((got["webhooks"], got["webhook_delay_ms"]), ("reorder", 5))
        self.assertEqual(self.sandbox.behave("stripe", fault="hang_after", rate=0.5, decline="x",
                                             operations=["void"])["operations"], ["void"])
        self.assertEqual(self.sandbox.ask("POST", "/_sandbox/stripe/behaviour", "{}").status, 405)
        self.assertEqual(self.sandbox.ask("GET", "/_sandbox/stripe/nothing").status, 404)


class Durability(Case):
    def test_books_keys_and_behaviour_outlive_a_kill(self):
        method = self.sandbox.stripe_method().body["id"]
        fields = {"amount": 500, "currency": "eur", "payment_method": method, "confirm": "true",
                  "capture_method": "manual", "metadata[reference]": "pay_1"}
        made = self.sandbox.stripe("POST", "/v1/payment_intents", fields, key="k")
        self.sandbox.adyen("/payments", adyen_body("pay_2"), "a")
        payment = self.sandbox.checkout("POST", "/payments", checkout_body("pay_3"), "c").body["id"]
        self.sandbox.checkout("POST", f"/payments/{payment}/captures", {"amount": 400, "reference": "mov_1"})
        self.sandbox.behave("checkout", decline="20005")
        before = [self.sandbox.charges(name) for name in ("stripe", "adyen", "checkout")]
        self.restart()
        self.assertEqual([self.sandbox.charges(name) for name in ("stripe", "adyen", "checkout")], before)
        again = self.sandbox.stripe("POST", "/v1/payment_intents", fields, key="k")
        self.assertEqual((again.raw, again.headers["Idempotent-Replayed"]), (made.raw, "true"))
        captured = self.sandbox.stripe("POST", f"/v1/payment_intents/{made.body['id']}/capture", {})
        self.assertEqual(captured.body["amount_received"], 500)
        self.assertEqual(self.sandbox.stripe("POST", "/v1/payment_intents", fields, key="n").status, 200)
        for _ in range(1500):  # accepted, seen a little later
            action = self.sandbox.checkout("GET", f"/payments/{payment}/actions").body[0]
            if action.get("reference") == "mov_1":
                break
            time.sleep(0.02)
        self.assertEqual(action["reference"], "mov_1")
        self.assertFalse(self.sandbox.checkout("POST", "/payments", checkout_body("pay_4")).body["approved"])

    def test_a_torn_end_is_cut_off(self):
        self.sandbox.adyen("/payments", adyen_body("pay_1"))
        self.sandbox.adyen("/payments", adyen_body("pay_2"))
        self.sandbox.kill()
        path = os.path.join(self.directory.name, "sandbox.log")
        with open(path, "r+b") as log:
            log.truncate(os.path.getsize(path) - 3)
        self.sandbox = Sandbox(self.directory.name)
        self.assertEqual(self.only_charge("adyen")["reference"], "pay_1")
        self.sandbox.adyen("/payments", adyen_body("pay_3"))
        self.restart()
        self.assertEqual([one["reference"] for one in self.sandbox.charges("adyen")], ["pay_1", "pay_3"])

    def test_no_card_number_is_kept(self):
        self.sandbox.stripe_pay("pay_1")
        self.sandbox.adyen("/payments", adyen_body("pay_2", number=CARD))
        self.sandbox.checkout("POST", "/payments", checkout_body("pay_3"), "c")
        with open(os.path.join(self.directory.name, "sandbox.log"), "rb") as log:
            self.assertNotIn(CARD.encode(), log.read())

    def test_a_full_log_books_nothing(self):
        self.sandbox.kill()
        self.sandbox = Sandbox(self.directory.name, "--log-bytes", "1")
        self.sandbox.adyen("/payments", adyen_body("pay_1"))
        self.assertEqual(self.sandbox.adyen("/payments", adyen_body("pay_2")).status, 500)
        self.only_charge("adyen")


class ControlLine(unittest.TestCase):
    """As the supervisor starts it: listening sockets come by name over descriptor 3, of which it keeps copies."""

    def start(self):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(5)
        fd = theirs.fileno()
        process = subprocess.Popen([BINARY, "--data", self.directory.name], pass_fds=(3, fd),
                                   preexec_fn=lambda: os.dup2(fd, 3))
        theirs.close()
        for name, listener in self.listeners.items():
            socket.send_fds(ours, [name.encode().ljust(24, b"\0")], [listener.fileno()])
        self.assertEqual(ours.recv(2000)[:24].rstrip(b"\0"), b"ready")
        return ours, process

    def ask(self, name, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.listeners[name].getsockname()[1], timeout=5)
        try:
            connection.request(method, path, body)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.listeners = {}
        for name in ("checkout", "http"):
            self.listeners[name] = socket.create_server(("127.0.0.1", 0))

    def tearDown(self):
        for listener in self.listeners.values():
            listener.close()
        self.directory.cleanup()

    def pay_at_adyen(self, reference):
        connection = http.client.HTTPConnection("127.0.0.1", self.listeners["http"].getsockname()[1], timeout=5)
        connection.request("POST", "/adyen/v71/payments", json.dumps(adyen_body(reference)),
                           {"X-API-Key": "AQE", "Content-Type": "application/json", "Idempotency-Key": reference})
        self.assertEqual(Answer(connection.getresponse()).status, 200)
        connection.close()

    def told(self, receiver):
        """The next webhook; it is taken."""
        client, _ = receiver.accept()
        client.settimeout(5)
        got = b""
        while not got.endswith(b"}]}"):
            got += client.recv(65536)
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        client.close()
        item = json.loads(got.split(b"\r\n\r\n", 1)[1])["notificationItems"][0]["NotificationRequestItem"]
        return item["merchantReference"]

    def test_webhooks_that_wait_outlive_a_kill(self):
        receiver = socket.create_server(("127.0.0.1", 0))
        receiver.settimeout(5)
        where = "webhooks".encode().ljust(24, b"\0") + f"adyen {receiver.getsockname()[1]} {'5A' * 32}".encode()
        ours, process = self.start()
        self.pay_at_adyen("pay_0")  # nobody has said where to: none is sent
        ours.send(where)
        self.pay_at_adyen("pay_1")
        self.assertEqual(self.told(receiver), "pay_1")
        self.pay_at_adyen("pay_2")
        process.kill()  # 200 ms are given
        process.wait()
        ours.close()
        ours, process = self.start()
        self.pay_at_adyen("pay_3")  # before it knows where to
        ours.send(where)
        got = {self.told(receiver), self.told(receiver)}
        self.assertEqual(got, {"pay_2", "pay_3"})
        self.pay_at_adyen("pay_4")
        self.assertEqual(self.told(receiver), "pay_4")
        ours.close()
        self.assertEqual(process.wait(timeout=60), 0)
        receiver.close()

    def test_listeners_come_by_name_and_refuse_although_copied(self):
        port = self.listeners["checkout"].getsockname()[1]
        line, process = self.start()
        self.assertEqual(self.ask("checkout", "GET", "/payments").status, 401)
        self.assertEqual(self.ask("checkout", "GET", "/checkout/payments").status, 401)
        self.assertEqual(self.ask("http", "PUT", "/_sandbox/checkout/behaviour", '{"fault":"refuse"}').status, 200)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
        process.kill()
        process.wait()
        line.close()
        line, process = self.start()  # the same sockets again, one of them shut down
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
        self.assertEqual(self.ask("http", "PUT", "/_sandbox/checkout/behaviour", "{}").status, 200)
        self.assertEqual(self.ask("checkout", "GET", "/payments").status, 401)
        socket.send_fds(line, [b"http".ljust(24, b"\0")], [self.listeners["http"].fileno()])  # replaces the first
        self.assertEqual(self.ask("http", "GET", "/_sandbox/checkout/charges").body, [])
        line.close()
        self.assertEqual(process.wait(timeout=60), 0)


class Sockets(Case):
    def talk(self, text, count=1):
        with socket.create_connection(("127.0.0.1", self.sandbox.ports["http"]), timeout=5) as peer:
            peer.sendall(text)
            got = b""
            while got.count(b"HTTP/1.1 ") < count or not got.endswith((b"}", b"]", b"\r\n\r\n")):
                piece = peer.recv(65536)
                if not piece:
                    break
                got += piece
            return got

    def test_keep_alive_pipelining_and_pieces(self):
        request = b"GET /_sandbox/adyen/charges HTTP/1.1\r\nHost: x\r\n\r\n"
        self.assertEqual(self.talk(request * 50, 50).count(b"HTTP/1.1 200 OK"), 50)
        with socket.create_connection(("127.0.0.1", self.sandbox.ports["http"]), timeout=5) as peer:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in request:
                peer.sendall(bytes([byte]))
            self.assertIn(b"200 OK", peer.recv(65536))

    def test_chunked_bodies(self):
        body = json.dumps(adyen_body("pay_1")).encode()
        head = (b"POST /adyen/v71/payments HTTP/1.1\r\nHost: x\r\nX-API-Key: AQE\r\nContent-Type: application/json\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n")
        chunked = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 50]), body[i:i + 50]) for i in range(0, len(body), 50))
        self.assertIn(b"Authorised", self.talk(head + chunked + b"0\r\n\r\n"))

    def test_wrong_requests(self):
        for wrong in (b"GET\r\n\r\n", b"GET / HTTP/2\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\r\n\r\n",
                      b"GET / HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n", b"GET x HTTP/1.1\r\nHost: x\r\n\r\n",
                      b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                      b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                      b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                      b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"):
            self.assertTrue(self.talk(wrong).startswith(b"HTTP/1.1 400"), wrong)
        huge = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n"
        self.assertTrue(self.talk(huge).startswith(b"HTTP/1.1 413"))
        self.assertTrue(self.talk(b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n").startswith(b"HTTP/1.1 4"))

    def post(self, path, body):
        """A socket on which the payment was asked for."""
        peer = socket.create_connection(("127.0.0.1", self.sandbox.ports["http"]), timeout=5)
        self.addCleanup(peer.close)
        text = json.dumps(body).encode()
        peer.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk_x\r\nX-API-Key: AQE\r\nContent-Type: "
                     b"application/json\r\nContent-Length: %d\r\n\r\n%s" % (path, len(text), text))
        return peer

    def await_charge(self, name):
        for _ in range(1500):
            if self.sandbox.charges(name):
                break
            time.sleep(0.02)
        self.only_charge(name)

    def test_ends_cleanly_with_clients_there(self):
        self.sandbox.behave("checkout", fault="hang_after")
        self.sandbox.behave("adyen", latency_ms=60000)
        waiting = [self.post(b"/checkout/payments", checkout_body("pay_1")),
                   self.post(b"/adyen/v71/payments", adyen_body("pay_2")),
                   socket.create_connection(("127.0.0.1", self.sandbox.ports["http"]), timeout=5)]
        self.addCleanup(waiting[-1].close)
        self.await_charge("checkout")
        self.await_charge("adyen")
        self.assertEqual(self.sandbox.end(), 0)
        self.assertEqual([peer.recv(1) for peer in waiting], [b"", b"", b""])


if __name__ == "__main__":
    signal.alarm(120)
    unittest.main(verbosity=1)
