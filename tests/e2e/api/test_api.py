"""The HTTP API of the real freeport-router, with a vault played by api-stand.

test_api.py STAND ROUTER SHEETS BINS.CSV [TEST...]
"""
import json
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


def tearDownModule():
    """What the description promises of success was answered at least once, when everything was run."""
    if len(sys.argv) > 5 or Client.document is None:
        return
    promised = {(method.upper(), path, int(status)) for path, operations in Client.document["paths"].items()
                for method, operation in operations.items() for status in operation["responses"] if status < "300"}
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
            policy = cls.client.request("POST", "/v1/policies", {"text": "otherwise route adyen, checkout, stripe"})
            assert policy.status == 201, policy.raw
            assert cls.client.request("POST", f"/v1/policies/{policy['id']}/publish").status == 200

    @classmethod
    def await_ready(cls, wanted=200):
        for _ in range(500):
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
        """One payment as it is shown by itself, without why it was routed so, which only that answer has."""
        read = self.expect(self.client.request("GET", f"/v1/payments/{payment['id']}"), 200).json
        self.assertTrue(read.pop("explanation"))
        return read

    def metric(self, name):
        text = self.client.request("GET", "/metrics", key="").raw.decode()
        found = re.search(rf"^{re.escape(name)} (\d+)$", text, re.MULTILINE)
        self.assertIsNotNone(found, f"{name} is not in\n{text}")
        return int(found[1])

    def await_metric(self, name, wanted):
        for _ in range(200):
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
        path = "/v1/payments/" + self.expect(self.client.pay(1000, capture="manual"), 201)["id"]
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

    def test_a_void(self):
        path = "/v1/payments/" + self.expect(self.client.pay(1000, capture="manual"), 201)["id"]
        voided = self.expect(self.client.request("POST", path + "/void", {"reason": "changed mind"}), 201)
        self.assertEqual(voided["status"], "voided")
        self.expect(self.client.request("POST", path + "/capture"), 409, "invalid_state")

    def test_lists_are_narrowed_and_paged(self):
        for i in range(5):
            self.expect(self.client.pay(1000 + 100 * i, reference="paged", metadata={"n": str(i)}), 201)
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
            answers[name] = cls.client.pay(amount, routing={"connectors": ["checkout", "stripe"]}, **more)
        threads = [threading.Thread(target=pay, args=[name, 1007], kwargs=more) for name, more in (
            ("webhook", {}), ("succeeded", {"capture": "manual"}), ("failed", {"deadline_ms": 5000}), ("odd", {}),
            ("elsewhere", {"deadline_ms": 3600000}))]
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
        for _ in range(200):
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
                ({"attempt": 9, "outcome": "failed"}, 422, "invalid_field", "attempt"),
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
                         "Line 1, column 11: route, split, cheapest, best or decline is expected. Is it route?")


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

    def test_metrics(self):
        self.client.pay(1000)
        text = self.client.request("GET", "/metrics", key="").raw.decode()
        for line in text.splitlines():
            self.assertRegex(line, r'^(# (HELP|TYPE) .+|[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [-+.0-9e]+)$')
        self.assertIn('freeport_requests_total{method="POST",route="/v1/payments",status="201"}', text)
        self.assertIn("freeport_vault_up 1", text)
        self.assertRegex(text, r'freeport_payments_total\{status="captured"\} [1-9]')
        self.assertIn('freeport_request_duration_seconds_bucket{method="POST",route="/v1/payments",le="+Inf"}', text)

    def test_health(self):
        self.expect(self.client.request("GET", "/healthz", key=""), 200)
        self.expect(self.client.request("GET", "/openapi.json", key=""), 200)


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
        for _ in range(100):
            if self.client.request("GET", "/readyz", key="")["vault"] == "rolled_back":
                break
            time.sleep(0.02)
        self.assertEqual(self.client.request("GET", "/readyz", key="")["vault"], "rolled_back")
        self.expect(self.client.pay(1000), 503, "vault_unavailable")
        self.router.tell("older")
        self.router.tell("line")
        self.await_ready()
        self.expect(self.client.pay(1000), 201)

    def test_a_ledger_that_forgot_what_the_vault_released(self):
        paid = self.expect(self.client.pay(1000, idempotency="before it was forgotten"), 201)
        self.router.tell("forgotten")
        self.router.tell("line")
        for _ in range(100):
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
        for _ in range(100):
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
        self.assertEqual(len(self.client.request("GET", "/v1/connectors")["data"]), 4)

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
        self.assertEqual((statuses.count(503), statuses.count(201)), (100, WAITING_MAX))
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
        for _ in range(200):
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
