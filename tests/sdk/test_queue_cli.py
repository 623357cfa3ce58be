"""`signalbox queue`: an operator's work on the command line, boto3 beside it."""

import json
import os
import pty
import stat
import subprocess
import tempfile
import unittest

import support
from broker_process import binary_path, free_port
from support import SdkTest, queue_arn, unique


class CommandLine(SdkTest):
    def run_queue(self, *arguments, stdin="", environment=None, **keywords):
        inherited = {name: value for name, value in os.environ.items()
                     if not name.startswith("AWS_") and name not in ("VISUAL", "EDITOR")}
        variables = {"AWS_ENDPOINT_URL": self.broker.endpoint, **inherited, **(environment or {})}
        return subprocess.run([binary_path(), "queue", *arguments], input=stdin, text=True,
                              capture_output=True, timeout=60, env=variables, check=False,
                              **keywords)

    def queue_says(self, *arguments, **keywords):
        done = self.run_queue(*arguments, **keywords)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def queue_refuses(self, status, part, *arguments, **keywords):
        done = self.run_queue(*arguments, **keywords)
        self.assertEqual(done.returncode, status, (done.stdout, done.stderr))
        self.assertTrue(done.stderr.startswith("signalbox: "), done.stderr)
        self.assertIn(part, done.stderr)

    def lines(self, *arguments):
        """What a command prints with --json."""
        return [json.loads(line) for line in self.queue_says(*arguments, "--json").splitlines()]

    def bodies(self, name):
        return [message["body"] for message in self.lines("peek", name, "--all")]

    def named_queue(self, prefix="queue", **attributes):
        url = self.queue(prefix, attributes)
        return self.name_of(url), url

    def editor(self, script):
        """The path of a program that edits the file it is given."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "editor")
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + script + "\n")
        os.chmod(path, stat.S_IRWXU)
        return path


class Looking(CommandLine):
    def test_ls_counts_each_queues_messages(self):
        dead, _ = self.named_queue("dead")
        live, url = self.named_queue("live", RedrivePolicy=json.dumps(
            {"deadLetterTargetArn": queue_arn(dead), "maxReceiveCount": 3}))
        for _ in range(3):
            self.send(url, "x")
        self.send(url, "x", DelaySeconds=60)
        self.receive(url, 1)
        rows = {line.split()[0]: line.split() for line in self.queue_says("ls").splitlines()}
        self.assertEqual(rows[live][1:4], ["2", "1", "1"])
        self.assertEqual(rows[live][-3:], [dead, "after", "3"])
        self.assertEqual(self.queue_says("ls", live).splitlines()[0].split()[0], "QUEUE")
        overview = self.lines("ls", live)
        self.assertEqual([(queue["name"], queue["visible"]) for queue in overview], [(live, 2)])

    def test_ls_reads_on_past_one_page(self):
        there = support.client("sqs", self.broker, region="ap-south-1")
        names = sorted(f"many-{number:04}" for number in range(1005))
        for name in names:
            there.create_queue(QueueName=name)
        queues = self.lines("ls", "--region", "ap-south-1")
        self.assertEqual([queue["name"] for queue in queues], names)

    def test_peek_shows_messages_and_changes_nothing(self):
        name, url = self.named_queue()
        sent = self.send(url, "hello", MessageAttributes={
            "color": {"DataType": "String", "StringValue": "red"}})
        text = self.queue_says("peek", name)
        for part in (sent["MessageId"], "received 0 times", "attribute color (String): red",
                     "hello"):
            self.assertIn(part, text)
        self.assertEqual(self.attributes(url)["ApproximateNumberOfMessagesNotVisible"], "0")

    def test_peek_shows_ten_and_says_that_there_are_more(self):
        name, url = self.named_queue()
        for number in range(12):
            self.send(url, str(number))
        done = self.run_queue("peek", name)
        self.assertEqual(done.stdout.count("received 0 times"), 10)
        self.assertIn("--all", done.stderr)
        self.assertEqual(self.bodies(name), [str(number) for number in range(12)])
        self.assertEqual(len(self.lines("peek", name, "--limit", "11")), 11)

    def test_peek_shows_what_is_in_flight_and_delayed(self):
        name, url = self.named_queue()
        self.send(url, "taken")
        self.receive(url)
        self.send(url, "later", DelaySeconds=60)
        for state, body in (("in_flight", "taken"), ("delayed", "later")):
            text = self.queue_says("peek", name, "--state", state)
            self.assertIn("visible at", text)
            self.assertIn(body, text)
        done = self.run_queue("peek", name)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertIn("no messages that are visible", done.stderr)

    def test_output_that_could_not_be_written_is_a_failure(self):
        name, url = self.named_queue()
        with open("/dev/full", "wb") as full:
            def status(*arguments):
                done = subprocess.run([binary_path(), "queue", *arguments], stdout=full,
                                      stderr=subprocess.PIPE, text=True, timeout=60, check=False,
                                      env={**os.environ, "AWS_ENDPOINT_URL": self.broker.endpoint})
                self.assertIn("No space left on device", done.stderr)
                return done.returncode

            self.send(url, "short")
            self.assertEqual(status("peek", name), 1)
            self.send(url, "longer than a buffer " * 10_000)
            self.assertEqual(status("peek", name), 1)

    def test_control_characters_of_a_message_do_not_reach_the_terminal(self):
        name, url = self.named_queue()
        self.send(url, "a\u009b31mb")
        self.assertNotIn("\u009b", self.queue_says("peek", name))

    def test_worlds_are_chosen_as_the_aws_cli_does(self):
        there = support.client("sqs", self.broker, region="eu-west-3", access_key="210987654321")
        url = there.create_queue(QueueName="abroad")["QueueUrl"]
        self.assertEqual(self.lines("ls", "--region", "eu-west-3", "--account", "210987654321")[0]
                         ["name"], "abroad")
        abroad = {"AWS_DEFAULT_REGION": "eu-west-3", "AWS_ACCESS_KEY_ID": "210987654321"}
        self.queue_says("send", "abroad", "bonjour", environment=abroad)
        self.assertEqual(there.receive_message(QueueUrl=url)["Messages"][0]["Body"], "bonjour")
        self.queue_refuses(1, "there is no queue abroad", "peek", "abroad")


class Sending(CommandLine):
    def test_a_body_comes_from_an_argument_standard_input_or_a_file(self):
        name, url = self.named_queue()
        self.queue_says("send", name, "as an argument, ü")
        self.queue_says("send", name, "-", stdin="from\nstandard input\n")
        with tempfile.NamedTemporaryFile("w") as file:
            file.write('{"from": "a file"}')
            file.flush()
            self.queue_says("send", name, "--file", file.name)
        self.assertEqual([message["Body"] for message in self.receive(url)],
                         ["as an argument, ü", "from\nstandard input\n", '{"from": "a file"}'])

    def test_attributes_groups_and_delays_are_sent(self):
        name, url = self.named_queue()
        self.queue_says("send", name, "x", "--attribute", "color=red", "--attribute", "n:Number=5",
                        "--attribute", "blob:Binary=AAH/")
        received = self.receive_one(url, MessageAttributeNames=["All"])["MessageAttributes"]
        self.assertEqual(received["blob"]["BinaryValue"], b"\0\1\xff")
        self.assertEqual((received["color"]["StringValue"], received["n"]["DataType"]),
                         ("red", "Number"))
        self.queue_says("send", name, "later", "--delay", "60")
        self.assertEqual(self.attributes(url)["ApproximateNumberOfMessagesDelayed"], "1")
        fifo = unique("orders") + ".fifo"
        url = self.sqs.create_queue(QueueName=fifo, Attributes={"FifoQueue": "true"})["QueueUrl"]
        for _ in range(2):
            self.queue_says("send", fifo, "once", "--group", "g", "--dedup", "d")
        self.assertEqual(len(self.receive(url)), 1)
        self.queue_refuses(1, "MessageGroupId", "send", fifo, "x")

    def test_bytes_that_are_no_text_are_refused_with_a_way_out(self):
        name, _ = self.named_queue()
        with tempfile.NamedTemporaryFile("wb") as file:
            file.write(b"\xff\xfe")
            file.flush()
            self.queue_refuses(2, "Binary=BASE64", "send", name, "--file", file.name)
        self.queue_refuses(2, "/no/such/file", "send", name, "--file", "/no/such/file")

    def test_receive_hides_messages_and_delete_takes_them(self):
        name, url = self.named_queue()
        for body in ("a", "b", "c"):
            self.send(url, body)
        self.assertIn("a", self.queue_says("receive", name))
        received = self.lines("receive", name, "--max", "10", "--delete")
        self.assertEqual([message["Body"] for message in received], ["b", "c"])
        attributes = self.attributes(url)
        self.assertEqual((attributes["ApproximateNumberOfMessages"],
                          attributes["ApproximateNumberOfMessagesNotVisible"]), ("0", "1"))
        done = self.run_queue("receive", name)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertIn("no message came", done.stderr)


class Mending(CommandLine):
    def setUp(self):
        self.dead, self.dead_url = self.named_queue("dead")
        self.live, self.live_url = self.named_queue("live", RedrivePolicy=json.dumps(
            {"deadLetterTargetArn": queue_arn(self.dead), "maxReceiveCount": 1}))

    def dead_letter(self, *bodies):
        """The ids of messages that have come to the dead-letter queue."""
        for body in bodies:
            self.send(self.live_url, body)
        self.receive(self.live_url, VisibilityTimeout=0)
        self.assertEqual(self.receive(self.live_url), [])
        return [message["message_id"] for message in self.lines("peek", self.dead)]

    def test_a_dead_letter_is_mended_in_an_editor_and_sent_back(self):
        message, = self.dead_letter('{"total": "12,50"}')
        editor = self.editor("""sed -i 's/"12,50"/12.5/' "$1"; echo >> "$1" """)
        said = self.queue_says("edit", self.dead, message, "--send-to", self.live,
                               environment={"EDITOR": editor})
        self.assertIn(f"Sent to {self.live}", said)
        self.assertEqual(self.bodies(self.dead), [])
        self.assertEqual(self.receive_one(self.live_url)["Body"], '{"total": 12.5}')

    def test_with_nobody_to_edit_it_a_message_is_sent_on_as_it_is(self):
        message, = self.dead_letter("as it is")
        self.queue_says("edit", self.dead, message, "--send-to", self.live, stdin="")
        self.assertEqual(self.receive_one(self.live_url)["Body"], "as it is")

    def test_a_body_is_changed_in_its_place(self):
        messages = self.dead_letter("a", "b")
        self.queue_says("edit", self.dead, messages[0], "--body", "A")
        self.queue_says("edit", self.dead, messages[1], "--file", "-", stdin="B")
        self.assertEqual(self.bodies(self.dead), ["A", "B"])
        self.assertEqual([message["message_id"] for message in self.lines("peek", self.dead)],
                         messages)

    def test_an_editor_that_changes_nothing_or_fails_changes_nothing(self):
        message, = self.dead_letter("a")
        done = self.run_queue("edit", self.dead, message, environment={"VISUAL": "true"})
        self.assertEqual(done.returncode, 0)
        self.assertIn("nothing was changed", done.stderr)
        self.queue_refuses(2, "status 3", "edit", self.dead, message,
                           environment={"EDITOR": self.editor('echo x > "$1"; exit 3')})
        self.assertEqual(self.bodies(self.dead), ["a"])

    def test_a_text_that_is_refused_is_kept_for_another_try(self):
        message, = self.dead_letter("a")
        editor = self.editor("""printf 'bad\\001' > "$1" """)
        done = self.run_queue("edit", self.dead, message, environment={"EDITOR": editor})
        self.assertEqual(done.returncode, 1)
        path = done.stderr.rpartition("Your text is in ")[2].strip().rstrip(".")
        self.addCleanup(os.unlink, path)
        with open(path, "rb") as kept:
            self.assertEqual(kept.read(), b"bad\x01")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)

    def test_a_message_is_discarded_by_its_id(self):
        messages = self.dead_letter("a", "b")
        self.queue_says("discard", self.dead, messages[0])
        self.assertEqual(self.bodies(self.dead), ["b"])
        self.queue_refuses(1, f"has no message {messages[0]}", "discard", self.dead, messages[0])

    def test_a_message_in_flight_is_taken_only_by_force(self):
        message, = self.dead_letter("a")
        self.receive(self.dead_url)
        self.queue_refuses(1, "in flight", "discard", self.dead, message)
        self.queue_says("discard", self.dead, message, "--force")
        self.assertEqual(self.attributes(self.dead_url)["ApproximateNumberOfMessagesNotVisible"],
                         "0")

    def test_redrive_moves_everything_back_and_waits_for_it(self):
        self.dead_letter("a", "b", "c")
        self.assertIn("3 messages moved", self.queue_says("redrive", self.dead, "--wait"))
        self.assertEqual(self.bodies(self.dead), [])
        self.assertEqual(sorted(self.bodies(self.live)), ["a", "b", "c"])

    def test_redrive_goes_elsewhere_at_a_rate_and_can_be_stopped(self):
        self.dead_letter(*"abcdefghij")
        other, _ = self.named_queue("other")
        self.assertIn("--cancel", self.queue_says("redrive", self.dead, "--to", other,
                                                  "--rate", "1"))
        self.assertIn("Stopped after", self.queue_says("redrive", self.dead, "--cancel"))
        self.assertGreater(len(self.bodies(self.dead)), 0)
        self.queue_refuses(1, "there is no queue nowhere", "redrive", self.dead, "--to", "nowhere")
        self.queue_refuses(1, "Dead Letter Queue", "redrive", other)


class Purging(CommandLine):
    def test_purge_asks_on_a_terminal(self):
        name, url = self.named_queue()
        self.send(url, "x")
        for answer, left in (("no", ["x"]), ("yes", [])):
            terminal, inside = pty.openpty()
            try:
                os.write(terminal, answer.encode() + b"\n")
                done = subprocess.run(
                    [binary_path(), "queue", "purge", name, "--endpoint-url",
                     self.broker.endpoint], stdin=inside, capture_output=True, text=True,
                    timeout=60, check=False)
            finally:
                os.close(terminal)
                os.close(inside)
            self.assertIn(f"Delete all 1 messages of {name}?", done.stderr)
            self.assertEqual((done.returncode, self.bodies(name)), (int(answer == "no"), left))

    def test_purge_without_a_terminal_needs_a_yes(self):
        name, url = self.named_queue()
        self.send(url, "x")
        self.queue_refuses(2, "--yes", "purge", name)
        self.assertEqual(self.bodies(name), ["x"])
        self.assertIn("Deleted 1 message.", self.queue_says("purge", name, "--yes"))
        self.assertEqual(self.bodies(name), [])


class Complaints(CommandLine):
    def test_what_is_wrong_is_said_with_where_and_what_to_do(self):
        name, _ = self.named_queue()
        for status, part, arguments in (
                (2, "signalbox queue --help", ("frobnicate",)), (2, "needs a QUEUE", ("peek",)),
                (2, "visible, in_flight or delayed", ("peek", name, "--state", "gone")),
                (1, "`signalbox queue ls`", ("peek", "no-such-queue")),
                (1, "`signalbox queue peek", ("discard", name, "no-such-id")),
                (2, "https is not spoken", ("ls", "--endpoint-url", "https://127.0.0.1:1"))):
            with self.subTest(arguments=arguments):
                self.queue_refuses(status, part, *arguments)
        self.assertIn("signalbox queue ls", self.queue_says("--help"))

    def test_a_broker_that_is_not_there_is_named(self):
        url = f"http://127.0.0.1:{free_port()}"
        self.queue_refuses(1, f"{url}: nothing answers there", "ls", "--endpoint-url", url)


if __name__ == "__main__":
    unittest.main()
