"""The HTTP API of the real freeport-router, with a vault played by api-stand.

test_api.py STAND ROUTER SHEETS BINS.CSV [TEST...]
"""
import datetime
import json
import math
import os
import re
import resource
import selectors
import shutil
import socket
import sys
import tempfile
import threading
import time
import unittest
import uuid

from router import Client, Router, basic

PROGRAMS = dict(zip(("stand", "router", "sheets", "bins"), sys.argv[1:5]))
CANARY = "4242424242424242"
WAITING_MAX = 4096


# Movements that stay open for ten seconds are left to the engine's own tests.
UNSEEN = {("POST", f"/v1/payments/{{id}}/{kind}", 202) for kind in ("capture", "void", "refunds")}


# A full disk is tried with one of them.
UNSEEN |= {(method, "/v1/policies" + path, 503) for method, path in (
    ("GET", ""), ("GET", "/{id}"), ("GET", "/history"), ("POST", "/rollback"), ("POST", "/{id}/publish"),
    ("POST", "/{id}/replay"))}


def tearDownModule():
    """What the description promises of success, and all that it promises of policies, was answered at least once, when
    everything was run."""
    if len(sys.argv) > 5 or Client.document is None:
        return
    promised = {(method.upper(), path, int(status)) for path, operations in Client.document["paths"].items()
                for method, operation in operations.items() for status in operation["responses"]
                if status < "300" or path.startswith("/v1/policies")}
    missing = promised - Client.seen - UNSEEN
    assert not missing, f"described and never answered: {sorted(missing)}"


class Case(unittest.TestCase):
    """One router for a class of tests, with a published policy."""

    @classmethod
    def setUpClass(cls):
        cls.data = tempfile.mkdtemp(prefix="freeport-api-")
        os.chmod(cls.data, 0o700)
        cls.start()

    @classmethod
    def start(cls):
        cls.router = Router(PROGRAMS, cls.data)
        cls.client = Client(cls.router)
        cls.await_ready()
        policies = cls.client.request("GET", "/v1/policies")
        if not policies["data"]:
            assert cls.client.request("GET", "/readyz", key="")["policy"] == "none"
            policy = cls.client.request("POST", "/v1/policies", {"text": "otherwise route adyen, checkout, stripe"})
            assert policy.status == 201, policy.raw
            assert cls.client.request("POST", f"/v1/policies/{policy['id']}/publish").status == 200
        assert cls.client.request("GET", "/readyz", key="")["policy"] == "published"

    @classmethod
    def await_ready(cls, wanted=200):
        for _ in range(1500):
            if cls.client.request("GET", "/readyz", key="").status == wanted:
                return
            time.sleep(0.02)
        raise AssertionError("not ready:\n" + cls.router.logged())

    @classmethod
    def tearDownClass(cls):
        status = cls.router.stop()
        shutil.rmtree(cls.data)
        assert status in (0, None), f"exit status {status}:\n{cls.router.logged()}"

    def expect(self, answer, status, code=None, param=None):
        self.assertEqual(answer.status, status, answer.raw)
        if code is not None:
            self.assertEqual(answer["code"], code, answer.raw)
            self.assertEqual(answer.json.get("param"), param, answer.raw)
        return answer

    def read(self, payment):
        """One payment as it is shown by itself, without why it was routed so and whether that comes out again,
        which only that answer has."""
        read = self.expect(self.client.request("GET", f"/v1/payments/{payment['id']}"), 200).json
        self.assertTrue(read.pop("explanation"))
        self.assertIs(read["decision"].pop("reproduced"), None if read["decision"]["rule"] == "request" else True)
        return read

    def metric(self, name):
        text = self.client.request("GET", "/metrics", key="").raw.decode()
        found = re.search(rf"^{re.escape(name)} (\d+)$", text, re.MULTILINE)
        self.assertIsNotNone(found, f"{name} is not in\n{text}")
        return int(found[1])

    def await_metric(self, name, wanted):
        for _ in range(1500):
            if self.metric(name) == wanted:
                return
            time.sleep(0.02)
        self.assertEqual(self.metric(name), wanted)


class Payments(Case):
    def test_a_charge(self):
        paid = self.expect(self.client.pay(1000, reference="order 1", metadata={"cart": "7"}), 201)
        self.assertEqual(paid["status"], "captured")
        self.assertEqual((paid["amount_authorized"], paid["amount_captured"], paid["amount_refundable"]),
                         (1000, 1000, 1000))
        self.assertEqual(paid["connector"], "adyen")
        self.assertEqual((paid["card"]["country"], paid["card"]["funding"]), ("US", "credit"))
        self.assertEqual(paid["decision"]["candidates"], ["adyen", "checkout", "stripe"])
        self.assertEqual(paid["metadata"], {"cart": "7"})
        self.assertEqual([a["id"] for a in paid["attempts"]], [paid["id"] + "_1"])
        self.assertEqual(paid["attempts"][0]["avs"], {"address": None, "postal_code": "no_match"})
        self.assertEqual(paid["attempts"][0]["cvc_check"], "match")
        self.assertEqual(self.read(paid), paid.json)

    def test_a_decline_is_a_created_payment(self):
        declined = self.expect(self.client.pay(1001), 201)
        self.assertEqual(declined["status"], "declined")
        self.assertEqual(declined["decline"]["retry"], "never")
        self.assertEqual(len(declined["attempts"]), 1)

    def test_what_was_not_sent_goes_to_the_next(self):
        paid = self.expect(self.client.pay(1002), 201)
        self.assertEqual(paid["status"], "captured")
        self.assertEqual([a["connector"] for a in paid["attempts"]], ["adyen", "checkout"])
        self.assertEqual([a["phase"] for a in paid["attempts"]], ["not_sent", "reply"])

    def test_a_lost_answer_is_asked_for(self):
        paid = self.expect(self.client.pay(1003), 201)
        self.assertEqual((paid["status"], len(paid["attempts"])), ("captured", 1))

    def test_an_open_outcome_is_answered_after_ten_seconds(self):
        key = str(uuid.uuid4())
        start = time.monotonic()
        open_payment = self.expect(self.client.pay(1004, idempotency=key), 202)
        self.assertLess(time.monotonic() - start, 20)
        self.assertIn(open_payment["status"], ("processing", "unresolved"))
        again = self.expect(self.client.pay(1004, idempotency=key), 202)
        self.assertEqual(again["id"], open_payment["id"])
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")

    def test_the_customer_must_act(self):
        waiting = self.expect(self.client.pay(1005, return_url="https://shop.example/back"), 201)
        self.assertEqual(waiting["status"], "requires_action")
        self.assertEqual(waiting["next_action"]["url"], "https://acs.example.com/challenge")

    def test_captures_voids_and_refunds(self):
        path = "/v1/payments/" + self.expect(
            self.client.pay(1000, capture="manual", routing={"connectors": ["checkout"]}), 201)["id"]
        self.expect(self.client.request("POST", path + "/refunds"), 409, "invalid_state")
        self.expect(self.client.request("POST", path + "/capture", {"amount": 1001}), 422, "amount_too_large", "amount")
        part = self.expect(self.client.request("POST", path + "/capture", {"amount": 400, "final": False}), 201)
        self.assertEqual((part["status"], part["amount_captured"], part["amount_capturable"]),
                         ("partially_captured", 400, 600))
        self.assertEqual(part["movement"], part["movements"][0]["id"])
        rest = self.expect(self.client.request("POST", path + "/capture"), 201)
        self.assertEqual((rest["status"], rest["amount_captured"]), ("captured", 1000))
        self.expect(self.client.request("POST", path + "/void"), 409, "invalid_state")
        refunded = self.expect(
            self.client.request("POST", path + "/refunds", {"amount": 300, "reason": "broken", "reference": "r-1"}), 201)
        self.assertEqual((refunded["amount_refunded"], refunded["amount_refundable"]), (300, 700))
        self.expect(self.client.request("POST", path + "/refunds", {"amount": 701}), 422, "amount_too_large", "amount")

    def test_one_capture_is_the_last_where_the_psp_closes_with_it(self):
        path = "/v1/payments/" + self.expect(
            self.client.pay(1000, capture="manual", routing={"connectors": ["stripe"]}), 201)["id"]
        self.expect(self.client.request("POST", path + "/capture", {"amount": 400, "final": False}), 422,
                    "not_supported", "final")
        done = self.expect(self.client.request("POST", path + "/capture", {"amount": 400}), 201)
        self.assertEqual((done["status"], done["amount_captured"], done["amount_capturable"]), ("captured", 400, 0))

    def test_a_void_of_what_is_left(self):
        path = "/v1/payments/" + self.expect(
            self.client.pay(1000, capture="manual", routing={"connectors": ["checkout"]}), 201)["id"]
        self.expect(self.client.request("POST", path + "/capture", {"amount": 400, "final": False}), 201)
        rest = self.expect(self.client.request("POST", path + "/void"), 201)
        self.assertEqual((rest["status"], rest["amount_authorized"], rest["amount_captured"], rest["amount_capturable"]),
                         ("captured", 400, 400, 0))

    def test_a_void(self):
        path = "/v1/payments/" + self.expect(self.client.pay(1000, capture="manual"), 201)["id"]
        voided = self.expect(self.client.request("POST", path + "/void", {"reason": "changed mind"}), 201)
        self.assertEqual(voided["status"], "voided")
        self.expect(self.client.request("POST", path + "/capture"), 409, "invalid_state")

    def test_lists_are_narrowed_and_paged(self):
        for i in range(5):
            self.expect(self.client.pay(1000 + 100 * i, reference="paged", metadata={"n": str(i)}), 201)
            time.sleep(0.002)  # of one millisecond none is the newer
        first = self.expect(self.client.request("GET", "/v1/payments?reference=paged&limit=2"), 200)
        self.assertEqual([p["amount"] for p in first["data"]], [1400, 1300])
        self.assertTrue(first["has_more"])
        second = self.client.request("GET", f"/v1/payments?reference=paged&limit=3&starting_after={first['next']}")
        self.assertEqual([p["amount"] for p in second["data"]], [1200, 1100, 1000])
        self.assertFalse(second["has_more"])
        one = self.client.request("GET", "/v1/payments?reference=paged&metadata[n]=3&status=captured&connector=adyen")
        self.assertEqual([p["amount"] for p in one["data"]], [1300])
        self.assertEqual(self.client.request("GET", "/v1/payments?created[gte]=2090-01-01T00:00:00Z")["data"], [])
        self.expect(self.client.request("GET", "/v1/payments?limit=0"), 422, "invalid_field", "limit")


