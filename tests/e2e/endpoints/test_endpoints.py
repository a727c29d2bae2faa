"""Events from a whole stack to a merchant's endpoints, good and bad.

test_endpoints.py BUILD [Class.test...]
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "api"))
from receiver import Receiver, signature
from router import Client

BUILD = pathlib.Path(sys.argv[1])
CARD = "4242424242424242"
DECLINED = "4000000000000002"


class Stack:
    """`freeport up --sandbox` in a directory of its own, with webhooks tried again after a second."""

    def __init__(self, retries):
        self.directory = tempfile.mkdtemp(prefix="freeport-endpoints-")
        pathlib.Path(self.directory, "freeport.yaml").write_text(f"webhook_retries: {retries}\n")
        self.process = subprocess.Popen([BUILD / "freeport", "up", "--dir", self.directory, "--sandbox"],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.await_env()

    def env(self):
        lines = pathlib.Path(self.directory, "env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def await_env(self):
        for line in self.process.stdout:
            if "keys and addresses" in line:
                break
        else:
            raise AssertionError("the stack did not start: " + self.process.stderr.read())
        facts = self.env()
        self.port = int(facts["FREEPORT_API_URL"].rsplit(":", 1)[1])
        self.key = facts["FREEPORT_SECRET_KEY"]

    def token(self, number=CARD):
        facts = self.env()
        card = {"number": number, "exp_month": 12, "exp_year": 2030, "cvc": "123", "name": "Ada"}
        request = urllib.request.Request(facts["FREEPORT_COLLECT_URL"] + "/v1/tokens",
                                         json.dumps({"type": "card", "card": card}).encode(),
                                         {"Authorization": "Bearer " + facts["FREEPORT_PUBLISHABLE_KEY"],
                                          "Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=30))["id"]

    def kill(self, name):
        """SIGKILL to a process of the stack; waits for the one in its place."""
        variable = f"FREEPORT_{name.upper()}_PID"
        before = self.env()[variable]
        os.kill(int(before), signal.SIGKILL)
        end = time.monotonic() + 60
        while self.env().get(variable, before) == before:
            assert time.monotonic() < end, f"{name} did not come back"
            time.sleep(0.05)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(60)
        self.process.stdout.close()
        self.process.stderr.close()
        logs = "".join(path.read_text() for path in pathlib.Path(self.directory, "log").iterdir())
        shutil.rmtree(self.directory)
        return status, logs


class Case(unittest.TestCase):
    retries = "1,1,1"

    @classmethod
    def setUpClass(cls):
        cls.receiver = Receiver()
        cls.stack = Stack(cls.retries)
        cls.client = Client(cls.stack)

    @classmethod
    def tearDownClass(cls):
        status, logs = cls.stack.stop()
        cls.receiver.close()
        assert status == 0, logs
        assert "whsec_" not in logs and "evt_" not in logs, logs

    def endpoint(self, name, behaviour="good", **more):
        self.receiver.behave(name, behaviour)
        answer = self.client.request("POST", "/v1/webhook_endpoints", {"url": self.receiver.url(name), **more})
        self.assertEqual(answer.status, 201, answer.raw)
        self.addCleanup(self.client.request, "DELETE", f"/v1/webhook_endpoints/{answer['id']}")
        return answer

    def pay(self, number=CARD, **more):
        body = {"amount": 1000, "currency": "EUR", "token": self.stack.token(number), **more}
        answer = self.client.request("POST", "/v1/payments", body)
        self.assertIn(answer.status, (201, 202), answer.raw)
        return answer

    def try_again(self, method, path, body, key):
        """Until it is answered, as a merchant's back end does while a router is started again."""
        end = time.monotonic() + 60
        while True:
            try:
                answer = self.client.request(method, path, body, idempotency=key)
                if answer.status < 500:
                    return answer
            except OSError:
                pass
            self.assertLess(time.monotonic(), end, "never answered")
            time.sleep(0.1)

    def events(self, since):
        """All events after that sequence, oldest first."""
        found, after = [], ""
        while True:
            page = self.client.request("GET", f"/v1/events?limit=100{after}")
            found += page["data"]
            if not page["has_more"]:
                return [event for event in reversed(found) if event["sequence"] > since]
            after = f"&starting_after={page['next']}"

    def now(self):
        events = self.client.request("GET", "/v1/events?limit=1")["data"]
        return events[0]["sequence"] if events else 0

    def arrive(self, name, count):
        arrived = self.receiver.wait(lambda: len(set(self.receiver.ids(name))) >= count)
        self.assertTrue(arrived, f"{len(set(self.receiver.ids(name)))} of {count} events came to {name}")

    def check_order(self, name):
        """Of each payment, what comes for the first time comes after all that is earlier."""
        seen, latest = set(), {}
        for _, event in self.receiver.at(name):
            if event["id"] not in seen:
                about = event["data"]["id"]
                self.assertGreaterEqual(event["sequence"], latest.get(about, 0), f"{about} out of order")
                latest[about] = event["sequence"]
                seen.add(event["id"])


