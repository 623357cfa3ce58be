"""The bootstraps of signalbox/workers against the broker: handlers that work, and others.

Each of Python's tests runs twice: with awslambdaric, and with the bootstrap's own loop, which has
to behave the same.
"""

import concurrent.futures
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest

import support
from support import ACCOUNT, REGION, SdkTest, unique
from function_support import CODE, ROLE

WORKERS = pathlib.Path(__file__).resolve().parents[2] / "signalbox" / "workers"


class Worker:
    """A bootstrap that runs over some files."""

    def __init__(self, command, files, runtime_api, handler, function, **variables):
        self.folder = tempfile.TemporaryDirectory(prefix="signalbox-code-")
        for name, text in files.items():
            path = pathlib.Path(self.folder.name, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        environment = {
            "PATH": os.environ["PATH"], "LANG": "en_US.UTF-8", "TZ": ":UTC",
            "AWS_LAMBDA_FUNCTION_NAME": function, "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128", "AWS_REGION": REGION,
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "stream", "_HANDLER": handler,
            "LAMBDA_TASK_ROOT": self.folder.name, "AWS_LAMBDA_RUNTIME_API": runtime_api,
            **variables}
        self.process = subprocess.Popen(
            command, cwd=self.folder.name, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def output(self):
        """All that it has written; it is stopped for that."""
        self.process.kill()
        return self.process.communicate(timeout=30)[0]

    def status(self):
        return self.process.wait(timeout=30)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.folder.cleanup()


class BootstrapTest(SdkTest):
    """A runtime is a command and the files that make it what it is."""

    options = ("--function-processes", "off")
    runtime = "python3.11"
    command = ()
    files = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.functions = support.client("lambda", cls.broker)

    def function(self, **arguments):
        name = unique("function")
        self.functions.create_function(**{
            "FunctionName": name, "Runtime": self.runtime, "Role": ROLE, "Handler": "app.handler",
            "Code": {"ZipFile": CODE}, "Timeout": 20, **arguments})
        return name

    def port(self, name):
        """A host and a port alone, as unmodified runtime clients want it."""
        body = json.dumps({"function_arn":
                           f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"}).encode()
        status, _, answer = self.broker.request("POST", "/_signalbox/runtime-port", body,
                                                {"Content-Type": "application/json"})
        self.assertEqual(status, 200, answer)
        return json.loads(answer)["runtime_api"]

    def worker(self, name, files, handler="app.handler", **variables):
        worker = Worker(self.command, {**self.files, **files}, self.port(name), handler, name,
                        **variables)
        self.addCleanup(worker.stop)
        return worker

    def invoke(self, name, payload=None, **arguments):
        """(FunctionError or none, the answer)."""
        answer = self.functions.invoke(FunctionName=name, Payload=json.dumps(payload), **arguments)
        return answer.get("FunctionError"), json.loads(answer["Payload"].read())

    def invoke_warm(self, name, payload):
        """As invoke, of a function with a short timeout whose worker may still be starting."""
        while True:
            error, answer = self.invoke(name, payload)
            if error is None or answer["errorType"] != "Runtime.NoWorker":
                return error, answer

    def answer(self, files, payload=None, handler="app.handler"):
        """What a handler answers, which must go well."""
        name = self.function()
        worker = self.worker(name, files, handler)
        error, answer = self.invoke(name, payload)
        self.assertIsNone(error, (answer, worker.output() if error else ""))
        return answer

    def error(self, files, payload=None, handler="app.handler"):
        name = self.function()
        self.worker(name, files, handler)
        error, answer = self.invoke(name, payload)
        self.assertEqual(error, "Unhandled", answer)
        return answer

    def init_error(self, files, handler="app.handler"):
        """What an invocation is told by a worker that cannot begin, and what that wrote."""
        name = self.function(Timeout=30)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            invocation = pool.submit(self.invoke, name)
            # One may have told nobody, before there was an invocation.
            while not invocation.done():
                worker = self.worker(name, files, handler)
                self.assertEqual(worker.status(), 1)
                output = worker.output()
        error, answer = invocation.result()
        self.assertEqual(error, "Unhandled", answer)
        return answer, output


OWN_LOOP = {"awslambdaric.py": "raise ImportError('not here')\n"}


class PythonTests:
    command = (sys.executable, "-u", str(WORKERS / "bootstrap.py"))

    def test_a_handler_gets_its_event_and_its_context(self):
        name = self.function()
        self.worker(name, {"app.py": """
import os
def handler(event, context):
    return {"event": event, "remaining": context.get_remaining_time_in_millis(),
            "trace": os.environ.get("_X_AMZN_TRACE_ID"), "cwd": os.getcwd(),
            "client": context.client_context,
            "cognito": context.identity.cognito_identity_id,
            **{name: getattr(context, name) for name in (
                "aws_request_id", "function_name", "function_version", "invoked_function_arn",
                "memory_limit_in_mb", "log_group_name", "log_stream_name")}}
"""})
        for number in range(3):
            answer = self.functions.invoke(FunctionName=name, Payload=json.dumps({"é": number}))
            said = json.loads(answer["Payload"].read())
            self.assertEqual(said["event"], {"é": number}, said)
            self.assertEqual(said["aws_request_id"], answer["ResponseMetadata"]["RequestId"])
            self.assertTrue(0 < said["remaining"] <= 20_000)
        self.assertEqual(
            (said["function_name"], said["function_version"], said["invoked_function_arn"],
             said["memory_limit_in_mb"], said["log_group_name"], said["log_stream_name"],
             said["client"], said["cognito"]),
            (name, "$LATEST", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}", "128",
             f"/aws/lambda/{name}", "stream", None, None))

    def test_modules_of_packages_are_handlers(self):
        files = {"pkg/mod.py": "import sibling\ndef func(event, _):\n    return sibling.WORD\n",
                 "sibling.py": "WORD = 'found'\n"}
        for handler in ("pkg/mod.func", "pkg.mod.func"):
            self.assertEqual(self.answer(files, handler=handler), "found")

    def test_answers_of_every_kind(self):
        for code, expected in (("None", None), ("'é'", "é"), ("[1, 2.5, True]", [1, 2.5, True]),
                               ("__import__('decimal').Decimal('1.5')", 1.5)):
            self.assertEqual(
                self.answer({"app.py": f"def handler(event, context):\n    return {code}\n"}),
                expected)

    def test_an_exception_is_told_and_logged(self):
        name = self.function()
        worker = self.worker(name, {"app.py": """
def inner():
    raise KeyError("no such\\norder")
def handler(event, context):
    if event == "fail":
        inner()
    return "well"
"""})
        error, said = self.invoke(name, "fail")
        self.assertEqual((error, said["errorType"], said["errorMessage"]),
                         ("Unhandled", "KeyError", "'no such\\norder'"))
        self.assertEqual(len(said["stackTrace"]), 2)
        self.assertIn("app.py\", line 6, in handler\n    inner()\n", said["stackTrace"][0])
        self.assertEqual(self.invoke(name, "again"), (None, "well"))
        self.assertIn("[ERROR] KeyError: 'no such", worker.output())

    def test_an_answer_that_is_no_json_is_a_marshal_error(self):
        said = self.error({"app.py": "def handler(event, context):\n    return {1, 2}\n"})
        self.assertEqual((said["errorType"], said["errorMessage"]),
                         ("Runtime.MarshalError", "Unable to marshal response: Object of type set "
                          "is not JSON serializable"))

    def test_a_handler_that_cannot_be_had_is_told(self):
        good = "def handler(event, context):\n    return 1\n"
        for files, handler, kind, message in (
                ({"app.py": "import no_such_module\n"}, "app.handler",
                 "Runtime.ImportModuleError", "Unable to import module 'app': No module named "
                 "'no_such_module'"),
                ({"app.py": good}, "other.handler", "Runtime.ImportModuleError",
                 "Unable to import module 'other': No module named 'other'"),
                ({"app.py": "def handler(:\n"}, "app.handler", "Runtime.UserCodeSyntaxError",
                 "Syntax error in module 'app': invalid syntax"),
                ({"app.py": good}, "app.other", "Runtime.HandlerNotFound",
                 "Handler 'other' missing on module 'app'"),
                ({"app.py": good}, "app", "Runtime.MalformedHandlerName", "Bad handler 'app'"),
                ({"app.py": "raise ValueError('at import')\n"}, "app.handler", "ValueError",
                 "at import")):
            with self.subTest(kind=kind, handler=handler):
                said, output = self.init_error(files, handler)
                self.assertEqual(said["errorType"], kind)
                self.assertIn(message, said["errorMessage"])
                self.assertIn(kind, output)

    def test_a_handler_that_exits_ends_the_worker(self):
        for code, status in (("os._exit(3)", 3), ("sys.exit(4)", 4)):
            name = self.function(Timeout=1)
            worker = self.worker(name, {
                "app.py": f"import os, sys\ndef handler(event, context):\n    {code}\n"})
            self.invoke_warm(name, None)
            self.assertEqual(worker.status(), status)

    def test_logging_and_print_are_there_before_the_answer(self):
        name = self.function()
        worker = self.worker(name, {"app.py": """
import logging
logging.getLogger().setLevel(logging.INFO)
def handler(event, context):
    print("printed")
    logging.info("logged %s", 1)
    return context.aws_request_id
"""})
        request_id = self.invoke(name)[1]
        output = worker.output()
        self.assertIn("printed\n", output)
        self.assertRegex(output, r"\[INFO\]\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z\t" + request_id +
                         "\tlogged 1\n")


class PythonWithAwslambdaric(PythonTests, BootstrapTest):
    def test_it_is_awslambdaric_that_runs(self):
        said = self.answer({"app.py": """
import sys
def handler(event, context):
    return "awslambdaric" in sys.modules
"""})
        self.assertTrue(said)


class PythonWithItsOwnLoop(PythonTests, BootstrapTest):
    files = OWN_LOOP

    def test_it_is_the_own_loop_that_runs(self):
        said = self.answer({"app.py": """
import sys
def handler(event, context):
    return [type(context).__module__, "awslambdaric.bootstrap" in sys.modules]
"""})
        self.assertEqual(said, ["__main__", False])


    # awslambdaric ends when its answer is refused.
    def test_a_handler_that_is_late_serves_the_next(self):
        name = self.function(Timeout=1)
        self.worker(name, {"app.py": """
import time
def handler(event, context):
    time.sleep(event)
    return context.get_remaining_time_in_millis()
"""})
        self.invoke_warm(name, 0)
        self.assertEqual(self.invoke_warm(name, 1.5)[1]["errorType"], "Sandbox.Timedout")
        self.assertGreater(self.invoke_warm(name, 0)[1], 0)


class Node(BootstrapTest):
    runtime = "nodejs20.x"
    command = ("node", str(WORKERS / "bootstrap.mjs"))

    def test_a_handler_gets_its_event_and_its_context(self):
        name = self.function()
        self.worker(name, {"app.js": """
exports.handler = async (event, context) => ({ event, cwd: process.cwd(),
  remaining: context.getRemainingTimeInMillis(), ...context });
"""})
        for number in range(3):
            answer = self.functions.invoke(FunctionName=name, Payload=json.dumps({"é": number}))
            said = json.loads(answer["Payload"].read())
            self.assertEqual(said["event"], {"é": number}, said)
            self.assertEqual(said["awsRequestId"], answer["ResponseMetadata"]["RequestId"])
            self.assertTrue(0 < said["remaining"] <= 20_000)
        self.assertEqual(
            (said["functionName"], said["functionVersion"], said["invokedFunctionArn"],
             said["memoryLimitInMB"], said["logGroupName"], said["logStreamName"]),
            (name, "$LATEST", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}", "128",
             f"/aws/lambda/{name}", "stream"))

    def test_modules_of_every_kind_are_handlers(self):
        common = "const word = require('./word.js'); exports.run = async () => word;"
        module = "import word from './word.js'; export const run = async () => word;"
        word = {"word.js": "module.exports = 'found';"}
        for files, handler in (
                ({"app.js": common, **word}, "app.run"),
                ({"app.cjs": common, **word}, "app.run"),
                ({"app.mjs": module, **word}, "app.run"),
                ({"src/app.js": common, "src/word.js": word["word.js"]}, "src/app.run"),
                ({"app.js": module, "word.js": "export default 'found';",
                  "package.json": '{"type": "module"}'}, "app.run"),
                ({"app.mjs": "export default { run: async () => 'found' };"}, "app.run"),
                ({"app.js": "exports.nested = { run: async () => 'found' };"}, "app.nested.run"),
                ({"folder/index.js": "exports.run = async () => 'found';"}, "folder.run"),
                ({"app.js": "exports.run = async () => require('dep');",
                  "node_modules/dep/index.js": "module.exports = 'found';"}, "app.run")):
            with self.subTest(files=list(files), handler=handler):
                self.assertEqual(self.answer(files, handler=handler), "found")

    def test_answers_of_every_kind(self):
        for code, expected in (
                ("async () => undefined", None), ("async () => 'é'", "é"),
                ("async () => ({ a: [1, null] })", {"a": [1, None]}),
                ("(event, context, callback) => callback(null, 'called')", "called"),
                ("(event, context, callback) => { setTimeout(() => callback(null, 1), 10); }", 1),
                ("(event, context) => context.done(null, 2)", 2),
                ("(event, context) => { context.succeed(3); }", 3),
                ("() => {}", None), ("() => new Promise(() => {})", None)):
            with self.subTest(code=code):
                self.assertEqual(self.answer({"app.js": f"exports.handler = {code};"}), expected)

    def test_a_callback_waits_for_what_is_left_to_do_unless_it_is_told_not_to(self):
        for waits in (True, False):
            name = self.function()
            worker = self.worker(name, {"app.js": f"""
exports.handler = (event, context, callback) => {{
  context.callbackWaitsForEmptyEventLoop = {json.dumps(waits)};
  setTimeout(() => console.log('late'), 300);
  callback(null, 'called');
}};
"""})
            self.assertEqual(self.invoke(name), (None, "called"))
            self.assertEqual("late" in worker.output(), waits)

    def test_errors_are_told_and_logged(self):
        for code, kind, message in (
                ("async () => { throw new RangeError('a\\nb'); }", "RangeError", "a\nb"),
                ("() => { throw new TypeError('at once'); }", "TypeError", "at once"),
                ("(e, c, callback) => callback(new Error('called'))", "Error", "called"),
                ("(e, c) => c.fail(new Error('failed'))", "Error", "failed"),
                ("async () => { throw 'a text'; }", "string", "a text"),
                ("async () => { throw undefined; }", "string", "undefined"),
                ("async () => 10n", "Runtime.MarshalError", "BigInt"),
                ("async () => { const a = {}; a.a = a; return a; }", "Runtime.MarshalError",
                 "circular")):
            with self.subTest(code=code):
                name = self.function()
                worker = self.worker(name, {"app.js": f"exports.handler = {code};"})
                error, said = self.invoke(name)
                self.assertEqual((error, said["errorType"]), ("Unhandled", kind), said)
                self.assertIn(message, said["errorMessage"])
                self.assertIsInstance(said["trace"], list)
                # It goes on.
                self.assertEqual(self.invoke(name)[1]["errorType"], kind)
                self.assertIn("\tERROR\tInvoke Error\t", worker.output())

    def test_what_nobody_catches_is_told_and_ends_the_worker(self):
        for code, kind, status in (
                ("() => { setTimeout(() => { throw new Error('thrown'); }, 1); }", "Error", 129),
                ("() => { Promise.reject(new Error('thrown')); setTimeout(() => {}, 20); }",
                 "Runtime.UnhandledPromiseRejection", 128)):
            name = self.function()
            worker = self.worker(name, {"app.js": f"exports.handler = {code};"})
            error, said = self.invoke(name)
            self.assertEqual((error, said["errorType"]), ("Unhandled", kind))
            self.assertIn("thrown", said["errorMessage"])
            self.assertEqual(worker.status(), status)

    def test_a_handler_that_cannot_be_had_is_told(self):
        good = "exports.handler = async () => 1;"
        for files, handler, kind, message in (
                ({"app.js": "require('no-such-module');"}, "app.handler",
                 "Runtime.ImportModuleError", "Cannot find module 'no-such-module'"),
                ({"app.mjs": "import 'no-such-module';"}, "app.handler",
                 "Runtime.ImportModuleError", "no-such-module"),
                ({"app.js": good}, "other.handler", "Runtime.ImportModuleError",
                 "Cannot find module 'other'"),
                ({"app.js": "exports.handler = (;"}, "app.handler",
                 "Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected token"),
                ({"app.js": good}, "app.other", "Runtime.HandlerNotFound",
                 "app.other is undefined or not exported"),
                ({"app.js": "exports.handler = 1;"}, "app.handler", "Runtime.HandlerNotFound",
                 "app.handler is not a function"),
                ({"app.js": good}, "app", "Runtime.MalformedHandlerName", "Bad handler"),
                ({"app.js": "throw new RangeError('at import');"}, "app.handler", "RangeError",
                 "at import")):
            with self.subTest(kind=kind, handler=handler):
                said, output = self.init_error(files, handler)
                self.assertEqual(said["errorType"], kind)
                self.assertIn(message, said["errorMessage"])
                self.assertIn(kind, output)

    def test_a_handler_that_exits_ends_the_worker(self):
        name = self.function(Timeout=1)
        worker = self.worker(name, {"app.js": "exports.handler = async () => process.exit(3);"})
        self.invoke_warm(name, None)
        self.assertEqual(worker.status(), 3)

    def test_a_handler_that_is_late_serves_the_next(self):
        name = self.function(Timeout=1)
        self.worker(name, {"app.js": """
exports.handler = async (event) => { await new Promise((done) => setTimeout(done, event)); };
"""})
        self.invoke_warm(name, 0)
        self.assertEqual(self.invoke_warm(name, 1500)[1]["errorType"], "Sandbox.Timedout")
        self.assertEqual(self.invoke_warm(name, 0), (None, None))

    def test_logs_are_there_before_the_answer(self):
        name = self.function()
        worker = self.worker(name, {"app.js": """
exports.handler = async (event, context) => {
  console.log('one %d', 1, { a: 2 });
  console.error('two\\nlines');
  return context.awsRequestId;
};
"""})
        request_id = self.invoke(name)[1]
        output = worker.output()
        self.assertRegex(output, r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t" + request_id +
                         r"\tINFO\tone 1 \{ a: 2 \}\n")
        self.assertIn("\tERROR\ttwo", output)


class FakeApi(http.server.BaseHTTPRequestHandler):
    """Gives two invocations with all that may come, and closes each connection without a word."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        number = len(self.server.told)
        if number == 2:
            self.answer(404, b"{}")
            return
        headers = {
            "Lambda-Runtime-Aws-Request-Id": f"id-{number}",
            "Lambda-Runtime-Deadline-Ms": "4102444800000",
            "Lambda-Runtime-Invoked-Function-Arn": "arn:here"}
        if number == 0:
            headers.update({
                "Lambda-Runtime-Trace-Id": "Root=1-2",
                "Lambda-Runtime-Client-Context": json.dumps(
                    {"client": {"app_title": "shop"}, "custom": {"k": "v"}, "env": {"e": "f"}}),
                "Lambda-Runtime-Cognito-Identity": json.dumps(
                    {"cognitoIdentityId": "who", "cognitoIdentityPoolId": "pool"})})
        self.answer(200, b"{}", headers)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.told.append((self.path, json.loads(body)))
        self.answer(202, b"{}")

    def answer(self, status, body, headers=None):
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True  # nobody is told: the client believes that it is kept

    def log_message(self, *_):
        pass


class AnyApi(unittest.TestCase):
    """What the broker does not send yet, and connections that are closed under a worker."""

    def told_by(self, command, files):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), FakeApi)
        server.told = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        worker = Worker(command, files, f"127.0.0.1:{server.server_port}/base", "app.handler", "f")
        try:
            self.assertEqual(worker.status(), 1)  # of the 404
        finally:
            worker.stop()
            server.shutdown()
            thread.join()
            server.server_close()
        paths = [path for path, _ in server.told]
        self.assertEqual(paths, [f"/base/2018-06-01/runtime/invocation/id-{number}/response"
                                 for number in range(2)])
        return [said for _, said in server.told]

    def test_python_has_the_callers_context(self):
        first, second = self.told_by(PythonTests.command, {**OWN_LOOP, "app.py": """
import os
def handler(event, context):
    client = context.client_context
    return [client and [client.client.app_title, client.custom, client.env],
            context.identity.cognito_identity_id, context.identity.cognito_identity_pool_id,
            os.environ.get("_X_AMZN_TRACE_ID")]
"""})
        self.assertEqual(first, [["shop", {"k": "v"}, {"e": "f"}], "who", "pool", "Root=1-2"])
        self.assertEqual(second, [None, None, None, None])

    def test_node_has_the_callers_context(self):
        first, second = self.told_by(Node.command, {"app.js": """
exports.handler = async (event, { clientContext, identity }) =>
  [clientContext?.client.app_title, identity?.cognitoIdentityId, process.env._X_AMZN_TRACE_ID];
"""})
        self.assertEqual(first, ["shop", "who", "Root=1-2"])
        self.assertEqual(second, [None, None, None])


if __name__ == "__main__":
    unittest.main()