class Resolution(Case):
    """What asking cannot settle: a webhook, or a person."""

    lost = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Each is answered after ten seconds, so all of them are asked for at once.
        answers = {}
        def pay(name, amount, **more):
            routing = {"connectors": ["adyen"] if name == "early" else ["checkout", "stripe"]}
            answers[name] = cls.client.pay(amount, routing=routing, **more)
        threads = [threading.Thread(target=pay, args=[name, 1007], kwargs=more) for name, more in (
            ("webhook", {}), ("succeeded", {"capture": "manual"}), ("failed", {"deadline_ms": 5000}), ("odd", {}),
            ("early", {}), ("elsewhere", {"deadline_ms": 3600000}))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        cls.lost = {name: answer.json for name, answer in answers.items()}
        for payment in cls.lost.values():
            assert payment["status"] == "unresolved", payment

    def read(self, name):
        return self.client.request("GET", f"/v1/payments/{self.lost[name]['id']}")

    def resolve(self, name, idempotency=None, **body):
        return self.client.request("POST", f"/v1/payments/{self.lost[name]['id']}/resolve",
                                   {"evidence": "seen in the PSP's console", **body}, idempotency=idempotency)

    def unresolved(self):
        listed = self.client.request("GET", "/v1/payments?status=unresolved&limit=100")["data"]
        return {p["id"] for p in listed}

    def test_a_webhook_ends_it(self):
        payment = self.lost["webhook"]
        before = self.router.tell("taken")
        self.router.tell(f"webhook stripe {payment['id']}_1 charge captured")
        self.router.tell(f"webhook checkout {payment['id']}_1 charge captured")
        for _ in range(1500):
            if self.router.tell("taken") == before + 2:
                break
            time.sleep(0.02)
        self.assertEqual(self.router.tell("taken"), before + 2)
        paid = self.expect(self.read("webhook"), 200)
        self.assertEqual((paid["status"], paid["attempts"][0]["psp_id"]), ("captured", "psp-of-the-webhook"))
        self.assertFalse(paid["attempts"][0]["by_person"])
        self.assertNotIn(paid["id"], self.unresolved())

    def test_a_person_says_that_it_succeeded(self):
        self.assertIn(self.lost["succeeded"]["id"], self.unresolved())
        self.expect(self.resolve("succeeded", attempt=1, outcome="succeeded"), 422, "missing_field", "psp_id")
        taken = self.expect(
            self.resolve("succeeded", "once", attempt=1, outcome="succeeded", psp_id="pay_abc"), 201)
        self.assertEqual((taken["status"], taken["attempts"][0]["psp_id"]), ("authorized", "pay_abc"))
        self.assertTrue(taken["attempts"][0]["by_person"])
        again = self.expect(
            self.resolve("succeeded", "once", attempt=1, outcome="succeeded", psp_id="pay_abc"), 201)
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        self.expect(self.resolve("succeeded", "once", attempt=1, outcome="failed"), 422, "idempotency_key_reused")
        self.expect(self.resolve("succeeded", attempt=1, outcome="failed"), 409, "invalid_state")
        self.assertNotIn(taken["id"], self.unresolved())

    def test_a_person_says_that_it_failed(self):
        self.expect(self.client.request("POST", f"/v1/payments/{self.lost['failed']['id']}/resolve",
                                        {"attempt": 1, "outcome": "failed", "evidence": "no trace of it"},
                                        key=self.router.other_key), 404, "not_found")
        taken = self.expect(self.resolve("failed", attempt=1, outcome="failed"), 201)
        self.assertEqual((taken["status"], taken["decline"]["reason"]), ("failed", "found_failed"))
        self.assertEqual(len(taken["attempts"]), 1, "its deadline is over")

    def test_too_early_it_is_told_from_when_on(self):
        early = self.expect(self.resolve("early", attempt=1, outcome="failed"), 409, "not_settled")
        when = datetime.datetime.fromisoformat(re.search(r"from (\S+Z) on", early["detail"])[1])
        left = when.timestamp() - time.time()
        self.assertTrue(3500 < left < 3700, left)  # after the last moment at which it may have left
        self.assertTrue(abs(int(early.headers["Retry-After"]) - left) < 60, early.headers["Retry-After"])

    def test_within_the_deadline_another_connector_is_tried(self):
        taken = self.expect(self.resolve("elsewhere", attempt=1, outcome="failed"), 202)
        self.assertEqual([a["connector"] for a in taken["attempts"]], ["checkout", "stripe"])

    def test_what_is_wrong_with_a_resolution(self):
        long, number = "x" * 501, "seen 4242 4242 4242 4242 there"
        movement = "mov_01J9ZC8XK4T5V6W7X8Y9Z0ABCD"
        for body, status, code, param in (
                ({"outcome": "failed"}, 422, "missing_field", "attempt"),
                ({"attempt": 1, "movement": movement, "outcome": "failed"}, 422, "invalid_field", "movement"),
                ({"attempt": 1}, 422, "missing_field", "outcome"),
                ({"attempt": 1, "outcome": "perhaps"}, 422, "invalid_field", "outcome"),
                ({"attempt": "1", "outcome": "failed"}, 422, "invalid_field", "attempt"),
                ({"attempt": 17, "outcome": "failed"}, 422, "invalid_field", "attempt"),
                ({"attempt": 1, "outcome": "failed", "evidence": ""}, 422, "invalid_field", "evidence"),
                ({"attempt": 1, "outcome": "failed", "evidence": long}, 422, "invalid_field", "evidence"),
                ({"attempt": 1, "outcome": "failed", "evidence": number}, 422, "card_number_not_allowed", "evidence"),
                ({"attempt": 1, "outcome": "failed", "psp_id": "p"}, 422, "invalid_field", "psp_id"),
                ({"attempt": 1, "outcome": "failed", "amount": 1}, 422, "unknown_field", "amount"),
                ({"attempt": 2, "outcome": "failed"}, 404, "not_found", None),
                ({"movement": movement, "outcome": "failed"}, 404, "not_found", None)):
            with self.subTest(body=body):
                answer = self.expect(self.resolve("odd", **body), status, code, param)
                self.assertNotIn("4242 4242", answer.raw.decode())
        self.expect(self.client.request("POST", f"/v1/payments/{self.lost['odd']['id']}/resolve",
                                        {"attempt": 1, "outcome": "failed", "evidence": "x"}, idempotency=""),
                    400, "idempotency_key_required")
        self.assertEqual(self.read("odd")["status"], "unresolved")
        self.assertNotIn("4242 4242", self.router.logged())

    def test_a_refund_is_resolved(self):
        paid = self.client.pay(1000, routing={"connectors": ["checkout"]})
        path = f"/v1/payments/{paid['id']}"
        started = self.expect(self.client.request("POST", path + "/refunds", {"amount": 307}), 202)
        self.assertEqual(started["movements"][0]["status"], "unresolved")
        self.assertIn(paid["id"], self.unresolved())
        taken = self.expect(self.client.request("POST", path + "/resolve", {
            "movement": started["movement"], "outcome": "succeeded", "evidence": "ticket 7", "psp_id": "act_1"}), 201)
        self.assertEqual((taken["movement"], taken["amount_refunded"]), (started["movement"], 307))
        self.assertTrue(taken["movements"][0]["by_person"])
        self.assertNotIn(paid["id"], self.unresolved())


class Idempotency(Case):
    def test_a_repeat_is_the_same_payment(self):
        key = str(uuid.uuid4())
        first = self.expect(self.client.pay(1000, idempotency=key), 201)
        before = self.router.dispatches()
        again = self.expect(self.client.pay(1000, idempotency=key), 201)
        self.assertEqual(again.json, first.json)
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        self.assertNotIn("Idempotent-Replayed", first.headers)
        self.expect(self.client.pay(1100, idempotency=key), 422, "idempotency_key_reused")
        self.assertEqual(self.router.dispatches(), before)

    def test_a_repeat_while_the_first_runs(self):
        key, answers = str(uuid.uuid4()), []
        before = self.router.dispatches()
        self.router.tell("hold")
        threads = [threading.Thread(target=lambda: answers.append(self.client.pay(1000, idempotency=key)))
                   for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        self.router.tell("release")
        for thread in threads:
            thread.join()
        self.assertEqual({a.status for a in answers}, {201})
        self.assertEqual(len({a["id"] for a in answers}), 1)
        self.assertEqual(self.router.dispatches(), before + 1)

    def test_a_repeated_refund_is_one_refund(self):
        path = "/v1/payments/" + self.client.pay(1000)["id"] + "/refunds"
        first = self.expect(self.client.request("POST", path, {"amount": 100}, idempotency="refund 1"), 201)
        again = self.expect(self.client.request("POST", path, {"amount": 100}, idempotency="refund 1"), 201)
        self.assertEqual(again["movement"], first["movement"])
        self.assertEqual(again["amount_refunded"], 100)

    def test_a_key_is_needed(self):
        body = {"amount": 1, "currency": "EUR", "token": self.router.tokens["good"]}
        for key, code in (("", "idempotency_key_required"), ("k" * 256, "invalid_idempotency_key")):
            self.expect(self.client.request("POST", "/v1/payments", body, idempotency=key), 400, code)
        for key in ("4242424242424242", "order4242424242424242"):
            self.expect(self.client.request("POST", "/v1/payments", body, idempotency=key), 400, "card_number_not_allowed")
        self.expect(self.client.request("POST", "/v1/payments", body, idempotency="k" * 255), 201)


class Access(Case):
    def test_only_secret_keys_are_let_in(self):
        for key in ("", "sk_test_unknown00000000000000", self.router.key[:-1], self.router.key + "x",
                    "pk_test_standstandstandstandstand1", self.router.live_key):
            for method, path in (("GET", "/v1/payments"), ("POST", "/v1/payments"), ("GET", "/v1/connectors")):
                answer = self.expect(self.client.request(method, path, key=key), 401, "unauthorized")
                self.assertEqual(answer.headers["WWW-Authenticate"], "Bearer")
        self.expect(self.client.request("GET", "/v1/payments", key="", headers=basic(self.router.key)), 200)

    def test_another_merchants_things_do_not_exist(self):
        paid = f"/v1/payments/{self.client.pay(1000)['id']}"
        waiting = self.client.pay(1005, return_url="https://shop.example/back")  # the engine has it in memory
        open_one = f"/v1/payments/{waiting['id']}"
        other = self.router.other_key
        for method, path in (("GET", paid), ("POST", paid + "/refunds"), ("GET", open_one), ("POST", open_one + "/void"),
                             ("GET", f"/v1/tokens/{self.router.tokens['good']}"),
                             ("DELETE", f"/v1/tokens/{self.router.tokens['good']}")):
            self.expect(self.client.request(method, path, key=other), 404, "not_found")
        self.assertEqual(self.client.request("GET", "/v1/payments", key=other)["data"], [])
        body = {"amount": 1, "currency": "EUR", "token": self.router.tokens["good"],
                "routing": {"connectors": ["stripe"]}}
        self.expect(self.client.request("POST", "/v1/payments", body, key=other), 422, "token_not_found", "token")

    def test_paths_and_methods(self):
        self.assertEqual(self.client.request("GET", "/v1/nothing").status, 404)
        answer = self.client.request("DELETE", "/v1/payments")
        self.assertEqual((answer.status, answer.headers["Allow"]), (405, "POST, GET, HEAD"))
        self.expect(self.client.request("GET", "/v1/payments/pay_1"), 404, "not_found")
        self.expect(self.client.request("GET", "/v1/payments", headers={"Freeport-Version": "2020-01-01"}), 400,
                    "unknown_version")
        self.expect(self.client.request("POST", "/v1/payments", "{}", content_type="text/plain"), 415,
                    "unsupported_media_type")


class BadInput(Case):
    def body(self, **more):
        return {"amount": 1000, "currency": "EUR", "token": self.router.tokens["good"], **more}

    def test_it_is_refused_by_code_changes_nothing_and_is_not_echoed(self):
        good = json.dumps(self.body())
        table = [
            ("", 400, "invalid_json", None),
            (CANARY, 400, "invalid_json", None),
            ('{"amount":' + CANARY, 400, "invalid_json", None),
            ("[" * 5000 + CANARY, 400, "invalid_json", None),
            (good[:-1] + f',"amount":{CANARY}}}', 400, "invalid_json", None),
            (b'{"token":"\xff' + CANARY.encode() + b'"}', 400, "invalid_json", None),
            (self.body(metadata={"k": "x" * 70000}), 413, "body_too_large", None),
            (self.body(amount=0), 422, "invalid_field", "amount"),
            (self.body(amount=-42), 422, "invalid_field", "amount"),
            (self.body(amount=42.5), 422, "invalid_field", "amount"),
            (self.body(amount=2**63), 422, "invalid_field", "amount"),
            (self.body(amount=CANARY), 422, "invalid_field", "amount"),
            (self.body(currency=CANARY), 422, "invalid_field", "currency"),
            (self.body(currency="XXX"), 422, "invalid_field", "currency"),
            (self.body(token=CANARY), 422, "invalid_field", "token"),
            (self.body(card={"number": CANARY}), 422, "unknown_field", "card"),
            (self.body(**{CANARY: 1}), 422, "unknown_field", None),
            (self.body(reference="line\n"), 422, "invalid_field", "reference"),
            (self.body(reference=CANARY), 422, "card_number_not_allowed", "reference"),
            (self.body(metadata={"note": "paid with " + CANARY}), 422, "card_number_not_allowed", "metadata"),
            (self.body(reference="order" + CANARY), 422, "card_number_not_allowed", "reference"),
            (self.body(metadata={CANARY: "1"}), 422, "card_number_not_allowed", "metadata"),
            (self.body(metadata={CANARY + " ": "1"}), 422, "invalid_field", "metadata"),
            (self.body(billing_address={"country": CANARY}), 422, "invalid_field", "billing_address.country"),
            (self.body(token="tok_01J9ZC8XK4T5V6W7X8Y9Z0ABCZ"), 422, "token_not_found", "token"),
            (self.body(token=self.router.tokens["deleted"]), 422, "token_deleted", "token"),
            (self.body(token=self.router.tokens["expired"]), 422, "token_expired", "token"),
            (self.body(agreement="agr_01J9ZC8XK4T5V6W7X8Y9Z0ABCD"), 422, "agreement_not_found", "agreement"),
            (self.body(customer="cus_01J9ZC8XK4T5V6W7X8Y9Z0ABCD"), 422, "customer_not_found", "customer"),
            (self.body(routing={"connectors": ["nobody"]}), 422, "connector_not_found", "routing.connectors"),
        ]
        before = self.router.dispatches(), len(self.client.request("GET", "/v1/payments?limit=100")["data"])
        first = len(self.client.answers)
        for body, status, code, param in table:
            with self.subTest(code=code, param=param):
                self.expect(self.client.request("POST", "/v1/payments", body), status, code, param)
        for query in (f"reference=%0a{CANARY}", f"{CANARY}=1", f"status={CANARY}", f"customer={CANARY}"):
            self.assertIn(self.client.request("GET", "/v1/payments?" + query).status, (400, 422))
        self.assertEqual(self.client.request("GET", f"/v1/payments/{CANARY}").status, 404)
        self.assertEqual(self.client.request("GET", f"/v1/tokens/{CANARY}").status, 404)
        self.assertEqual(self.client.request("GET", "/v1/connectors", key=CANARY).status, 401)
        for answer in self.client.answers[first:]:
            self.assertNotIn(CANARY, answer.raw.decode() + str(answer.headers))
        after = self.router.dispatches(), len(self.client.request("GET", "/v1/payments?limit=100")["data"])
        self.assertEqual(before, after)
        self.assertNotIn(CANARY, self.router.logged())
        self.expect(self.client.pay(1000), 201)

    def test_policies(self):
        for text, code in (("otherwise route", "invalid_policy"), ("otherwise " + CANARY[:12], "invalid_policy"),
                           ("otherwise route nobody", "connector_not_found"),
                           ("rule r when risk < 0 decline otherwise decline", "invalid_policy")):
            answer = self.expect(self.client.request("POST", "/v1/policies", {"text": text}), 422, code, "text")
            self.assertRegex(answer["detail"], r"^Line 1, column \d+: ")
            self.assertNotIn(CANARY[:12], answer.raw.decode())
        misspelt = self.client.request("POST", "/v1/policies", {"text": "otherwise ruote a"})
        self.assertEqual(misspelt["detail"],
                         "Line 1, column 11: expected route, split, cheapest, best or decline. Is it route?")


def wilson(approved, ended):
    """Rate and bounds as the API rounds them."""
    z, share = 1.959964, approved / ended
    centre = (share + z * z / (2 * ended)) / (1 + z * z / ended)
    half = z * math.sqrt(share * (1 - share) / ended + z * z / (4 * ended * ended)) / (1 + z * z / ended)
    rate, low, high = (math.floor(1000 * x + 0.5) / 1000 for x in (share, max(0, centre - half), min(1, centre + half)))
    return {"rate": rate, "low": low, "high": high, "sample": ended}


CURRENCIES = """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP
CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR
IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU
MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG
SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV
WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG""".split()


class Versions(Case):
    """Policies: drafted, checked, read, published by hash, rolled back, replayed; who did what, when and why."""

    def policies(self, method, path="", body=None, **more):
        return self.client.request(method, "/v1/policies" + path, body, **more)

    def draft(self, text, **more):
        return self.expect(self.policies("POST", body={"text": text, **more}), 201)

    def test_a_draft_is_read_as_text_and_tree(self):
        text = "# ours\nset eea = [AT DE]\nrule r when card.country in eea route adyen\notherwise route stripe, adyen\n"
        draft = self.draft(text, reason="only Austria and Germany")
        self.assertEqual([(f["severity"], f["code"], f["rule"], f["line"], f["column"]) for f in draft["findings"]],
                         [("warning", "single_connector", 0, 3, 39)])
        read = self.expect(self.policies("GET", "/" + draft["id"]), 200)
        self.assertEqual((read["text"], read["reason"], read["status"]), (text, "only Austria and Germany", "draft"))
        self.assertEqual(read["tree"]["otherwise"], {"type": "route", "connectors": ["stripe", "adyen"]})
        self.assertRegex(read["author"], "^key_")
        tree = self.expect(self.policies("POST", body={"tree": read["tree"]}), 201)
        self.assertEqual(tree["hash"], read["hash"])
        self.assertEqual(tree["text"], text.removeprefix("# ours\n"))
        self.assertEqual(tree["findings"][0]["line"], 2, "of the text that it became")
        self.expect(self.policies("GET", "/pol_01J9ZC8XK4T5V6W7X8Y9Z0ABCZ"), 404, "not_found")
        self.expect(self.policies("GET", "/rollback"), 404, "not_found")
        self.expect(self.policies("GET", "/" + draft["id"], key=self.router.other_key), 404, "not_found")

    def test_a_schedule_is_drafted_as_text_and_tree(self):
        text = 'schedule payday = 4 tries within 21 days on [1 15 28] at 6..9 in "Europe/Berlin"\n' \
               "rule renewals when kind == recurring route adyen, stripe with later payday\notherwise route adyen, stripe\n"
        draft = self.draft(text)
        self.assertEqual(draft["findings"], [])
        read = self.expect(self.policies("GET", "/" + draft["id"]), 200)
        self.assertEqual(read["tree"]["schedules"],
                         [{"name": "payday", "tries": 4, "within_days": 21, "days": [1, 15, 28],
                           "hours": {"from": 6, "to": 9}, "zone": "Europe/Berlin"}])
        self.assertEqual(read["tree"]["rules"][0]["action"]["with"], {"later": "payday"})
        tree = self.expect(self.policies("POST", body={"tree": read["tree"]}), 201)
        self.assertEqual((tree["text"], tree["hash"]), (text, draft["hash"]))
        wrong = text.replace("later payday", "later paydya")
        answer = self.expect(self.policies("POST", body={"text": wrong}), 422, "invalid_policy", "text")
        self.assertRegex(answer["detail"], r"^Line 2, column 69: expected the name of a schedule .*Is it payday\?$")
        answer = self.expect(self.policies("POST", body={"text": text.replace("Berlin", "Berln")}), 422, "invalid_policy",
                             "text")
        self.assertEqual([(f["code"], f["line"], f["rule"]) for f in answer["findings"]], [("zone_unknown", 1, 2)])

    def test_what_is_wrong_is_listed(self):
        text = "rule a when risk < 0 route nobody\nrule b when risk > 3 route adyen\nrule b when risk > 5 route adyen\n"
        answer = self.expect(self.policies("POST", body={"text": text}), 422, "invalid_policy", "text")
        self.assertEqual([(f["code"], f["line"], f["column"]) for f in answer["findings"]], [("syntax", 3, 6)])
        text = "rule a when risk < 0 route nobody, stripe\nrule b when risk > 5 route adyen, stripe\n" \
               "rule c when risk > 7 decline\notherwise route adyen, stripe"
        answer = self.expect(self.policies("POST", body={"text": text}), 422, "connector_not_found", "text")
        self.assertEqual([(f["severity"], f["code"], f["rule"], f["line"]) for f in answer["findings"]],
                         [("error", "never_matches", 0, 1), ("error", "connector_unknown", 0, 1),
                          ("error", "shadowed", 2, 3)])
        for tree, said in (({"sets": [], "rules": []}, "otherwise"),
                           ({"sets": [], "rules": [{"name": "r", "when": {"fact": "risk", "compare": "~", "value": 1},
                                        "action": {"type": "decline"}}], "otherwise": {"type": "decline"}}, "rules[0]")):
            answer = self.expect(self.policies("POST", body={"tree": tree}), 422, "invalid_policy", "tree")
            self.assertIn(said, answer["detail"])
            self.assertNotIn("Line", answer["detail"])
        self.expect(self.policies("POST", body={}), 422, "missing_field", "text")
        self.expect(self.policies("POST", body={"tree": []}), 422, "invalid_field", "tree")
        self.expect(self.policies("POST", body={"text": "otherwise decline", "tree": {}}), 422, "invalid_field", "tree")
        both = {"text": "otherwise decline", "tree": {"sets": [], "rules": [], "otherwise": {"type": "decline"}}}
        self.expect(self.policies("POST", body=both), 422, "invalid_field", "tree")
        self.expect(self.policies("POST", body={"text": "otherwise decline", "reason": "x" * 201}), 422, "invalid_field",
                    "reason")
        for body in (b"[", b"{}{}"):
            self.expect(self.policies("POST", body=body), 400, "invalid_json")

    def test_card_numbers_and_leading_digits(self):
        self.draft("rule r when card.bin in [42424242 42424242 411111 411111] decline otherwise route adyen")
        for text in ("rule r when metadata.a == \"4242 4242 4242 4242\" decline otherwise decline",
                     "# 42424242 42424242\notherwise decline",
                     "rule r when metadata.a in [4242 4242 4242 4242] decline otherwise decline"):
            self.expect(self.policies("POST", body={"text": text}), 422, "card_number_not_allowed", "text")
        tree = {"sets": [], "rules": [{"name": "r", "when": {"fact": "metadata.a", "compare": "==", "value": {"text": CANARY}},
                           "action": {"type": "decline"}}], "otherwise": {"type": "decline"}}
        self.expect(self.policies("POST", body={"tree": tree}), 422, "card_number_not_allowed", "tree")

    def answered_meanwhile(self, ask):
        """Whoever asks, others are answered in the same while; the client gives up after half a minute."""
        answers = []
        asking = threading.Thread(target=lambda: answers.append(ask()))
        asking.start()
        for _ in range(5):
            self.assertEqual(Client(self.router).raw("GET", "/healthz").status, 200)
        asking.join()
        self.assertEqual(len(answers), 1, "it was answered too")
        return answers[0]

    def test_dear_policies_keep_nobody_waiting(self):
        money = "set s = [" + " ".join("1 " + currency for currency in CURRENCIES) + "]\n"
        bins = "set s = [" + " ".join(str(400000 + 2 * i) for i in range(4096)) + "]\n"
        card = {"amount": 1000, "currency": "EUR", "card": {"bin": "41111111"}}
        one = money + "rule r when " + " or ".join(["amount in s"] * 1250) + " decline otherwise route stripe, adyen"
        self.assertLess(len(one), 20480)
        asked = self.answered_meanwhile(lambda: self.client.request("POST", "/v1/route", dict(card, policy=one)))
        self.assertEqual(self.expect(asked, 200)["rule"], "otherwise")
        rules = bins + "".join(f"rule r{i} when card.bin in s and risk > {i % 99} route adyen, stripe\n" for i in range(3500))
        self.assertLess(len(rules), 262144)
        posted = self.answered_meanwhile(lambda: self.policies("POST", body={"text": rules + "otherwise route stripe, adyen"}))
        self.assertIn(posted.status, (201, 422))
        less = bins + "".join(f"rule r{i} when card.bin in s and card.bin != {400000 + i} route adyen, stripe\n"
                              for i in range(3000)) + "otherwise route stripe, adyen"
        refused = self.answered_meanwhile(lambda: self.policies("POST", body={"text": less}))
        self.expect(refused, 422, "invalid_policy", "text")
        self.assertIn("too intricate", refused["detail"])

    def parsed(self):
        text = self.client.request("GET", "/metrics", key="").raw.decode()
        return int(re.search(r"^freeport_policies_parsed_total (\d+)$", text, re.M).group(1))

    def test_a_policy_is_compiled_once(self):
        before = self.parsed()
        text = f"rule r{uuid.uuid4().hex[:20]} when amount > 5.00 EUR route adyen, stripe\notherwise route stripe, adyen\n"
        draft = self.draft(text)
        self.expect(self.policies("GET", "/" + draft["id"]), 200)
        self.expect(self.policies("POST", f"/{draft['id']}/publish", {"hash": draft["hash"]}), 200)
        paid = self.client.pay(50000)
        for _ in range(3):
            self.expect(self.client.request("GET", "/v1/payments/" + paid["id"]), 200)
        self.expect(self.policies("POST", f"/{draft['id']}/replay", {"days": 1}), 200)
        asked = {"amount": 1000, "currency": "EUR", "card": {"bin": "41111111"}, "policy": draft["id"]}
        self.expect(self.client.request("POST", "/v1/route", asked), 200)
        self.expect(self.client.request("POST", "/v1/route", dict(asked, policy=text)), 200)
        self.assertEqual(self.parsed(), before + 1)
        self.expect(self.client.request("POST", "/v1/route", dict(asked, policy=text + "# another")), 200)
        self.assertEqual(self.parsed(), before + 2)
        self.expect(self.policies("POST", "/rollback"), 200)

    def test_a_long_policy(self):
        rules = [f"rule r{i} when metadata.shop == \"shop number {i}\" and amount > {i + 1}.00 EUR route adyen, stripe\n"
                 for i in range(2400)]
        text = "".join(rules) + "otherwise route stripe, adyen\n"
        self.assertGreater(len(text), 200000)
        draft = self.draft(text)
        read = self.expect(self.policies("GET", "/" + draft["id"]), 200)
        self.assertEqual((read["text"], len(read["tree"]["rules"])), (text, 2400))
        self.expect(self.policies("POST", f"/{draft['id']}/publish", {"hash": draft["hash"]}), 200)
        paid = self.client.pay(500000, metadata={"shop": "shop number 2399"})
        self.assertEqual((paid["decision"]["rule"], paid["connector"]), ("r2399", "adyen"))
        events = self.client.request("GET", "/v1/events?type=policy.published&limit=1")["data"]
        self.assertEqual((events[0]["data"]["id"], events[0]["data"]["text"]), (draft["id"], None))
        self.expect(self.policies("POST", "/rollback"), 200)
        self.expect(self.policies("POST", body={"text": "#" * 262127 + "\notherwise decline"}), 422, "invalid_field", "text")
        self.draft("#" * 262126 + "\notherwise decline")
        listed = self.policies("GET", "?limit=100")
        self.assertGreaterEqual(len(listed["data"]), 2)
        self.expect(self.policies("POST", body={"text": "#" * 1048576}), 413, "body_too_large")
        self.expect(self.client.request("POST", "/v1/payments", {"reference": "#" * 65536}), 413, "body_too_large")
        for path in ("/rollback", f"/{draft['id']}/publish", f"/{draft['id']}/replay"):
            self.expect(self.policies("POST", path, {"reason": "#" * 65536}), 413, "body_too_large")

    def test_published_by_hash_and_rolled_back_with_a_history(self):
        before = self.policies("GET", "/history")["data"]
        a, b = self.draft("otherwise route stripe, adyen"), self.draft("otherwise route checkout, adyen")
        wrong = self.expect(self.policies("POST", f"/{a['id']}/publish", {"hash": b["hash"]}), 409, "hash_mismatch", "hash")
        self.assertNotIn(b["hash"], wrong.raw.decode())
        self.assertEqual(self.policies("GET", "/history")["data"], before)
        self.expect(self.policies("POST", f"/{a['id']}/publish", {"hash": a["hash"], "reason": "Stripe is cheaper"}), 200)
        self.assertEqual(self.client.pay(1000)["connector"], "stripe")
        self.expect(self.policies("POST", f"/{b['id']}/publish", {"reason": "try Checkout"}), 200)
        back = self.expect(self.policies("POST", "/rollback", {"reason": "declines went up"}), 200)
        self.assertEqual((back["id"], back["status"]), (a["id"], "published"))
        self.assertEqual(self.client.pay(1000)["connector"], "stripe")
        history = self.expect(self.policies("GET", "/history?limit=3"), 200)
        self.assertEqual(
            [(h["action"], h["policy"], h["hash"], h["reason"]) for h in history["data"]],
            [("rolled_back", a["id"], a["hash"], "declines went up"), ("published", b["id"], b["hash"], "try Checkout"),
             ("published", a["id"], a["hash"], "Stripe is cheaper")])
        self.assertTrue(all(h["author"] == a["author"] for h in history["data"]))
        rest = self.policies("GET", f"/history?starting_after={history['next']}")
        self.assertEqual((rest["data"], rest["has_more"], rest["next"]), (before, False, None))
        self.assertEqual([h["number"] for h in rest["data"]][-1], 1)
        for path in ("", f"/{a['id']}/publish", "/rollback"):
            self.expect(self.policies("POST", path, {}, idempotency=""), 400, "idempotency_key_required")

    def test_what_is_in_force_stays_and_is_replaced_only_by_who_knows_it(self):
        a, b, same = (self.draft(f"otherwise route {one}, stripe") for one in ("adyen", "checkout", "checkout"))
        for draft in (a, b):
            self.expect(self.policies("POST", f"/{draft['id']}/publish"), 200)
        before = self.policies("GET", "/history")["data"]
        self.expect(self.policies("POST", f"/{b['id']}/publish", {"reason": "again"}), 200)
        for path in (f"/{a['id']}/publish", "/rollback"):
            stale = self.expect(self.policies("POST", path, {"replaces": a["hash"]}), 409, "policy_changed", "replaces")
            self.assertNotIn(a["hash"], stale.raw.decode())
        self.assertEqual(self.policies("GET", "/history")["data"], before)
        self.expect(self.policies("POST", f"/{same['id']}/publish", {"replaces": b["hash"]}), 200)
        back = self.expect(self.policies("POST", "/rollback", {"replaces": same["hash"]}, idempotency="at night"), 200)
        again = self.expect(self.policies("POST", "/rollback", {"replaces": same["hash"]}, idempotency="at night"), 200)
        self.assertEqual((back["id"], again["id"], again.headers["Idempotent-Replayed"]), (a["id"], a["id"], "true"))
        self.assertEqual(self.policies("GET", "/history", key=self.router.other_key)["data"], [])
        self.expect(self.policies("GET", "/history?starting_after=0"), 422, "invalid_field", "starting_after")
        self.expect(self.policies("GET", "/history?starting_after=pol"), 422, "invalid_field", "starting_after")
        self.expect(self.policies("POST", f"/{a['id']}/publish", {"hash": "x"}), 409, "hash_mismatch", "hash")
        self.expect(self.policies("POST", "/rollback", {"hash": a["hash"]}), 422, "unknown_field", "hash")
        self.expect(self.policies("POST", "/rollback"), 200)

    def await_vault_up_and_not_ready(self):
        """What the vault said of connectors before the line was lost is no longer to be relied on."""
        for _ in range(1500):
            answer = self.client.request("GET", "/readyz", key="")
            if answer["vault"] == "up":
                self.assertEqual((answer.status, answer["status"]), (503, "not_ready"))
                return
            time.sleep(0.02)
        self.fail("the line does not come up")

    def test_a_policy_whose_connector_is_gone_is_not_published(self):
        self.router.tell("add")
        late = {"text": "otherwise route late, adyen"}
        draft = self.expect(self.policies("POST", body=late), 201)
        self.router.tell("remove")
        self.router.tell("drop")
        self.await_ready(503)
        self.router.tell("hold")
        self.router.tell("line")
        self.await_vault_up_and_not_ready()
        self.router.tell("release")
        self.await_ready()
        self.expect(self.policies("POST", body=late), 422, "connector_not_found", "text")
        gone = self.expect(self.policies("POST", f"/{draft['id']}/publish"), 422, "connector_not_found", "id")
        self.assertEqual(gone["findings"][0]["code"], "connector_unknown")

    def test_what_these_requests_refuse(self):
        draft = self.draft("otherwise route adyen, stripe")
        paths = ("", "/rollback", f"/{draft['id']}/publish", f"/{draft['id']}/replay")
        for path in paths:
            self.expect(self.policies("POST", path, {"days": 0, "hash": 1}), 422)
            self.expect(self.policies("POST", path, "{", content_type="text/plain"), 415)
            self.expect(self.policies("POST", path, "{"), 400)
            self.expect(self.policies("POST", path, {}, key=""), 401)
        for path in ("", "/history", "/" + draft["id"]):
            self.expect(self.policies("GET", path, key=""), 401)
            self.expect(self.policies("GET", path, headers={"Freeport-Version": "2001-01-01"}), 400, "unknown_version")
        self.expect(self.policies("GET", "?limit=0"), 422)
        for days in (0, 91, "7", 1.5):
            self.expect(self.policies("POST", f"/{draft['id']}/replay", {"days": days}), 422, "invalid_field", "days")
        for path in ("publish", "replay"):
            self.expect(self.policies("POST", f"/pol_01J9ZC8XK4T5V6W7X8Y9Z0ABCZ/{path}"), 404, "not_found")
            self.expect(self.policies("POST", f"/{draft['id']}/{path}", key=self.router.other_key), 404, "not_found")


class Replays(Case):
    """A draft on the payments of the past days."""

    def replay(self, text, **body):
        draft = self.expect(self.client.request("POST", "/v1/policies", {"text": text}), 201)
        return self.expect(self.client.request("POST", f"/v1/policies/{draft['id']}/replay", body or None), 200).json

    def test_replay(self):
        nothing = self.replay("otherwise route stripe, adyen")
        self.assertEqual((nothing["looked_at"], nothing["moves"], nothing["oldest"]), (0, [], None))
        self.assertEqual(nothing["approval"], {"before": None, "after": None})
        paid = [self.client.pay(amount, metadata={"shop": shop}, retry="none")["id"]
                for amount, shop, count in ((1000, "a", 12), (1008, "a", 4), (1000, "b", 5)) for _ in range(count)]
        for amount, count in ((1000, 9), (1008, 1)):
            for _ in range(count):
                self.client.pay(amount, routing={"connectors": ["stripe"]}, retry="none")
        same = self.replay("rule r when metadata.shop == \"b\" route adyen, checkout otherwise route adyen, checkout, stripe")
        self.assertEqual((same["looked_at"], same["by_request"], same["compared"]), (31, 10, 21))
        self.assertEqual((same["first_differs"], same["list_differs"], same["moves"]), (0, 5, []))
        self.assertEqual(same["approval"], {"before": wilson(17, 21), "after": wilson(17, 21)})
        self.assertFalse(same["cut_off"])

        moved = self.replay("rule r when metadata.shop == \"a\" route stripe, adyen otherwise route adyen, checkout, stripe",
                            days=1)
        self.assertEqual((moved["first_differs"], moved["list_differs"], moved["without_history"]), (16, 16, 0))
        self.assertEqual([(m["from"], m["to"], m["payments"]) for m in moved["moves"]], [("adyen", "stripe", 16)])
        move = moved["moves"][0]
        self.assertEqual(move["approval"], {"before": wilson(12, 16), "after": wilson(9, 10)})
        self.assertEqual(move["examples"], sorted(paid[:16], reverse=True)[:10])
        self.assertEqual(moved["approval"]["before"], wilson(17, 21))
        self.assertAlmostEqual(moved["approval"]["after"]["rate"], (5 * 1.0 + 16 * 0.9) / 21, delta=0.001)

        unknown = self.replay("otherwise route checkout, adyen")
        self.assertEqual((unknown["first_differs"], unknown["without_history"]), (21, 21))
        self.assertEqual(unknown["moves"][0]["approval"], {"before": wilson(17, 21), "after": None})
        self.assertTrue(any("nothing is known" in note for note in unknown["notes"]))

        declined = self.replay("rule r when metadata.shop == \"b\" and card.attempts(1h) > 100 decline "
                               "rule s when metadata.shop == \"a\" and hour(\"Europe/Berlin\") in 0..23 decline "
                               "otherwise best of adyen, checkout, stripe")
        self.assertEqual([(m["from"], m["to"], m["payments"]) for m in declined["moves"]][0], ("adyen", "decline", 16))
        # The other five are chosen for by what was learned until then, and by the draws of then.
        self.assertLessEqual(sum(m["payments"] for m in declined["moves"]), 21)
        self.assertGreaterEqual(declined["list_differs"], 16)
        # No fees are known here.
        self.assertEqual((declined["cost"], declined["without_fees"]), ([], 21 - declined["first_differs"]
                         + sum(m["payments"] for m in declined["moves"] if m["to"] != "decline")))
        notes = " ".join(declined["notes"])
        self.assertIn("card.attempts", notes)
        self.assertIn("best of", notes)
        self.assertNotIn("time zone", notes)
        other = self.client.request("POST", "/v1/policies", {"text": "otherwise route stripe"}, key=self.router.other_key)
        theirs = self.client.request("POST", f"/v1/policies/{other['id']}/replay", key=self.router.other_key)
        self.assertEqual(theirs["looked_at"], 0)

    def test_a_client_that_left_ends_it(self):
        draft = self.client.request("POST", "/v1/policies", {"text": "otherwise route stripe"})
        for _ in range(4):
            sock = socket.create_connection(("127.0.0.1", self.router.port))
            sock.sendall((f"POST /v1/policies/{draft['id']}/replay HTTP/1.1\r\nHost: x\r\n"
                          f"Authorization: Bearer {self.router.key}\r\nContent-Length: 0\r\n\r\n").encode())
            sock.close()
        for _ in range(1500):
            answer = self.client.request("POST", f"/v1/policies/{draft['id']}/replay")
            if answer.status == 200:
                return
            self.expect(answer, 503, "busy")
            time.sleep(0.02)
        self.fail("replays of clients that left go on")


class Resources(Case):
    def test_tokens(self):
        path = "/v1/tokens/" + self.router.tokens["good"]
        token = self.expect(self.client.request("GET", path), 200)
        self.assertEqual((token["status"], token["card"]["last4"], token["card"]["networks"]),
                         ("active", "4242", ["visa"]))
        self.assertEqual((token["card"]["country"], token["card"]["issuer"]), ("US", "Harbour Bank of Example"))
        updated = self.expect(self.client.request("PATCH", path, {"exp_month": 1, "exp_year": 2033}), 200)
        self.assertEqual((updated["card"]["exp_month"], updated["card"]["exp_year"]), (1, 2033))
        self.expect(self.client.request("PATCH", path, {"exp_month": 1, "exp_year": 2020}), 422, "invalid_field",
                    "exp_year")
        self.expect(self.client.request("PATCH", path, {"number": CANARY}), 422, "unknown_field", "number")
        deleted = self.expect(self.client.request("DELETE", path), 200)
        self.assertEqual(deleted["status"], "deleted")
        self.assertIsNotNone(deleted["destroyed_at"])
        self.expect(self.client.request("DELETE", "/v1/tokens/" + self.router.tokens["limited"]), 429,
                    "deletion_limited")
        self.expect(self.client.request("GET", "/v1/tokens/tok_01J9ZC8XK4T5V6W7X8Y9Z0ABCZ"), 404, "not_found")

    def test_connectors(self):
        listed = self.expect(self.client.request("GET", "/v1/connectors"), 200)
        self.assertEqual([c["name"] for c in listed["data"]], ["adyen", "checkout", "stripe"])
        self.assertTrue(all(c["sheet_known"] and "charge" in c["operations"] for c in listed["data"]))

    def test_policies(self):
        draft = self.expect(self.client.request("POST", "/v1/policies", {"text": "otherwise route stripe # only\n"},
                                                idempotency="draft"), 201)
        self.assertEqual(draft["status"], "draft")
        again = self.expect(self.client.request("POST", "/v1/policies", {"text": "otherwise route stripe # only\n"},
                                                idempotency="draft"), 201)
        self.assertEqual((again["id"], again.headers["Idempotent-Replayed"]), (draft["id"], "true"))
        self.expect(self.client.request("POST", "/v1/policies", {"text": "otherwise route adyen"}, idempotency="draft"),
                    422, "idempotency_key_reused")
        published = self.expect(self.client.request("POST", f"/v1/policies/{draft['id']}/publish"), 200)
        self.assertEqual(published["status"], "published")
        self.assertEqual(self.client.pay(1000)["connector"], "stripe")
        back = self.expect(self.client.request("POST", "/v1/policies/rollback"), 200)
        self.assertNotEqual(back["id"], draft["id"])
        self.assertEqual(self.client.pay(1000)["connector"], "adyen")
        listed = self.client.request("GET", "/v1/policies?limit=1")
        self.assertEqual([(p["id"], p["status"]) for p in listed["data"]], [(draft["id"], "superseded")])
        self.assertTrue(listed["has_more"])
        self.expect(self.client.request("POST", "/v1/policies/rollback"), 409, "invalid_state")
        self.expect(self.client.request("POST", "/v1/policies/pol_01J9ZC8XK4T5V6W7X8Y9Z0ABCZ/publish"), 404, "not_found")

    def test_routes(self):
        before = self.router.dispatches()
        asked = {"amount": 1000, "currency": "EUR", "card": {"bin": "424242"}}
        decided = self.expect(self.client.request("POST", "/v1/route", asked), 200)
        self.assertEqual((decided["rule"], decided["connectors"]), ("otherwise", ["adyen", "checkout", "stripe"]))
        tried = self.expect(self.client.request("POST", "/v1/route", dict(asked, policy="otherwise route stripe")), 200)
        self.assertEqual(tried["connectors"], ["stripe"])
        self.expect(self.client.request("POST", "/v1/route", dict(asked, policy=CANARY)), 422, "invalid_policy", "policy")
        self.expect(self.client.request("POST", "/v1/route", dict(asked, policy="pol_01J9ZC8XK4T5V6W7X8Y9Z0ABCZ")), 422,
                    "policy_not_found", "policy")
        self.assertEqual(self.router.dispatches(), before)

    def route(self, policy, **more):
        asked = dict({"amount": 1000, "currency": "EUR", "policy": policy}, **more)
        return self.expect(self.client.request("POST", "/v1/route", asked), 200)

    def test_a_policy_decides_by_all_that_is_known(self):
        policy = """set eea = [AT DE]
            rule plan when customer.plan == "gold" and metadata.shop in ["a" "b"] route stripe
            rule night when hour("Europe/Berlin") < 6 decline
            rule here when card.country in eea and card.network == visa route checkout, adyen with max_attempts 1
            rule big when amount >= 500.00 EUR and risk > 50 split adyen 50%, stripe 50%
            otherwise route adyen"""
        day = {"at": "2026-07-01T12:00:00Z"}
        card = {"bin": "41111111", "network": "visa", "country": "DE"}
        self.assertEqual(self.route(policy, **day)["rule"], "otherwise")
        plan = self.route(policy, customer={"plan": "gold"}, metadata={"shop": "b"}, card=card, **day)
        self.assertEqual((plan["rule"], plan["action"], plan["connectors"]), ("plan", "route", ["stripe"]))
        for plan, shop in (("gold", "c"), ("silver", "a")):
            other = self.route(policy, customer={"plan": plan}, metadata={"shop": shop}, **day)
            self.assertEqual(other["rule"], "otherwise")
        night = self.route(policy, at="2026-07-01T03:59:59Z")
        self.assertEqual((night["rule"], night["action"], night["connectors"]), ("night", "decline", []))
        self.assertEqual(self.route(policy, at="2026-07-01T04:00:00Z")["rule"], "otherwise")
        here = self.route(policy, card=card, **day)
        self.assertEqual((here["rule"], here["connectors"]), ("here", ["checkout", "adyen"]))
        self.assertIn("The rule allows 1 attempts at most.", here["explanation"])
        self.assertIn("Rule night does not match: hour(\"Europe/Berlin\") < 6 does not hold: hour is 14.",
                      here["explanation"])
        big = self.route(policy, amount=50000, risk=51, card=dict(card, country="US"), **day)
        self.assertEqual((big["rule"], big["action"]), ("big", "split"))
        self.assertEqual(sorted(big["connectors"]), ["adyen", "stripe"])
        token = self.route(policy, token=self.router.tokens["good"], **day)
        self.assertEqual(token["rule"], "otherwise")
        self.assertIn("card.country is US", " ".join(token["explanation"]))

    def test_a_question_is_refused_as_the_payment_would_be(self):
        asked = {"amount": 1000, "currency": "EUR"}
        for wrong, code, param in (({"token": "tok_01J9ZC8XK4T5V6W7X8Y9Z0ABCZ"}, "token_not_found", "token"),
                                   ({"token": self.router.tokens["deleted"]}, "token_deleted", "token"),
                                   ({"token": self.router.tokens["expired"]}, "token_expired", "token"),
                                   ({"customer": "cus_01J9ZC8XK4T5V6W7X8Y9Z0ABCD"}, "customer_not_found", "customer"),
                                   ({"agreement": "agr_01J9ZC8XK4T5V6W7X8Y9Z0ABCD"}, "agreement_not_found", "agreement"),
                                   ({"routing": {"connectors": ["nobody"]}}, "connector_not_found", "routing.connectors")):
            question = self.expect(self.client.request("POST", "/v1/route", dict(asked, **wrong)), 422, code, param)
            payment = self.expect(self.client.pay(1000, **wrong), 422, code, param)
            self.assertEqual(question["detail"], payment["detail"])
        for policy in ("pol_00000000000000000000000000", "pol_0000", "pol_000000000000000000000000000000000000"):
            self.expect(self.client.request("POST", "/v1/route", dict(asked, policy=policy)), 422, "policy_not_found",
                        "policy")
        misspelt = self.expect(self.client.request("POST", "/v1/route", dict(asked, policy="otherwise route adyn")), 422,
                               "connector_not_found", "policy")
        self.assertRegex(misspelt["detail"], r"Is it adyen\?$")

    def renewable(self, **more):
        return self.expect(self.client.pay(1000, store={"usage": "off_session"}, **more), 201)

    def explained(self, payment):
        return self.expect(self.client.request("GET", f"/v1/payments/{payment['id']}"), 200)["explanation"]

    def test_a_customer_is_known_by_id_and_under_agreements(self):
        policy = 'rule pro when customer.plan in ["pro"] route stripe otherwise split adyen 50%, checkout 50% by customer'
        origin = self.renewable(customer={"plan": "pro", "attributes": {"since": "2024"}})
        customer, agreement = origin["customer"], origin["agreement"]
        self.assertRegex(customer, "^cus_")
        self.assertEqual(self.route(policy, customer=customer)["rule"], "pro")
        self.assertEqual(self.route(policy, agreement=agreement, kind="recurring")["rule"], "pro")
        self.assertEqual(self.route(policy, customer={"id": customer, "plan": "free"})["rule"], "otherwise")
        renewed = self.expect(self.client.pay(1000, kind="recurring", agreement=agreement), 201)
        self.assertEqual((renewed["customer"], renewed["agreement"]), (customer, agreement))
        changed = self.expect(self.client.pay(1000, customer={"id": customer, "plan": "free"}), 201)
        self.assertEqual(changed["customer"], customer)
        shares = {str(self.route(policy, agreement=agreement)["connectors"]) for _ in range(12)}
        self.assertEqual(len(shares), 1, "one customer's, whatever the plan is now")
        other = self.expect(self.client.pay(1000, customer={"plan": "pro"}), 201)
        self.assertNotEqual(other["customer"], customer)
        self.expect(self.client.pay(1000, kind="recurring", agreement=agreement, customer=other["customer"]), 422,
                    "agreement_not_found", "agreement")
        self.expect(self.client.pay(1000, kind="recurring", agreement=agreement, customer=customer), 201)

    def test_a_split_by_customer_says_that_there_was_none(self):
        policy = "otherwise split adyen 50%, checkout 50% by customer"
        told = "The rule splits by customer and the payment has none: it is drawn for this payment alone."
        self.assertIn(told, self.route(policy)["explanation"])
        self.assertNotIn(told, self.route(policy, customer={"plan": "pro"})["explanation"])
        self.assertNotIn(told, self.route("otherwise split adyen 50%, checkout 50%")["explanation"])

    def test_recurring_payments(self):
        agreement = self.renewable()["agreement"]
        missing = "The payment is recurring and names no agreement: no network transaction id goes with it, and an " \
                  "issuer may decline it."
        replaced = "The agreement was opened with another token: the card is taken to be the one that replaces it."
        code = {"security_code": "cvc_01J9ZC8XK4T5V6W7X8Y9Z0ABCD"}
        self.assertIn(missing, self.explained(self.expect(self.client.pay(1000, kind="recurring"), 201)))
        good = self.explained(self.expect(self.client.pay(1000, kind="recurring", agreement=agreement), 201))
        self.assertNotIn(missing, good)
        self.assertNotIn(replaced, good)
        self.assertNotIn(missing, self.explained(self.expect(self.client.pay(1000), 201)))
        other = self.client.pay(1000, kind="recurring", agreement=agreement, token=self.router.tokens["limited"])
        self.assertIn(replaced, self.explained(self.expect(other, 201)))
        self.expect(self.client.pay(1000, kind="recurring", agreement=agreement, **code), 422, "invalid_field",
                    "security_code")
        self.expect(self.client.request("POST", "/v1/route", {"amount": 1, "currency": "EUR", "kind": "unscheduled",
                                                              **code}), 422, "invalid_field", "security_code")

    def test_it_is_told_when_a_payment_is_tried_later(self):
        policy = """schedule payday = 4 tries within 21 days on [1 15 28] at 6..9 in "Europe/Berlin"
            rule renewals when kind in [recurring customer] route adyen, stripe with later payday
            otherwise route adyen, stripe"""
        told = 'Declined, it is tried later by the schedule payday: 4 tries within 21 days on [1 15 28] at 6..9 in ' \
               '"Europe/Berlin".'
        self.assertIn(told, self.route(policy, kind="recurring")["explanation"])
        self.assertIn("The rule's schedule payday is not for this kind of payment: it is not tried later.",
                      self.route(policy, kind="customer")["explanation"])
        self.assertIn("The rule's schedule payday does not count, for the payment is not to be retried.",
                      self.route(policy, kind="recurring", retry="none")["explanation"])
        self.assertNotIn("payday", " ".join(self.route(policy, kind="unscheduled")["explanation"]))

    def test_it_is_told_what_is_not_tried(self):
        stands_by = "stripe stands by: it is tried only when one before it cannot be."
        told = self.route("otherwise route adyen, stripe with retry off")["explanation"]
        self.assertIn("The rule says retry off: when one connector was tried, no other is.", told)
        self.assertEqual(told[-2:], ["adyen can be tried.", stands_by])
        told = self.route("otherwise route adyen, stripe", retry="none")["explanation"]
        self.assertEqual(told[-3:], ["The request says retry none: when one connector was tried, no other is.",
                                     "adyen can be tried.", stands_by])
        told = self.route("otherwise route adyen, checkout, stripe with max_attempts 2")["explanation"]
        self.assertEqual(told[-3:], ["adyen can be tried.", "checkout can be tried.", stands_by])
        self.assertEqual(self.route("otherwise route adyen, stripe")["explanation"][-1], "stripe can be tried.")

    def test_advice_among_many_rules_is_told_as_what_it_is(self):
        rules = "".join(f"rule r{i} when amount > {i + 20}.00 EUR decline\n" for i in range(60))
        policy = f"rule tip when amount > 1.00 EUR best of adyen, stripe as advice\n{rules}otherwise route adyen, stripe"
        told = self.route(policy)["explanation"]
        self.assertEqual(told[0], "None of the first 11 rules decides the payment.")
        self.assertTrue(told[1].startswith("Rule tip matches, and is only advice: "), told[1])
        self.assertTrue(told[2].startswith("Rule r10 does not match: "), told[2])
        self.assertRegex("\n".join(told), r"Rule tip would have chosen (adyen|stripe): approval of \d+\.\d\d % of the "
                                          r"outcomes that tell was expected there\.")

    def test_metrics(self):
        self.client.pay(1000)
        text = self.client.request("GET", "/metrics", key="").raw.decode()
        for line in text.splitlines():
            self.assertRegex(line, r'^(# (HELP|TYPE) .+|[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [-+.0-9e]+)$')
        self.assertIn('freeport_requests_total{method="POST",route="/v1/payments",status="201"}', text)
        self.assertIn("freeport_vault_up 1", text)
        self.assertRegex(text, r'freeport_payments_total\{status="captured"\} [1-9]')
        self.assertIn('freeport_request_duration_seconds_bucket{method="POST",route="/v1/payments",le="+Inf"}', text)

    def authorization(self, query=""):
        return self.expect(self.client.request("GET", "/v1/metrics/authorization" + query), 200).json

    def test_authorization(self):
        plan = "plan-of-" + str(uuid.uuid4())
        customer = {"attributes": {"plan": plan}}
        for amount in (1000, 1000, 1001, 1002):  # approved, approved, declined, not sent and then approved
            self.client.pay(amount, customer=customer)
        rates = self.authorization(f"?plan={plan}&group_by=connector,kind,plan")
        self.assertTrue(rates["complete"])
        self.assertEqual({name: rates["total"]["payments"][name] for name in ("count", "total", "rate_bp")},
                         {"count": 3, "total": 4, "rate_bp": 7500})
        self.assertEqual((rates["total"]["attempts"]["total"], rates["total"]["attempts_unreached"]), (4, 1))
        self.assertEqual((rates["total"]["tried"]["count"], rates["total"]["tried"]["total"]), (3, 4))
        self.assertEqual((rates["total"]["cascaded"]["count"], rates["total"]["recovered"]["total"]), (1, 1))
        self.assertEqual([(row["group"]["connector"], row["payments"]["count"]) for row in rates["data"]],
                         [("adyen", 2), ("checkout", 1)])
        self.assertEqual(rates["data"][0]["group"], {"connector": "adyen", "kind": "first", "plan": plan})
        one = self.authorization(f"?plan={plan}&country=US&funding=credit&network=visa&amount_band=10-50&kind=first&limit=1")
        self.assertEqual((len(one["data"]), one["data"][0]["group"], one["data"][0]["payments"]["total"]), (1, {}, 4))
        self.assertEqual(self.authorization(f"?plan={plan}&from=2090-01-01T00:00:00Z")["data"], [])
        self.assertEqual(self.authorization("?connector=nobody")["data"], [])
        self.assertIn("adyen", [latency["connector"] for latency in rates["latencies"]])
        self.assertEqual(sum(code["recovered"]["total"] for code in rates["recoveries"]),
                         self.authorization()["total"]["recovered"]["total"])
        for wrong in ("group_by=", "group_by=bin", "group_by=kind,kind", "group_by=kind,", "limit=1001", "limit=0",
                      "network=unknown", "country=us", "kind=second", "from=today", "plan=", "amount_band=5"):
            self.expect(self.client.request("GET", "/v1/metrics/authorization?" + wrong), 422, "invalid_field",
                        wrong.split("=")[0])
        self.expect(self.client.request("GET", "/v1/metrics/authorization", key=""), 401, "unauthorized")

    def test_another_merchant_sees_nothing_of_it(self):
        self.client.pay(1000)
        answer = self.client.request("GET", "/v1/metrics/authorization", key=self.router.other_key)
        self.assertEqual((answer["total"]["attempts"]["total"], answer["latencies"]), (0, []))

    def test_outcomes_are_counted_for_prometheus(self):
        before = self.client.request("GET", "/v1/metrics/authorization")["total"]["payments"]["count"]
        self.client.pay(1000)
        self.authorization()
        self.assertGreaterEqual(
            self.metric('freeport_connector_authorizations_total{connector="adyen",outcome="approved"}'), 1)
        self.assertEqual(self.metric('freeport_payment_authorizations_total{outcome="approved"}'), before + 1)
        self.assertGreaterEqual(
            self.metric('freeport_network_authorizations_total{network="visa",outcome="approved"}'), 1)

    def test_health(self):
        self.expect(self.client.request("GET", "/healthz", key=""), 200)
        self.expect(self.client.request("GET", "/openapi.json", key=""), 200)


class Health(Case):
    """Who is left out for failing, and who on purpose."""

    def health(self, name):
        listed = self.expect(self.client.request("GET", "/v1/connectors"), 200)
        return next(c["health"] for c in listed["data"] if c["name"] == name)

    def events(self, kind):
        listed = self.expect(self.client.request("GET", f"/v1/events?type={kind}&limit=100"), 200)
        return [event["data"] for event in listed["data"]]

    def metrics(self):
        return self.client.request("GET", "/metrics", key="").raw.decode()

    def test_one_that_fails_is_left_out_and_comes_back(self):
        self.assertEqual((self.health("adyen")["state"], self.health("adyen")["state_since"]), ("healthy", None))
        failed = [self.client.pay(1002)["id"] for _ in range(10)]
        health = self.health("adyen")
        self.assertEqual((health["state"], health["faults"], health["fault_rate"]), ("unhealthy", 10, 1.0))
        self.assertGreater(health["fault_bound"], health["threshold"])
        self.assertEqual(self.health("checkout")["state"], "healthy")
        told = self.events("connector.unhealthy")
        self.assertEqual([(d["connector"], d["state"], d["requests"], d["faults"]) for d in told],
                         [("adyen", "unhealthy", 10, 10)])
        self.assertEqual(sorted(told[0]["payments"]), sorted(failed))
        self.assertRegex(self.router.logged(), r" warn a connector is unhealthy connector=adyen requests=\d+ faults=\d+ "
                                               r"window_s=\d+ bound=\d+ threshold=\d+\n")
        self.assertIn('freeport_connector_state{connector="adyen",state="unhealthy"} 1', self.metrics())
        paid = self.client.pay(1000)
        self.assertEqual((paid["connector"], paid["decision"]["skipped"]),
                         ("checkout", [{"connector": "adyen", "reason": "unhealthy"}]))
        asked = {"amount": 1000, "currency": "EUR", "card": {"bin": "424242"}}
        routed = self.expect(self.client.request("POST", "/v1/route", asked), 200)
        self.assertEqual(routed["connectors"], ["checkout", "stripe"])
        self.assertIn("adyen is passed over (unhealthy): it fails too often of late.", routed["explanation"])
        alone = self.expect(self.client.request("POST", "/v1/route", dict(asked, policy="otherwise route adyen")), 200)
        self.assertEqual(alone["connectors"], ["adyen"])
        self.assertIn("adyen can be tried: it fails too often of late, but none of the list is healthy.",
                      alone["explanation"])
        canary = None
        for _ in range(1500):
            paid = self.client.pay(1000)
            if paid["decision"]["canaries"]:
                self.assertEqual((paid["connector"], paid["decision"]["canaries"]), ("adyen", ["adyen"]))
                canary = canary or paid
            if self.health("adyen")["state"] == "healthy":
                break
            time.sleep(0.02)
        self.assertIsNotNone(canary)
        self.assertEqual(self.health("adyen")["state"], "healthy")
        self.assertEqual(self.client.pay(1000)["connector"], "adyen")
        self.assertEqual(len(self.events("connector.probing")), 1)
        back = self.events("connector.healthy")
        self.assertEqual([(d["requests"], d["faults"], d["window_s"], d["payments"]) for d in back], [(10, 0, None, [])])

    def test_drills(self):
        path = "/v1/connectors/stripe/drill"
        policy = self.expect(self.client.request("POST", "/v1/policies", {"text": "otherwise route stripe, checkout"}), 201)
        self.expect(self.client.request("POST", f"/v1/policies/{policy['id']}/publish"), 200)
        self.expect(self.client.request("GET", path), 404, "not_found")
        self.expect(self.client.request("DELETE", path), 409, "invalid_state")
        self.expect(self.client.request("POST", path, {"seconds": 0}), 422, "invalid_field", "seconds")
        self.expect(self.client.request("POST", path, {"seconds": 3601}), 422, "invalid_field", "seconds")
        self.expect(self.client.request("POST", path, {}), 422, "missing_field", "seconds")
        self.expect(self.client.request("POST", path, {"seconds": 60}, idempotency=""), 400, "idempotency_key_required")
        self.expect(self.client.request("POST", "/v1/connectors/nobody/drill", {"seconds": 60}), 404, "not_found")
        begun = self.expect(self.client.request("POST", path, {"seconds": 60}, idempotency="drill"), 201)
        self.assertEqual((begun["connector"], begun["status"], begun["report"]["payments"]), ("stripe", "running", 0))
        self.expect(self.client.request("POST", path, {"seconds": 60}), 409, "invalid_state")
        self.assertTrue(self.health("stripe")["drill"])
        self.assertIn('freeport_connector_drill{connector="stripe"} 1', self.metrics())
        self.assertEqual([self.client.pay(amount)["connector"] for amount in (1000, 1000, 1001)], ["checkout"] * 3)
        self.client.pay(1000, routing={"connectors": ["checkout"]})
        again = self.expect(self.client.request("POST", path, {"seconds": 60}, idempotency="drill"), 201)
        self.assertEqual((again["id"], again.headers["Idempotent-Replayed"]), (begun["id"], "true"))
        ended = self.expect(self.client.request("DELETE", path), 200)
        self.assertEqual((ended["id"], ended["status"]), (begun["id"], "ended"))
        report = self.expect(self.client.request("GET", path), 200)["report"]
        self.assertEqual((report["payments"], report["untried"], report["more"]), (3, 0, False))
        self.assertEqual([(i["connector"], i["payments"], i["statuses"]["captured"], i["statuses"]["declined"])
                          for i in report["instead"]], [("checkout", 3, 2, 1)])
        self.assertEqual([d["id"] for d in self.events("connector.drill_started")], [begun["id"]])
        author = self.client.request("GET", "/v1/policies/history")["data"][0]["author"]
        self.assertRegex(author, "^key_")
        self.assertEqual((begun["author"], ended["author"]), (author, author))
        self.assertEqual([d["author"] for d in self.events("connector.drill_started")], [author])
        for what in ("begun", "ended"):
            self.assertRegex(self.router.logged(), f" info a drill has {what} connector=stripe id={begun['id']} "
                                                   f"key={author} seconds=[0-9]+\n")
        self.assertEqual([d["report"] for d in self.events("connector.drill_ended")], [report])
        self.assertEqual(self.client.pay(1000)["connector"], "stripe")
        self.expect(self.client.request("POST", "/v1/policies/rollback"), 200)


class Declining(Case):
    def test_a_rule_that_declines_charges_nothing(self):
        draft = self.expect(self.client.request(
            "POST", "/v1/policies", {"text": "rule no when risk > 90 decline otherwise route adyen"}), 201)
        self.expect(self.client.request("POST", f"/v1/policies/{draft['id']}/publish"), 200)
        before = self.router.dispatches()
        declined = self.client.pay(1000, risk=91)
        self.assertEqual((declined.status, declined["status"]), (201, "declined"))
        self.assertEqual((declined["decline"]["reason"], declined["decline"]["retry"]), ("declined_by_policy", "never"))
        self.assertEqual((declined["attempts"], declined["decision"]["action"]), ([], "decline"))
        self.assertEqual(self.router.dispatches(), before)
        self.assertEqual(self.client.pay(1000, risk=90)["status"], "captured")


class Scheduled(Case):
    """Later tries, as far as a day allows: their moments are tests/unit's and the simulator's."""

    def setUp(self):
        draft = self.expect(self.client.request("POST", "/v1/policies", {"text": """
            schedule payday = 4 tries within 30 days on [1 15 28] at 6..9 in "Europe/Berlin"
            rule renewals when kind == recurring route adyen, stripe with later payday
            otherwise route adyen"""}), 201)
        self.expect(self.client.request("POST", f"/v1/policies/{draft['id']}/publish"), 200)

    def test_a_declined_renewal_is_scheduled_until_it_is_voided(self):
        answer = self.client.pay(1008, kind="recurring")
        self.assertEqual((answer.status, answer["status"]), (201, "scheduled"))
        decline = answer["decline"]
        self.assertEqual((decline["reason"], decline["retry"]), ("insufficient_funds", "later"))
        due = datetime.datetime.fromisoformat(decline["retry_at"].replace("Z", "+00:00"))
        created = datetime.datetime.fromisoformat(answer["created_at"].replace("Z", "+00:00"))
        self.assertGreater(due - created, datetime.timedelta(hours=24))
        self.assertLess(due - created, datetime.timedelta(days=30))
        self.assertIn(due.hour, (4, 5))
        self.assertIn(due.day, (1, 15, 28))
        self.assertEqual([a["round"] for a in answer["attempts"]], [1])
        path = f"/v1/payments/{answer['id']}"
        listed = self.expect(self.client.request("GET", "/v1/payments?status=scheduled"), 200)
        self.assertIn(answer["id"], [p["id"] for p in listed["data"]])
        self.assertIn(answer["id"], [e["data"]["id"] for e in self.events("payment.scheduled")])
        self.expect(self.client.request("POST", path + "/capture"), 409, "invalid_state")
        before = self.router.dispatches()
        ended = self.expect(self.client.request("POST", path + "/void"), 201)
        self.assertEqual((ended["status"], ended["decline"]["retry_at"], ended["movements"]), ("declined", None, []))
        self.assertEqual(ended["decline"]["reason"], "insufficient_funds")
        self.assertEqual(self.router.dispatches(), before)
        self.assertIn(answer["id"], [e["data"]["id"] for e in self.events("payment.declined")])
        self.expect(self.client.request("POST", path + "/void"), 409, "invalid_state")
        metrics = self.client.request("GET", "/metrics", key="").raw.decode()
        self.assertIn('freeport_payments_total{status="scheduled"} ', metrics)
        self.assertIn("freeport_later_tries_total 0", metrics)

    def test_no_other_is(self):
        self.assertEqual(self.client.pay(1008)["status"], "declined")
        self.assertEqual(self.client.pay(1008, kind="recurring", retry="none")["status"], "declined")
        self.assertEqual(self.client.pay(1008, kind="unscheduled")["status"], "declined")
        hard = self.client.pay(1001, kind="recurring")
        self.assertEqual((hard["status"], hard["decline"]["retry_at"]), ("declined", None))

    def events(self, kind):
        return self.expect(self.client.request("GET", f"/v1/events?type={kind}&limit=100"), 200)["data"]


class Webhooks(Case):
    """Endpoints and events as the API has them; deliveries are tests/e2e/endpoints."""

    def make(self, url="http://127.0.0.1:9/hook", **more):
        return self.expect(self.client.request("POST", "/v1/webhook_endpoints", {"url": url, **more}), 201)

    def drop(self, endpoint):
        gone = self.expect(self.client.request("DELETE", f"/v1/webhook_endpoints/{endpoint['id']}"), 200)
        self.assertTrue(gone["deleted"])

    def test_an_endpoint_from_its_making_to_its_end(self):
        body = {"url": "https://shop.example/hook?a=1", "types": ["payment.captured"], "description": "the shop"}
        made = self.expect(self.client.request("POST", "/v1/webhook_endpoints", body, idempotency="shop"), 201)
        self.assertEqual((made["url"], made["types"], made["status"]), (body["url"], body["types"], "enabled"))
        again = self.expect(self.client.request("POST", "/v1/webhook_endpoints", body, idempotency="shop"), 201)
        self.assertEqual((again["id"], "secret" in again.json), (made["id"], False))
        path = f"/v1/webhook_endpoints/{made['id']}"
        read = self.expect(self.client.request("GET", path), 200).json
        self.assertEqual(read.pop("health"), {"last_success_at": None, "failures_in_a_row": 0, "events_waiting": 0,
                                              "behind": False})
        self.assertEqual(read, {k: v for k, v in made.json.items() if k != "secret"})
        changed = self.expect(self.client.request("PATCH", path, {"status": "disabled", "url": "https://b.example/"}), 200)
        self.assertEqual((changed["status"], changed["disabled_reason"], changed["url"], changed["types"]),
                         ("disabled", "merchant", "https://b.example/", body["types"]))
        rotated = self.expect(self.client.request("POST", path + "/rotate_secret"), 200)
        self.assertNotEqual(rotated["secret"], made["secret"])
        self.assertIsNotNone(rotated["previous_secret_until"])
        self.assertEqual(self.expect(self.client.request("GET", path + "/dead_letters"), 200)["data"], [])
        self.assertEqual(self.expect(self.client.request("POST", path + "/dead_letters/redeliver"), 200)["count"], 0)
        event = self.client.request("GET", "/v1/events")["data"][0]["id"]
        self.expect(self.client.request("POST", path + "/dead_letters/redeliver", {"event": event}), 422,
                    "invalid_field", "event")
        self.drop(made)
        self.expect(self.client.request("GET", path), 404, "not_found")
        self.expect(self.client.request("DELETE", path), 404, "not_found")

    def test_lists_and_their_end(self):
        made = [self.make(f"https://shop{i}.example/") for i in range(16)]
        self.expect(self.client.request("POST", "/v1/webhook_endpoints", {"url": "https://more.example/"}), 409,
                    "too_many_endpoints")
        page = self.client.request("GET", "/v1/webhook_endpoints?limit=10")
        rest = self.client.request("GET", f"/v1/webhook_endpoints?limit=10&starting_after={page['next']}")
        # Newest first; those of one millisecond in any order.
        self.assertEqual([e["id"] for e in page["data"] + rest["data"]], sorted((e["id"] for e in made), reverse=True))
        self.assertFalse(rest["has_more"])
        for endpoint in made:
            self.drop(endpoint)

    def test_urls_that_are_none_of_ours(self):
        for url in ("ftp://shop.example/", "shop.example", "https://", "https://shop.example:0/", "https://a@shop.example/",
                    "https://shop.example/#x", "http://shop.example/", "http://10.0.0.1/", "http://169.254.169.254/",
                    "https://10.0.0.1/", "https://169.254.169.254/", "https://[fe80::1]/",
                    "https://Shop.example/", "https://shop.example/ b", "https://2130706433/", "https://127.1/",
                    "http://localhost.evil.example/", "https://shop.example:70000/", "x" * 600):
            with self.subTest(url=url):
                self.expect(self.client.request("POST", "/v1/webhook_endpoints", {"url": url}), 422, "invalid_field",
                            "url")
        for body, param in (({"url": "https://a.example/", "types": []}, "types"),
                            ({"url": "https://a.example/", "types": ["payment.made"]}, "types"),
                            ({"url": "https://a.example/", "types": "payment.captured"}, "types"),
                            ({"types": ["payment.captured"]}, "url")):
            answer = self.client.request("POST", "/v1/webhook_endpoints", body)
            self.assertEqual((answer.status, answer["param"]), (422, param), answer.raw)
        self.expect(self.client.request("POST", "/v1/webhook_endpoints", {"url": "https://a.example/"}, idempotency=""),
                    400, "idempotency_key_required")

    def test_events_follow_from_payments(self):
        paid = self.client.pay(1000)
        declined = self.client.pay(1001)
        found = self.expect(self.client.request("GET", "/v1/events?limit=2"), 200)
        self.assertEqual([(e["type"], e["data"]["id"]) for e in found["data"]],
                         [("payment.declined", declined["id"]), ("payment.captured", paid["id"])])
        self.assertEqual(found["data"][1]["data"], self.read(paid))
        refund = self.expect(self.client.request("POST", f"/v1/payments/{paid['id']}/refunds", {"amount": 300}), 201)
        told = self.client.request("GET", "/v1/events?type=refund.succeeded")["data"][0]
        self.assertEqual((told["data"]["movement"], told["data"]["amount_refunded"]), (refund["movement"], 300))
        self.assertGreater(told["sequence"], found["data"][0]["sequence"])
        read = self.expect(self.client.request("GET", f"/v1/events/{found['data'][1]['id']}"), 200)
        self.assertEqual(read.json, found["data"][1], "an event stays as it was")

    def test_events_page_by_page(self):
        for _ in range(3):
            self.client.pay(1000)
        whole = self.client.request("GET", "/v1/events?limit=100")
        ids, after = [], ""
        while True:
            page = self.expect(self.client.request("GET", f"/v1/events?limit=2{after}"), 200)
            ids += [event["id"] for event in page["data"]]
            if not page["has_more"]:
                break
            after = f"&starting_after={page['next']}"
        self.assertEqual(ids, [event["id"] for event in whole["data"]])
        self.assertEqual(len(set(ids)), len(ids))
        self.assertEqual(self.client.request("GET", "/v1/events?created[gte]=4000000000")["data"], [])
        for query in ("type=payment.made", "limit=0", "starting_after=evt_01J9ZC8XK4T5V6W7X8Y9Z0ABCD",
                      f"starting_after={CANARY}", "kind=1"):
            self.assertEqual(self.client.request("GET", "/v1/events?" + query).status, 422, query)

    def test_another_merchants_are_not_there(self):
        self.client.pay(1000)
        endpoint = self.make()
        event = self.client.request("GET", "/v1/events?limit=1")["data"][0]["id"]
        other = self.router.other_key
        self.assertEqual(self.client.request("GET", "/v1/events", key=other)["data"], [])
        self.assertEqual(self.client.request("GET", "/v1/webhook_endpoints", key=other)["data"], [])
        path = f"/v1/webhook_endpoints/{endpoint['id']}"
        for method, what, body in (("GET", f"/v1/events/{event}", None), ("GET", path, None), ("DELETE", path, None),
                                   ("PATCH", path, {"status": "disabled"}), ("POST", path + "/rotate_secret", None),
                                   ("GET", path + "/dead_letters", None),
                                   ("POST", path + "/dead_letters/redeliver", None)):
            self.expect(self.client.request(method, what, body, key=other), 404, "not_found")
        self.assertEqual(self.client.request("GET", f"/v1/events?starting_after={event}", key=other).status, 422)
        self.drop(endpoint)


class Trouble(Case):
    def test_a_vault_that_is_away(self):
        self.router.tell("drop")
        self.await_ready(503)
        self.expect(self.client.pay(1000), 503, "vault_unavailable")
        self.expect(self.client.request("GET", "/v1/tokens/" + self.router.tokens["good"]), 503, "vault_unavailable")
        self.router.tell("older")
        self.router.tell("line")
        for _ in range(1500):
            if self.client.request("GET", "/readyz", key="")["vault"] == "rolled_back":
                break
            time.sleep(0.02)
        self.assertEqual(self.client.request("GET", "/readyz", key="")["vault"], "rolled_back")
        self.expect(self.client.pay(1000), 503, "vault_rolled_back")
        self.expect(self.client.request("GET", "/v1/tokens/" + self.router.tokens["good"]), 503, "vault_rolled_back")
        self.router.tell("older")
        self.router.tell("line")
        self.await_ready()
        self.expect(self.client.pay(1000), 201)

    def test_a_ledger_that_forgot_what_the_vault_released(self):
        paid = self.expect(self.client.pay(1000, idempotency="before it was forgotten"), 201)
        self.router.tell("forgotten")
        self.router.tell("line")
        for _ in range(1500):
            ready = self.client.request("GET", "/readyz", key="")
            if ready["ledger"] == "rolled_back":
                break
            time.sleep(0.02)
        self.assertEqual((ready.status, ready["vault"], ready["ledger"]), (503, "up", "rolled_back"), ready.raw)
        before = self.router.dispatches()
        endpoint = "/v1/webhook_endpoints/whk_01J9ZC8XK4T5V6W7X8Y9Z0ABCD"
        for method, path, body in (("POST", "/v1/payments", {}), ("POST", f"/v1/payments/{paid['id']}/refunds", {}),
                                   ("POST", f"/v1/payments/{paid['id']}/resolve", {}), ("POST", "/v1/policies", {}),
                                   ("POST", "/v1/policies/rollback", {}), ("POST", "/v1/webhook_endpoints", {}),
                                   ("PATCH", endpoint, {}), ("DELETE", endpoint, None),
                                   ("DELETE", "/v1/tokens/" + self.router.tokens["good"], None)):
            self.expect(self.client.request(method, path, body), 503, "ledger_rolled_back")
        self.expect(self.client.request("GET", "/v1/payments"), 200)
        self.assertEqual(self.router.dispatches(), before)
        self.router.tell("drop")
        self.assertEqual(self.client.request("GET", "/readyz", key="")["ledger"], "rolled_back", "not without a line either")
        self.router.tell("line")
        for _ in range(1500):
            if self.client.request("GET", "/readyz", key="")["vault"] == "up":
                break
            time.sleep(0.02)
        self.router.tell("accept")
        self.await_ready()
        self.router.tell("forgotten")
        self.assertEqual(self.expect(self.client.pay(1000, idempotency="before it was forgotten"), 201)["id"], paid["id"])
        self.expect(self.client.pay(1000), 201)

    def test_a_policy_holds_no_card_number(self):
        self.expect(self.client.request("POST", "/v1/policies", {"text": "# " + CANARY + "\notherwise route stripe"}), 422,
                    "card_number_not_allowed", "text")

    def test_a_connector_that_was_registered_a_moment_ago(self):
        late = {"text": "otherwise route late, adyen"}
        self.expect(self.client.request("POST", "/v1/policies", late), 422, "connector_not_found", "text")
        self.router.tell("add")
        self.expect(self.client.request("POST", "/v1/policies", late), 201)
        listed = {c["name"]: c for c in self.expect(self.client.request("GET", "/v1/connectors"), 200)["data"]}
        self.assertEqual(len(listed), 4)
        self.account_is_told(listed)
        self.policy_is_held_to_accounts()
        self.account_is_passed_over()

    def account_is_told(self, listed):
        facts = ("merchant_category", "country", "region", "settlement_currency", "currencies", "networks")
        self.assertEqual([listed["late"][fact] for fact in facts],
                         ["5411", "NL", "EEA", "EUR", ["EUR", "USD"], ["visa"]])
        self.assertEqual([listed["adyen"][fact] for fact in facts], [None] * 6)

    def policy_is_held_to_accounts(self):
        for rule, detail in (("when currency == PLN route adyen, late",
                              "Line 1, column 44: This connector can do no currency that the rule lets through."),
                             ("when card.network in [amex jcb] route late",
                              "Line 1, column 48: This connector can do no card network that the rule lets through."),
                             ("when method == sepa_debit route adyen",
                              "Line 1, column 42: This connector can do no payment method that the rule lets through.")):
            refused = self.client.request("POST", "/v1/policies", {"text": f"rule one {rule} otherwise route adyen"})
            self.expect(refused, 422, "invalid_policy", "text")
            self.assertEqual(refused["detail"], detail)
        for rule in ("when currency == EUR route late", "when currency in [EUR PLN] route late",
                     "when card.network == visa route late"):
            self.expect(self.client.request("POST", "/v1/policies", {"text": f"rule one {rule} otherwise route adyen"}),
                        201)

    def account_is_passed_over(self):
        for currency, network, reason, why in (("PLN", "visa", "currency", "the currency"),
                                               ("EUR", "amex", "network", "cards of the network")):
            decided = self.expect(self.client.request("POST", "/v1/route", {
                "amount": 1000, "currency": currency, "policy": "otherwise route late, adyen",
                "card": {"network": network}}), 200)
            self.assertEqual(decided["connectors"], ["adyen"])
            self.assertIn(f"late is passed over ({reason}): its account does not take {why}.", decided["explanation"])
        paid = self.expect(self.client.pay(1000, currency="PLN", routing={"connectors": ["late", "adyen"]}), 201)
        self.assertEqual(paid["connector"], "adyen")
        self.assertEqual(paid["decision"]["skipped"], [{"connector": "late", "reason": "currency"}])
        here = self.expect(self.client.pay(1000, currency="EUR", routing={"connectors": ["late", "adyen"]}), 201)
        self.assertEqual(here["connector"], "late")
        refused = self.client.pay(1000, currency="PLN", routing={"connectors": ["late"]})
        self.expect(refused, 409, "no_connector")
        self.assertEqual(refused["skipped"], [{"connector": "late", "reason": "currency"}])
        asked = self.expect(self.client.request("POST", "/v1/route", {
            "amount": 1000, "currency": "PLN", "routing": {"connectors": ["late"]}}), 200)
        self.assertEqual(asked["connectors"], [])
        self.assertIn("late is passed over (currency): its account does not take the currency.", asked["explanation"])

    def test_a_full_disk(self):
        self.expect(self.client.pay(1000), 201)
        soft, hard = resource.prlimit(self.router.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.router.pid, resource.RLIMIT_FSIZE, (4096, hard))
        before = self.router.dispatches()
        self.expect(self.client.pay(1000, idempotency="when full"), 503, "storage_unavailable")
        self.expect(self.client.request("POST", "/v1/policies", {"text": "otherwise route stripe"}), 503,
                    "storage_unavailable")
        self.assertEqual(self.router.dispatches(), before)
        self.expect(self.client.request("GET", "/v1/payments"), 200)
        resource.prlimit(self.router.pid, resource.RLIMIT_FSIZE, (soft, hard))
        paid = self.expect(self.client.pay(1000, idempotency="when full"), 201)
        self.assertNotIn("Idempotent-Replayed", paid.headers)

    def post(self, amount):
        """A socket on which a payment was asked for."""
        body = json.dumps({"amount": amount, "currency": "EUR", "token": self.router.tokens["good"]})
        sock = socket.create_connection(("127.0.0.1", self.router.port))
        sock.sendall((f"POST /v1/payments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.router.key}\r\n"
                      f"Content-Type: application/json\r\nIdempotency-Key: {uuid.uuid4()}\r\n"
                      f"Content-Length: {len(body)}\r\n\r\n{body}").encode())
        return sock

    def test_clients_that_leave_free_their_slots(self):
        gone = self.metric("freeport_clients_gone_total")
        self.router.tell("hold")
        socks = [self.post(1000) for _ in range(100)]
        self.await_metric("freeport_requests_in_flight", 100)
        self.await_metric("freeport_requests_in_engine", 100)
        for sock in socks:
            sock.close()
        self.await_metric("freeport_requests_in_flight", 0)
        self.await_metric("freeport_requests_in_engine", 0)
        self.assertEqual(self.metric("freeport_clients_gone_total"), gone + 100)
        self.router.tell("release")
        self.expect(self.client.pay(1000), 201)

    def test_a_flood_waits_and_what_is_over_the_cap_is_refused(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and hard < WAITING_MAX + 500:
            self.skipTest(f"only {hard} descriptors may be open")
        resource.setrlimit(resource.RLIMIT_NOFILE, (WAITING_MAX + 500, hard))
        self.router.tell("hold")
        socks = [self.post(1000) for _ in range(WAITING_MAX + 100)]
        statuses = []
        with selectors.DefaultSelector() as selector:
            for sock in socks:
                selector.register(sock, selectors.EVENT_READ)
            released = False
            while len(statuses) < len(socks):
                ready = selector.select(20)
                self.assertTrue(ready, f"{len(statuses)} of {len(socks)} were answered")
                for key, _ in ready:
                    head = key.fileobj.recv(65536)
                    statuses.append(int(head.split()[1]))
                    if statuses[-1] == 503:
                        self.assertIn(b"Retry-After: ", head)
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
                if not released and len(statuses) >= 100:
                    self.router.tell("release")
                    released = True
        # 202 where this machine takes the ten seconds that a payment may be waited for.
        self.assertEqual((statuses.count(503), statuses.count(201) + statuses.count(202)), (100, WAITING_MAX),
                         sorted(set(statuses)))
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Restart(Case):
    def test_everything_is_as_it_was(self):
        paid = self.expect(self.client.pay(1000, idempotency="before"), 201)
        self.assertEqual(self.router.stop(), 0)
        self.start()
        self.assertEqual(self.read(paid), paid.json)
        again = self.expect(self.client.pay(1000, idempotency="before"), 201)
        self.assertEqual(again.json, paid.json)

    def await_refused(self):
        """Waits until the router takes no more connections."""
        for _ in range(1500):
            try:
                socket.create_connection(("127.0.0.1", self.router.port)).close()
            except ConnectionRefusedError:
                return
            time.sleep(0.02)
        self.fail("it still takes connections")

    def test_what_is_at_hand_is_finished(self):
        self.router.tell("hold")
        answers = []
        thread = threading.Thread(target=lambda: answers.append(self.client.pay(1000)))
        thread.start()
        self.await_metric("freeport_requests_in_engine", 1)
        self.router.tell("end")
        self.await_refused()
        self.router.tell("release")
        thread.join()
        self.assertEqual(self.router.stop(), 0)
        self.assertEqual(answers[0].status, 201)
        self.start()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[5:])
