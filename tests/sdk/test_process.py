"""The process: who it listens to, whose requests it takes, how it starts and how it ends."""

import os
import pathlib
import signal
import stat
import subprocess
import threading
import time
import unittest

import support
from broker_process import Broker, BrokerError, free_port

START_TIMEOUT_S = 20


class Listening(support.SdkTest):
    def ask(self, **headers):
        return self.post_json("AmazonSQS.ListQueues", {}, headers)

    def test_foreign_hosts_are_refused_and_the_setting_is_named(self):
        for host in ("evil.example", "evil.example:4566", "localhost.evil.example", "10.0.0.1",
                     "127.0.0.1.evil.example", "", "localhost@evil.example"):
            with self.subTest(host=host):
                answer = self.ask(Host=host)
                self.assertTrue(400 <= answer.status < 500, (answer.status, answer.text))
                if host:
                    self.assertIn("allowed-host", answer.text)

    def test_loopback_names_are_welcome(self):
        for host in ("localhost", "localhost:4566", "LOCALHOST", "sqs.us-east-1.localhost:4566",
                     "127.0.0.1", "127.1.2.3:80", "[::1]", "[::1]:4566"):
            with self.subTest(host=host):
                self.assertEqual(self.ask(Host=host).status, 200)

    def test_web_pages_are_refused_and_the_setting_is_named(self):
        for origin in ("https://evil.example", "http://localhost:3000", "null"):
            with self.subTest(origin=origin):
                answer = self.ask(Origin=origin)
                self.assertEqual(answer.status, 403, answer.text)
                self.assertIn("allowed-origin", answer.text)

    def test_a_preflight_of_a_foreign_page_grants_nothing(self):
        answer = self.raw("OPTIONS", "/", headers={
            "Origin": "https://evil.example", "Access-Control-Request-Method": "POST"})
        self.assertNotIn("Access-Control-Allow-Origin", answer.headers)