class Deliveries(Case):
    def settled(self, payment, refunded):
        """Checkout.com receives movements first: what it says of them later are events as well."""
        def is_settled():
            now = self.client.request("GET", f"/v1/payments/{payment}").json
            return now["status"] == "captured" and now["amount_refunded"] == refunded
        self.assertTrue(self.receiver.wait(is_settled), "the movements did not settle")

    def test_what_arrives_is_signed_in_order_and_what_the_list_shows(self):
        since = self.now()
        endpoint = self.endpoint("good")
        self.endpoint("captures", types=["capture.succeeded"])
        manual = self.pay(capture="manual", routing={"connectors": ["checkout"]})
        for amount in (300, 700):
            body = {"amount": amount, "final": amount == 700}
            self.client.request("POST", f"/v1/payments/{manual['id']}/capture", body)
        self.client.request("POST", f"/v1/payments/{manual['id']}/refunds", {"amount": 200})
        self.settled(manual["id"], refunded=200)
        self.pay(DECLINED)
        listed = [event for event in self.events(since) if event["type"] != "policy.published"]
        self.arrive("good", len(listed))
        self.assertGreaterEqual(len(listed), 5)
        self.assertEqual({event["id"]: event for _, event in self.receiver.at("good")},
                         {event["id"]: event for event in listed})
        self.check_order("good")
        for headers, body in self.receiver.raw("good"):
            self.assertEqual(headers["webhook-id"], json.loads(body)["id"])
            self.assertLess(abs(time.time() - int(headers["webhook-timestamp"])), 60)
            self.assertEqual(headers["webhook-signature"], signature(endpoint["secret"], headers["webhook-id"],
                                                                     headers["webhook-timestamp"], body))
        self.assertEqual({event["type"] for _, event in self.receiver.at("captures")} - {"capture.succeeded"}, set())

    def test_a_new_secret_signs_beside_the_one_before(self):
        endpoint = self.endpoint("rotated")
        rotated = self.client.request("POST", f"/v1/webhook_endpoints/{endpoint['id']}/rotate_secret")
        self.pay()
        self.arrive("rotated", 1)
        headers, body = self.receiver.raw("rotated")[0]
        wanted = [signature(one["secret"], headers["webhook-id"], headers["webhook-timestamp"], body)
                  for one in (rotated, endpoint)]
        self.assertEqual(headers["webhook-signature"].split(" "), wanted)

    def test_bad_endpoints_harm_nobody_else(self):
        for behaviour in ("hang", "fail", "redirect", "close"):
            self.endpoint("bad-" + behaviour, behaviour)
        self.endpoint("beside")
        self.endpoint("chatty", "chatty")
        for _ in range(40):
            self.pay()
        self.arrive("beside", 40)
        self.arrive("chatty", 40)
        # Sixteen at once, fifteen seconds each: who waited for it would be no further.
        self.assertLess(len(self.receiver.ids("bad-hang")), 40, "the one that hangs is behind")
        self.assertEqual(len(self.receiver.ids("chatty")), 40, "a long answer is a good one")
        for behaviour in ("hang", "fail", "redirect", "close"):
            self.assertGreater(len(self.receiver.ids("bad-" + behaviour)), 0, behaviour)
        self.assertEqual(self.receiver.visits, 0, "no redirect is followed")

    def test_what_never_goes_through_is_a_dead_letter_and_can_be_sent_again(self):
        endpoint = self.endpoint("dead", "fail")
        path = f"/v1/webhook_endpoints/{endpoint['id']}/dead_letters"
        paid = self.pay()
        self.assertTrue(self.receiver.wait(lambda: self.client.request("GET", path)["data"]), "no dead letter")
        letter = self.client.request("GET", path)["data"][0]
        self.assertEqual((letter["type"], letter["attempts"], letter["outcome"], letter["http_status"]),
                         ("payment.captured", 4, "answered", 500))
        self.assertEqual(self.receiver.ids("dead"), [letter["event"]] * 4)
        health = self.client.request("GET", f"/v1/webhook_endpoints/{endpoint['id']}")["health"]
        self.assertEqual((health["failures_in_a_row"], health["last_success_at"]), (4, None))
        self.receiver.behave("dead", "good")
        again = self.client.request("POST", path + "/redeliver", {"event": letter["event"]})
        self.assertEqual((again.status, again["count"]), (200, 1), again.raw)
        self.assertTrue(self.receiver.wait(lambda: len(self.receiver.ids("dead")) == 5))
        self.assertEqual(self.client.request("GET", path)["data"], [])
        self.assertEqual(self.receiver.at("dead")[4][1]["data"]["id"], paid["id"])
        listed = self.client.request("GET", "/v1/webhook_endpoints?limit=100")["data"]
        health = next(one["health"] for one in listed if one["id"] == endpoint["id"])
        self.assertEqual((health["failures_in_a_row"], health["events_waiting"]), (0, 0))
        self.assertIsNotNone(health["last_success_at"])

    def test_a_disabled_endpoint_is_left_alone_and_loses_nothing(self):
        endpoint = self.endpoint("paused")
        path = f"/v1/webhook_endpoints/{endpoint['id']}"
        self.client.request("PATCH", path, {"status": "disabled"})
        for _ in range(3):
            self.pay()
        time.sleep(1)
        self.assertEqual(self.receiver.ids("paused"), [])
        self.client.request("PATCH", path, {"status": "enabled"})
        self.arrive("paused", 3)

    def test_one_that_is_gone_is_disabled_and_that_is_told_of(self):
        endpoint = self.endpoint("gone-for-good", "good")
        self.endpoint("watcher", types=["webhook_endpoint.disabled"])
        self.receiver.behave("gone-for-good", "gone")
        self.pay()
        self.arrive("watcher", 1)
        told = self.receiver.at("watcher")[0][1]
        self.assertEqual((told["data"]["id"], told["data"]["disabled_reason"]), (endpoint["id"], "gone"))
        read = self.client.request("GET", f"/v1/webhook_endpoints/{endpoint['id']}")
        self.assertEqual(read["status"], "disabled")


