"""Runs `signalbox events` for the tests that look at buses as an operator does."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
import urllib.parse

from broker_process import binary_path
from support import SdkTest

PATTERN = {"source": ["wanted"]}


def environment(broker, variables=()):
    inherited = {name: value for name, value in os.environ.items()
                 if not name.startswith("AWS_") and name != "NO_COLOR"}
    return {**inherited, "AWS_ENDPOINT_URL": broker.endpoint, **dict(variables)}


class Following:
    """A command that goes on until it is told to end."""

    def __init__(self, broker, *arguments):
        self.process = subprocess.Popen(
            [binary_path(), "events", *arguments], env=environment(broker), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines, self.told = [], []
        self.threads = [threading.Thread(target=self._read, args=each, daemon=True) for each in (
            (self.process.stdout, self.lines), (self.process.stderr, self.told))]
        for thread in self.threads:
            thread.start()

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.append(line)

    @property
    def numbers(self):
        return [json.loads(line)["detail"]["n"] for line in list(self.lines)]

    def end(self, how=signal.SIGINT):
        self.process.send_signal(how)
        return self.wait()

    def wait(self):
        status = self.process.wait(timeout=30)
        for thread in self.threads:
            thread.join()
        return status

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        self.process.stdout.close()
        self.process.stderr.close()


class CommandLine(SdkTest):
    def run_events(self, *arguments, stdin="", variables=(), **keywords):
        return subprocess.run([binary_path(), "events", *arguments], input=stdin, text=True,
                              capture_output=True, timeout=120, check=False,
                              env=environment(self.broker, variables), **keywords)

    def says(self, *arguments, **keywords):
        done = self.run_events(*arguments, **keywords)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def refuses(self, status, part, *arguments, **keywords):
        done = self.run_events(*arguments, **keywords)
        self.assertEqual(done.returncode, status, (done.stdout, done.stderr))
        self.assertTrue(done.stderr.startswith("signalbox: "), done.stderr)
        self.assertIn(part, done.stderr)
        return done

    def logged(self, bus):
        """The events of a bus's log."""
        return [json.loads(line) for line in
                self.says("tail", "--bus", bus, "--from", "start", "--once").splitlines()]

    def follow(self, *arguments, broker=None):
        following = Following(broker or self.broker, *arguments)
        self.addCleanup(following.close)
        return following

    def put_many(self, bus, numbers, source="test", client=None):
        numbers = list(numbers)
        for first in range(0, len(numbers), 10):
            answer = (client or self.events).put_events(Entries=[
                {"EventBusName": bus, "Source": source, "DetailType": "Test",
                 "Detail": json.dumps({"n": n})} for n in numbers[first:first + 10]])
            self.assertEqual(answer["FailedEntryCount"], 0, answer)

    @contextlib.contextmanager
    def file(self, text):
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            yield file.name

    def page(self, status=200, broker=None, **parameters):
        parameters = {name.rstrip("_"): value for name, value in parameters.items()}
        answer = self.raw("GET", "/_signalbox/events?" + urllib.parse.urlencode(parameters),
                          broker=broker)
        self.assertEqual(answer.status, status, answer.text)
        return answer.json
