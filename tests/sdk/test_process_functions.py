"""Functions that the broker runs itself: a zip is all there is. What their processes see and write,
how many there are, and what becomes of those that crash, hang or talk nonsense."""

import base64
import json
import os
import pathlib
import signal
import sys
import tempfile
import unittest

import support
from broker_process import Broker
from function_support import FunctionsTest, zip_of
from support import ACCOUNT, REGION, queue_arn, unique, wait_until

CODE = {"app.py": """
import os, sys, time, json

def echo(event, context):
    print("got", json.dumps(event))
    return {"event": event, "pid": os.getpid(), "stage": os.environ.get("STAGE"),
            "name": context.function_name, "root": os.getcwd(), "umask": os.umask(0o22)}

def fail(event, context):
    raise ValueError("no such order")

def leave(event, context):
    print("leaving", flush=True)
    os._exit(7)

def hang(event, context):
    time.sleep(60)

def sleep(event, context):
    time.sleep(event["seconds"])
    return os.getpid()

def nonsense(event, context):
    return {1, 2}

def large(event, context):
    return "x" * (7 << 20)

def huge(event, context):
    return "x" * (20 << 20)

def send(event, context):
    import urllib.request
    with urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/_signalbox/health") as answer:
        return answer.status
""", "broken.py": "import nowhere_to_be_found\n"}
NODE = {"index.mjs": """
export const handler = async (event) => {
  console.log("got", event.id);
  return { id: event.id, runtime: process.env.AWS_EXECUTION_ENV };
};
export const fails = async () => { throw new TypeError("no such order"); };
"""}
BOOTSTRAP = {"bootstrap": """#!/bin/sh
while true; do
  head=$(mktemp)
  event=$(curl -sS -D "$head" "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next")
  id=$(sed -n 's/^lambda-runtime-aws-request-id: *\\([^\\r]*\\).*/\\1/Ip' "$head")
  [ -n "$id" ] || exit 1
  curl -sS -o /dev/null -d "{\\"from\\":\\"sh\\",\\"event\\":$event}" \\
    "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response"
  rm "$head"
done
"""}


class ProcessesTest(FunctionsTest):
    def python(self, handler="echo", **arguments):
        return self.function(**{"Code": {"ZipFile": zip_of(CODE)}, "Handler": f"app.{handler}",
                                "Timeout": 10, **arguments})

    def call(self, name, payload=None, **arguments):
        """(what the function answered, its error or None, the last of its log)."""
        answer = self.functions.invoke(
            FunctionName=name, Payload=json.dumps(payload), LogType="Tail", **arguments)
        text = answer["Payload"].read()
        log = base64.b64decode(answer["LogResult"]).decode()
        return json.loads(text or "null"), answer.get("FunctionError"), log