class AllowedPages(support.SdkTest):
    options = ("--allowed-origin", "http://localhost:3000", "--allowed-host", "broker.test")

    def test_an_allowed_origin_may_ask_and_read(self):
        origin = {"Origin": "http://localhost:3000"}
        answer = self.raw("OPTIONS", "/", headers={
            **origin, "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "x-amz-target,content-type,authorization"})
        self.assertIn(answer.status, (200, 204))
        self.assertEqual(answer.headers["Access-Control-Allow-Origin"], origin["Origin"])
        allowed = answer.headers["Access-Control-Allow-Headers"].lower()
        self.assertTrue("x-amz-target" in allowed or allowed == "*")
        answer = self.post_json("AmazonSQS.ListQueues", {}, origin)
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["Access-Control-Allow-Origin"], origin["Origin"])

    def test_other_origins_and_hosts_stay_refused(self):
        self.assertEqual(self.post_json("AmazonSQS.ListQueues", {},
                                        {"Origin": "http://localhost:3001"}).status, 403)
        self.assertEqual(self.post_json("AmazonSQS.ListQueues", {},
                                        {"Host": "broker.test:4566"}).status, 200)
        self.assertNotEqual(self.post_json("AmazonSQS.ListQueues", {},
                                           {"Host": "other.test"}).status, 200)


class Starting(unittest.TestCase):
    def broker(self, *options, **arguments):
        broker = Broker(options, **arguments)
        self.addCleanup(broker.close)
        return broker

    def run_to_the_end(self, broker, listen="127.0.0.1:0"):
        """(exit status, log) of a broker that is expected not to stay."""
        result = subprocess.run(broker.command(listen), capture_output=True, check=False,
                                timeout=START_TIMEOUT_S)
        return result.returncode, (result.stdout + result.stderr).decode()

    def test_an_address_others_reach_needs_to_be_asked_for(self):
        for listen in ("0.0.0.0:0", "[::]:0"):
            status, log = self.run_to_the_end(self.broker(), listen)
            self.assertNotEqual(status, 0)
            self.assertIn("insecure-plaintext", log)

    def test_and_then_it_is_served(self):
        broker = self.broker("--insecure-plaintext")
        port = free_port()
        with open(broker.log_path, "wb") as log:
            broker.process = subprocess.Popen(broker.command(f"0.0.0.0:{port}"), stderr=log)
        broker.port = port

        def healthy():
            try:
                return broker.get("/_signalbox/health")[0] == 200
            except OSError:
                return False
        support.wait_until(healthy, what="health")

    def test_the_data_directory_is_for_its_owner_alone(self):
        broker = self.broker().start()
        mode = stat.S_IMODE(os.stat(broker.data_dir).st_mode)
        self.assertEqual(oct(mode), "0o700")

    def test_a_second_process_on_the_same_data_gets_a_clear_error(self):
        first = self.broker().start()
        second = self.broker(data_dir=first.data_dir)
        status, log = self.run_to_the_end(second)
        self.assertNotEqual(status, 0)
        self.assertIn(first.data_dir, log)
        self.assertRegex(log, "(?i)another|in use|locked|already")
        self.assertEqual(first.get("/_signalbox/health")[0], 200)

    def test_a_port_in_use_gets_a_clear_error(self):
        first = self.broker().start()
        status, log = self.run_to_the_end(self.broker(), f"127.0.0.1:{first.port}")
        self.assertNotEqual(status, 0)
        self.assertIn(str(first.port), log)

    def test_unknown_flags_and_bad_values_are_refused_by_name(self):
        for options, said in ((["--nonsense"], "nonsense"),
                              (["--durability", "maybe"], "durability"),
                              (["--queue-window-messages", "0"], "queue-window-messages")):
            status, log = self.run_to_the_end(self.broker(*options))
            self.assertNotEqual(status, 0)
            self.assertIn(said, log)

    def test_version_and_help(self):
        binary = self.broker().binary
        version = subprocess.run([binary, "--version"], capture_output=True, check=True)
        self.assertRegex(version.stdout.decode(), r"\d+\.\d+\.\d+")
        text = subprocess.run([binary, "--help"], capture_output=True, check=True).stdout.decode()
        more = subprocess.run([binary, "serve", "--help"], capture_output=True, check=True)
        text += more.stdout.decode()
        for flag in ("--listen", "--data-dir", "--durability", "--queue-window-messages"):
            self.assertIn(flag, text)


class Ending(unittest.TestCase):
    def setUp(self):
        self.broker = Broker().start()
        self.addCleanup(self.broker.close)
        self.sqs = support.client("sqs", self.broker)

    def test_sigterm_and_sigint_end_with_status_0(self):
        self.assertEqual(self.broker.terminate(), 0)
        self.broker.start()
        self.broker.process.send_signal(signal.SIGINT)
        self.assertEqual(self.broker.wait(), 0)

    def test_a_long_poll_does_not_hold_up_the_end(self):
        url = self.sqs.create_queue(QueueName="q")["QueueUrl"]
        answers = []

        def poll():
            try:
                answers.append(self.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20))
            except Exception as error:  # pylint: disable=broad-except
                answers.append(error)
        thread = threading.Thread(target=poll)
        thread.start()
        time.sleep(0.3)
        started = time.monotonic()
        self.assertEqual(self.broker.terminate(), 0)
        self.assertLess(time.monotonic() - started, 12)
        thread.join(10)

    def test_requests_under_way_are_finished_and_what_was_answered_stays(self):
        url = self.sqs.create_queue(QueueName="q")["QueueUrl"]
        acked = []

        def send(number):
            try:
                while True:
                    sqs = support.client("sqs", self.broker)
                    answer = sqs.send_message(QueueUrl=url, MessageBody=f"m{number}")
                    acked.append(answer["MessageId"])
            except Exception:  # pylint: disable=broad-except
                pass  # the end of the broker
        threads = [threading.Thread(target=send, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        self.assertEqual(self.broker.terminate(), 0)
        for thread in threads:
            thread.join(20)
        self.broker.start()
        sqs = support.client("sqs", self.broker)
        found = set()
        while True:
            messages = sqs.receive_message(QueueUrl="q", MaxNumberOfMessages=10).get("Messages")
            if not messages:
                break
            found |= {message["MessageId"] for message in messages}
        self.assertTrue(acked)
        self.assertEqual(set(acked) - found, set())


class DamagedData(unittest.TestCase):
    """A damaged data directory is refused by name; nothing is dropped in silence."""

    def setUp(self):
        self.broker = Broker().start()
        self.addCleanup(self.broker.close)
        sqs = support.client("sqs", self.broker)
        sqs.create_queue(QueueName="q")
        for number in range(200):
            sqs.send_message(QueueUrl="q", MessageBody=f"message {number} " + "x" * 500)

    def files(self, pattern):
        return sorted(pathlib.Path(self.broker.data_dir).rglob(pattern),
                      key=lambda path: path.stat().st_size)

    def refuses(self, path):
        with self.assertRaises(BrokerError) as caught:
            self.broker.start()
            self.broker.kill()
        said = str(caught.exception)
        self.assertNotIn("was not ready", said)
        self.assertIn(path.name, said)

    def flip(self, path, at):
        with open(path, "r+b") as file:
            file.seek(at)
            old = file.read(3)
            file.seek(at)
            file.write(bytes(byte ^ 0xFF for byte in old))

    def test_three_flipped_bytes_in_the_middle_of_the_log(self):
        self.broker.kill()
        log = self.files("*.log")[-1]
        self.flip(log, log.stat().st_size // 2)
        self.refuses(log)

    def test_a_log_cut_in_half(self):
        self.broker.kill()
        log = self.files("*.log")[-1]
        os.truncate(log, log.stat().st_size // 2)
        with self.assertRaises(BrokerError):
            self.broker.start()
            self.broker.kill()

    def test_a_damaged_manifest(self):
        self.broker.terminate()
        manifest = self.files("MANIFEST-*")[-1]
        self.flip(manifest, manifest.stat().st_size // 2)
        self.refuses(manifest)

    def test_a_missing_current_file(self):
        self.broker.terminate()
        current = self.files("CURRENT")[0]
        current.unlink()
        self.refuses(current)

    def test_salvage_starts_with_what_is_left(self):
        self.broker.kill()
        log = self.files("*.log")[-1]
        self.flip(log, log.stat().st_size // 2)
        self.broker.options = ["--salvage"]
        self.broker.start()
        sqs = support.client("sqs", self.broker)
        count = sqs.get_queue_attributes(QueueUrl="q", AttributeNames=["All"])["Attributes"]
        self.assertLess(int(count["ApproximateNumberOfMessages"]), 200)
        self.broker.options = []
        self.broker.restart()

    def test_a_directory_that_holds_something_else(self):
        self.broker.terminate()
        other = Broker()
        self.addCleanup(other.close)
        os.makedirs(other.data_dir, mode=0o700)
        pathlib.Path(other.data_dir, "holiday.jpg").write_bytes(b"not ours")
        try:
            other.start()
            self.assertTrue(pathlib.Path(other.data_dir, "holiday.jpg").exists())
        except BrokerError as error:
            self.assertIn(other.data_dir, str(error))


if __name__ == "__main__":
    unittest.main()