class Patience(Case):
    """What fails for a while is no dead letter yet."""
    retries = "1,1,1,1,1,1,2,2,2,4,4,4,8,8,8,8"

    def test_a_failing_payments_events_wait_and_others_go_on(self):
        endpoint = self.endpoint("flaky", "fail")
        manual = self.pay(capture="manual", routing={"connectors": ["stripe"]})
        self.arrive("flaky", 1)
        self.client.request("POST", f"/v1/payments/{manual['id']}/capture", {"amount": 100})
        other = self.pay()["id"]
        arrived = self.receiver.wait(lambda: other in [event["data"]["id"] for _, event in self.receiver.at("flaky")])
        self.assertTrue(arrived, "another payment's events wait as well")
        of_the_failing = {event["id"] for _, event in self.receiver.at("flaky") if event["data"]["id"] == manual["id"]}
        self.assertEqual(len(of_the_failing), 1)
        self.receiver.behave("flaky", "good")
        self.arrive("flaky", 4)
        self.check_order("flaky")
        path = f"/v1/webhook_endpoints/{endpoint['id']}/dead_letters"
        self.assertEqual(self.client.request("GET", path)["data"], [])

    def test_killed_processes_lose_nothing(self):
        since = self.now()
        self.endpoint("good")
        self.endpoint("slow", "fail")
        token = self.stack.token()
        made = []
        for i in range(60):
            body = {"amount": 1000 + i, "currency": "EUR", "token": token,
                    "capture": "manual" if i % 3 == 0 else "automatic"}
            paid = self.try_again("POST", "/v1/payments", body, str(uuid.uuid4()))
            made.append(paid["id"])
            if i % 3 == 0:
                self.try_again("POST", f"/v1/payments/{paid['id']}/capture", {"amount": 500}, str(uuid.uuid4()))
            if i in (12, 30, 48):
                self.stack.kill("notify")
            if i in (20, 40):
                self.stack.kill("router")
            if i == 45:
                self.receiver.behave("slow", "good")
        self.await_end(made)
        listed = {event["id"] for event in self.events(since) if event["type"].startswith(("payment.", "capture."))}
        self.assertGreaterEqual(len(listed), 80)
        for name in ("good", "slow"):
            complete = self.receiver.wait(lambda name=name: listed <= set(self.receiver.ids(name)))
            missing = listed - set(self.receiver.ids(name))
            self.assertTrue(complete, f"{len(missing)} of {len(listed)} never came to {name}")
            self.check_order(name)

    def await_end(self, payments):
        """Until every outcome is known: after a kill some are asked about first."""
        def ended():
            open_ones = [p for p in payments
                         if self.client.request("GET", f"/v1/payments/{p}")["status"] in ("processing", "unresolved")]
            return not open_ones
        self.assertTrue(self.receiver.wait(ended))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