class Runs(ProcessesTest):
    def test_a_zip_is_run_with_its_environment_and_its_log_is_told(self):
        name = self.python(Environment={"Variables": {"STAGE": "test"}})
        answer, error, log = self.call(name, {"id": 7})
        self.assertIsNone(error, answer)
        self.assertEqual((answer["event"], answer["stage"], answer["name"]),
                         ({"id": 7}, "test", name))
        self.assertEqual(answer["umask"], 0o22)
        self.assertRegex(log, r'START RequestId: \S+ Version: \$LATEST\n(?s:.*)got \{"id": 7\}\n'
                              r"(?s:.*)END RequestId: \S+\nREPORT RequestId: ")
        group = pathlib.Path(self.broker.data_dir) / "log-groups" / ACCOUNT / REGION
        lines = wait_until(lambda: [path for path in group.rglob("*") if name in path.name],
                           what="the function's log group")
        wait_until(lambda: "got" in lines[0].read_text(), what="the line in it")
        # The same process, warm.
        again, _, log = self.call(name, {"id": 8})
        self.assertEqual(again["pid"], answer["pid"])
        self.assertNotIn('{"id": 7}', log)

    def test_node_and_a_bootstrap_of_its_own_are_run(self):
        node = self.function(Code={"ZipFile": zip_of(NODE)}, Runtime="nodejs20.x",
                             Handler="index.handler", Timeout=10)
        answer, error, log = self.call(node, {"id": 7})
        self.assertEqual((answer, error), ({"id": 7, "runtime": "AWS_Lambda_nodejs20.x"}, None))
        self.assertIn("got 7", log)
        fails = self.function(Code={"ZipFile": zip_of(NODE)}, Runtime="nodejs20.x",
                              Handler="index.fails", Timeout=10)
        answer, error, _ = self.call(fails, {})
        self.assertEqual((answer["errorType"], answer["errorMessage"], error),
                         ("TypeError", "no such order", "Unhandled"))
        own = self.function(Code={"ZipFile": zip_of(BOOTSTRAP)}, Runtime="provided.al2023",
                            Handler="x", Timeout=10)
        answer, error, _ = self.call(own, {"id": 9})
        self.assertEqual((answer, error), ({"from": "sh", "event": {"id": 9}}, None))

    def test_a_command_is_run_where_it_says(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "app.py").write_text(CODE["app.py"], encoding="utf-8")
            name = self.function(
                PackageType="Image", Code={"ImageUri": "command:orders"}, Timeout=10,
                ImageConfig={"EntryPoint": [sys.executable, "-m", "awslambdaric"],
                             "Command": ["app.echo"], "WorkingDirectory": folder})
            answer, error, _ = self.call(name, {"id": 7})
            self.assertEqual((answer["event"], answer["root"], error), ({"id": 7}, folder, None))
        config = self.functions.get_function_configuration(FunctionName=name)
        self.assertEqual(config["ImageConfigResponse"]["ImageConfig"]["Command"], ["app.echo"])
        nothing = self.function(PackageType="Image", Code={"ImageUri": "command:"}, Timeout=10)
        answer, error, _ = self.call(nothing, {})
        self.assertEqual((answer["errorType"], error), ("Runtime.InvalidEntrypoint", "Unhandled"))

    def test_a_handler_reaches_the_broker(self):
        self.assertEqual(self.call(self.python("send"))[:2], (200, None))

    def test_code_and_configuration_that_change_are_run_from_then_on(self):
        name = self.python(Environment={"Variables": {"STAGE": "one"}})
        self.assertEqual(self.call(name)[0]["stage"], "one")
        self.functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": {"STAGE": "two"}})
        self.assertEqual(self.call(name)[0]["stage"], "two")

    def test_a_queue_s_messages_are_run(self):
        queue = unique("orders")
        url = self.sqs.create_queue(QueueName=queue)["QueueUrl"]
        function = self.python()
        mapping = self.functions.create_event_source_mapping(
            EventSourceArn=queue_arn(queue), FunctionName=function)
        self.addCleanup(self.functions.delete_event_source_mapping, UUID=mapping["UUID"])
        self.sqs.send_message(QueueUrl=url, MessageBody="hello")

        def left():
            attributes = self.sqs.get_queue_attributes(
                QueueUrl=url, AttributeNames=["All"])["Attributes"]
            return (int(attributes["ApproximateNumberOfMessages"])
                    + int(attributes["ApproximateNumberOfMessagesNotVisible"]))

        wait_until(lambda: left() == 0, what="an empty queue")


class Breaks(ProcessesTest):
    def check(self, handler, error_type, message, payload=None, **arguments):
        name = self.python(handler, **arguments)
        answer, error, _ = self.call(name, payload)
        self.assertEqual((error, answer["errorType"]), ("Unhandled", error_type), answer)
        self.assertRegex(answer["errorMessage"], message)
        return name

    def test_a_handler_that_raises(self):
        self.check("fail", "ValueError", "^no such order$")

    def test_a_process_that_exits_ends_its_invocation_at_once(self):
        name = self.check("leave", "Runtime.ExitError", "exit status 7", Timeout=60)
        # The next one gets a process of its own.
        self.assertEqual(self.call(name)[1], "Unhandled")

    def test_a_handler_that_hangs_is_killed_when_its_time_is_up(self):
        self.check("hang", "Sandbox.Timedout", "Task timed out after 1.00 seconds", Timeout=1)

    def test_an_answer_that_is_no_json_or_too_large(self):
        self.check("nonsense", "Runtime.MarshalError", "set is not JSON serializable")
        self.check("large", "Function.ResponseSizeTooLarge", "6291556")
        self.check("huge", "Function.ResponseSizeTooLarge", "6291556")

    def test_code_that_cannot_be_loaded(self):
        name = self.python(Handler="broken.handler")
        # However often: the process that has failed gets none of the next ones.
        for _ in range(4):
            answer, error, log = self.call(name)
            self.assertEqual(error, "Unhandled")
            self.assertIn("nowhere_to_be_found", answer["errorMessage"])
            self.assertRegex(log, r"nowhere_to_be_found(?s:.*)START(?s:.*)END(?s:.*)REPORT")
        name = self.python(Handler="app.nobody")
        answer, error, _ = self.call(name)
        self.assertEqual((error, answer["errorType"]), ("Unhandled", "Runtime.HandlerNotFound"))

    def test_a_zip_that_leaves_its_folder_is_refused(self):
        name = self.function(Code={"ZipFile": zip_of({"../../evil.py": "x"})}, Handler="evil.x",
                             Timeout=10)
        answer, error, _ = self.call(name)
        self.assertEqual(error, "Unhandled", answer)
        data = pathlib.Path(self.broker.data_dir)
        self.assertEqual([*data.rglob("evil.py")], [])


class Counts(ProcessesTest):
    options = ("--function-concurrency", "2", "--function-idle-s", "1")

    def test_as_many_processes_as_there_is_work_for_and_allowed(self):
        name = self.python("sleep")
        for _ in range(3):
            self.functions.invoke(FunctionName=name, InvocationType="Event",
                                  Payload=json.dumps({"seconds": 0.5}))
        most = 0

        def is_done():
            nonlocal most
            most = max(most, len(children_of(self.broker.pid, "app.sleep")))
            text = self.broker.get("/_signalbox/metrics")[2].decode()
            return 'signalbox_function_events_total{outcome="succeeded"} 3' in text

        wait_until(is_done, what="three events done")
        self.assertEqual(most, 2)
        wait_until(lambda: not children_of(self.broker.pid, "app.sleep"), what="idle ones stopped")


def children_of(pid, handler):
    """Processes of the broker whose environment names the handler."""
    found = []
    for path in pathlib.Path("/proc").iterdir():
        if not path.name.isdigit():
            continue
        try:
            status = (path / "status").read_text()
            environment = (path / "environ").read_bytes()
        except OSError:
            continue
        if f"\nPPid:\t{pid}\n" in status and f"_HANDLER={handler}\0".encode() in environment:
            found.append(int(path.name))
    return found


class Off(unittest.TestCase):
    def test_functions_are_no_processes_when_the_setting_or_the_checks_are_off(self):
        for options in (("--function-processes", "off"), ("--allowed-host", "*"),
                        ("--allowed-origin", "*", "--function-processes", "on")):
            with self.subTest(options=options), Broker(options) as broker:
                functions = support.client("lambda", broker)
                functions.create_function(
                    FunctionName="f", Role="arn:aws:iam::000000000000:role/r", Timeout=1,
                    Runtime="python3.11", Handler="app.echo", Code={"ZipFile": zip_of(CODE)})
                answer = functions.invoke(FunctionName="f", Payload="{}")
                self.assertEqual(json.loads(answer["Payload"].read())["errorType"],
                                 "Runtime.NoWorker")


class Ends(unittest.TestCase):
    def test_no_worker_outlives_a_broker_that_is_killed(self):
        broker = Broker().start()
        self.addCleanup(broker.close)
        functions = support.client("lambda", broker)
        functions.create_function(
            FunctionName="f", Role="arn:aws:iam::000000000000:role/r", Timeout=30,
            Runtime="python3.11", Handler="app.echo", Code={"ZipFile": zip_of(CODE)})
        pid = json.loads(functions.invoke(FunctionName="f", Payload="{}")["Payload"].read())["pid"]
        os.kill(pid, 0)
        os.kill(broker.pid, signal.SIGKILL)
        broker.process.wait()

        def is_gone():
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return True
            return pathlib.Path(f"/proc/{pid}/status").read_text().count("State:\tZ") == 1

        wait_until(is_gone, what="the worker's end")


if __name__ == "__main__":
    unittest.main()
