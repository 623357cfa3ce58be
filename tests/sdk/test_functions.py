"""Functions: made, shown and deleted by an SDK, and run by Python's unmodified runtime client."""

import base64
from concurrent import futures
import json
import os
import signal
import subprocess
import sys

import support
from broker_process import binary_path
from function_support import CODE, HANDLERS, ROLE, FunctionsTest
from support import ACCOUNT, REGION, unique, wait_until


class Lives(FunctionsTest):
    def test_a_function_is_created_shown_listed_and_deleted(self):
        name = unique("function")
        made = self.functions.create_function(
            FunctionName=name, Runtime="python3.11", Role=ROLE, Handler="shop.echo",
            Code={"ZipFile": CODE}, Description="echoes", Timeout=7, MemorySize=256,
            Environment={"Variables": {"STAGE": "test"}}, Tags={"team": "shop"})
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
        self.assertEqual(made["ResponseMetadata"]["HTTPStatusCode"], 201)
        self.assertEqual(
            (made["FunctionArn"], made["State"], made["Version"], made["CodeSize"]),
            (arn, "Pending", "$LATEST", len(CODE)))
        shown = self.functions.get_function(FunctionName=name)
        config = shown["Configuration"]
        self.assertEqual(shown["Tags"], {"team": "shop"})
        self.assertEqual(
            (config["State"], config["Timeout"], config["MemorySize"], config["Environment"],
             config["TracingConfig"], config["EphemeralStorage"], config["Architectures"],
             config["LastUpdateStatus"], config["CodeSha256"]),
            ("Active", 7, 256, {"Variables": {"STAGE": "test"}}, {"Mode": "PassThrough"},
             {"Size": 512}, ["x86_64"], "Successful", made["CodeSha256"]))
        for reference, expected in ((arn, arn), (f"{ACCOUNT}:function:{name}", arn),
                                    (f"{name}:$LATEST", f"{arn}:$LATEST")):
            described = self.functions.get_function_configuration(FunctionName=reference)
            self.assertEqual(described["FunctionArn"], expected)
        names = [each["FunctionName"] for page in
                 self.functions.get_paginator("list_functions").paginate(
                     PaginationConfig={"PageSize": 1}) for each in page["Functions"]]
        self.assertEqual(names.count(name), 1)
        gone = self.functions.delete_function(FunctionName=name)
        self.assertEqual(gone["ResponseMetadata"]["HTTPStatusCode"], 204)
        self.assertEqual(
            self.refused("ResourceNotFoundException", 404, self.functions.get_function,
                         FunctionName=name), f"Function not found: {arn}")

    def test_a_configuration_is_changed_member_by_member(self):
        name = self.function(Code={"ZipFile": CODE}, Description="before",
                             Environment={"Variables": {"AB": "1"}})
        before = self.functions.get_function_configuration(FunctionName=name)
        changed = self.functions.update_function_configuration(
            FunctionName=name, Timeout=9, Environment={"Variables": {"CD": "2"}},
            RevisionId=before["RevisionId"])
        self.assertEqual(
            (changed["Timeout"], changed["Environment"], changed["Description"],
             changed["Handler"]),
            (9, {"Variables": {"CD": "2"}}, "before", "shop.echo"))
        self.assertNotEqual(changed["RevisionId"], before["RevisionId"])
        self.refused("PreconditionFailedException", 412,
                     self.functions.update_function_configuration, FunctionName=name,
                     Timeout=5, RevisionId=before["RevisionId"])
        self.assertEqual(self.functions.get_function_configuration(FunctionName=name)["Timeout"], 9)

    def test_tags_are_added_listed_and_removed(self):
        name = self.function(Tags={"a": "1"})
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
        self.functions.tag_resource(Resource=arn, Tags={"b": "2", "c": "3"})
        self.functions.untag_resource(Resource=arn, TagKeys=["a", "c"])
        self.assertEqual(self.functions.list_tags(Resource=arn)["Tags"], {"b": "2"})
        self.refused("ResourceNotFoundException", 404, self.functions.list_tags,
                     Resource=arn + "-x")

    def test_reserved_concurrency_is_kept_and_kept_to(self):
        name = self.function(Timeout=1)
        self.assertNotIn("ReservedConcurrentExecutions",
                         self.functions.get_function_concurrency(FunctionName=name))
        put = self.functions.put_function_concurrency(
            FunctionName=name, ReservedConcurrentExecutions=0)
        self.assertEqual(put["ReservedConcurrentExecutions"], 0)
        self.assertEqual(self.refused("TooManyRequestsException", 429, self.functions.invoke,
                                      FunctionName=name), "Rate Exceeded.")
        self.functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2)
        self.assertEqual(self.functions.get_function(FunctionName=name)["Concurrency"],
                         {"ReservedConcurrentExecutions": 2})
        self.functions.delete_function_concurrency(FunctionName=name)
        self.assertNotIn("Concurrency", self.functions.get_function(FunctionName=name))

    def test_what_cannot_be_is_refused(self):
        name = self.function()
        given = {"FunctionName": name, "Runtime": "python3.11", "Role": ROLE,
                 "Handler": "shop.echo", "Code": {"ZipFile": CODE}}
        create = self.functions.create_function
        self.assertEqual(self.refused("ResourceConflictException", 409, create, **given),
                         f"Function already exist: {name}")
        fresh = {**given, "FunctionName": unique("function")}
        self.assertIn("Could not unzip", self.refused(
            "InvalidParameterValueException", 400, create,
            **{**fresh, "Code": {"ZipFile": b"no zip"}}))
        self.assertIn("S3", self.refused(
            "InvalidParameterValueException", 400, create,
            **{**fresh, "Code": {"S3Bucket": "bucket", "S3Key": "key"}}))
        without = {key: value for key, value in fresh.items() if key != "Runtime"}
        self.assertIn("Runtime and Handler are mandatory", self.refused(
            "InvalidParameterValueException", 400, create, **without))
        for bad in ({"FunctionName": "no spaces"}, {"Timeout": 0}, {"MemorySize": 64},
                    {"Runtime": "cobol"}, {"Role": "worker"}):
            self.refused("ValidationException", 400, create, **{**fresh, **bad})

    def test_functions_survive_a_kill(self):
        with support.Broker() as broker:
            functions = support.client("lambda", broker)
            functions.create_function(
                FunctionName="kept", Runtime="python3.11", Role=ROLE, Handler="shop.echo",
                Code={"ZipFile": CODE}, Environment={"Variables": {"AB": "1"}}, Tags={"t": "v"})
            functions.put_function_concurrency(FunctionName="kept", ReservedConcurrentExecutions=3)
            before = functions.get_function(FunctionName="kept")
            broker.kill()
            broker.start()
            after = support.client("lambda", broker).get_function(FunctionName="kept")
        for each in (before, after):
            each.pop("ResponseMetadata")
            each["Code"].pop("Location")  # it is at the broker's port
        self.assertEqual(before, after)


class Invoking(FunctionsTest):
    def test_a_handler_gets_the_event_and_its_answer_comes_back(self):
        name = self.function()
        self.worker(name, "echo")
        for number in range(3):
            answer = self.invoke(name, {"order": number})
            self.assertEqual((answer["StatusCode"], answer["ExecutedVersion"]), (200, "$LATEST"))
            self.assertNotIn("FunctionError", answer)
            said = json.loads(answer["Payload"].read())
            self.assertEqual(said["event"], {"order": number})
            self.assertEqual(said["request_id"], answer["ResponseMetadata"]["RequestId"])
            self.assertLessEqual(said["remaining_ms"], 20_000)
            self.assertGreater(said["remaining_ms"], 0)

    def test_a_client_s_context_reaches_the_handler(self):
        name = self.function()
        self.worker(name, "client")
        context = base64.b64encode(json.dumps({"custom": {"app": "shop"}}).encode()).decode()
        answer = self.invoke(name, {}, ClientContext=context)
        self.assertEqual(json.loads(answer["Payload"].read()), {"app": "shop"})
        self.refused("InvalidRequestContentException", 400, self.functions.invoke,
                     FunctionName=name, ClientContext="{}")

    def test_an_exception_is_a_function_error(self):
        name = self.function()
        self.worker(name, "fail")
        answer = self.invoke(name, {"order": "o-1"})
        self.assertEqual((answer["StatusCode"], answer["FunctionError"]), (200, "Unhandled"))
        said = json.loads(answer["Payload"].read())
        self.assertEqual((said["errorType"], said["errorMessage"]),
                         ("ValueError", "no such order: o-1"))
        self.assertTrue(said["stackTrace"])

    def test_a_handler_that_takes_too_long_is_given_up(self):
        name = self.function(Timeout=1)
        self.worker(name, "sleep")
        self.invoke(name, {"seconds": 0})
        answer = self.invoke(name, {"seconds": 3})
        self.assertEqual(answer["FunctionError"], "Unhandled")
        said = json.loads(answer["Payload"].read())
        self.assertEqual(said["errorType"], "Sandbox.Timedout")
        self.assertIn("Task timed out after 1.00 seconds", said["errorMessage"])

    def test_an_answer_that_is_too_large_is_an_error(self):
        name = self.function()
        self.worker(name, "large")
        answer = self.invoke(name, {"bytes": 6_291_560})
        self.assertEqual(answer["FunctionError"], "Unhandled")
        self.assertEqual(json.loads(answer["Payload"].read())["errorType"],
                         "Function.ResponseSizeTooLarge")

    def test_without_a_worker_it_is_told_how_to_attach_one(self):
        name = self.function(Timeout=1)
        said = json.loads(self.invoke(name, {})["Payload"].read())
        self.assertEqual(said["errorType"], "Runtime.NoWorker")
        self.assertIn(f"AWS_LAMBDA_RUNTIME_API=HOST:PORT/functions/{name}", said["errorMessage"])

    def test_a_dry_run_runs_nothing(self):
        name = self.function()
        self.assertEqual(self.invoke(name, {}, InvocationType="DryRun")["StatusCode"], 204)

    def test_a_payload_that_is_no_json_is_refused(self):
        name = self.function()
        said = self.refused("InvalidRequestContentException", 400, self.functions.invoke,
                            FunctionName=name, Payload=b"{")
        self.assertIn("Could not parse request body into json", said)

    def test_functions_and_versions_that_are_not_there_are_told(self):
        name = self.function()
        for reference in ("nothing", f"{name}:7", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:x"):
            self.refused("ResourceNotFoundException", 404, self.functions.invoke,
                         FunctionName=reference)
        self.refused("InvalidParameterValueException", 400, self.functions.invoke,
                     FunctionName=f"{name}:1", Qualifier="2")

    def test_deleting_a_function_ends_what_waits_for_it(self):
        name = self.function()
        worker = self.worker(name, "echo")
        self.invoke(name, {})
        self.functions.delete_function(FunctionName=name)
        # Its worker is told that there is nothing to ask for.
        wait_until(lambda: worker.process.poll() is not None, timeout_s=20)


# A worker that dies with an invocation, and one that asks for one and does not end by Ctrl-C.
ASKS = """
import os, signal, sys, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/next"
"""
DIES = ASKS + """
urllib.request.urlopen(api).read()
os.kill(os.getpid(), signal.SIGKILL)
"""
STAYS = ASKS + """
signal.signal(signal.SIGINT, lambda *_: print("interrupted", flush=True))
print("up", flush=True)
urllib.request.urlopen(api).read()
"""


class Running(FunctionsTest):
    """`signalbox function run`: a local process as a function's worker."""

    options = ("--function-processes", "off")

    def command(self, *arguments, start_new_session=False, **variables):
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("AWS_")}
        environment.update({"AWS_ENDPOINT_URL": self.broker.endpoint, **variables})
        return subprocess.Popen(
            [os.path.abspath(binary_path()), "function", *arguments], cwd=HANDLERS,
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=start_new_session)

    def run_worker(self, name, *arguments, **variables):
        worker = self.command("run", name, *arguments, **variables)

        def stop():
            worker.terminate()
            worker.communicate(timeout=30)
        self.addCleanup(stop)
        return worker

    def says(self, status, *arguments, **variables):
        process = self.command(*arguments, **variables)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, status, (out, err))
        return out + err

    def test_a_handler_runs_while_the_command_does(self):
        name = self.function(Code={"ZipFile": CODE}, Timeout=2,
                             Environment={"Variables": {"STAGE": "dev"}})
        worker = self.run_worker(name, "--", sys.executable, "-m", "awslambdaric",
                                 "shop.environment")
        said = json.loads(self.invoke(name, {})["Payload"].read())
        self.assertEqual(
            {key: said[key] for key in ("STAGE", "AWS_LAMBDA_FUNCTION_NAME", "_HANDLER",
                                        "AWS_REGION", "AWS_ENDPOINT_URL")},
            {"STAGE": "dev", "AWS_LAMBDA_FUNCTION_NAME": name, "_HANDLER": "shop.echo",
             "AWS_REGION": REGION, "AWS_ENDPOINT_URL": self.broker.endpoint})
        # A host and a port alone: not every runtime client takes a path.
        self.assertRegex(said["AWS_LAMBDA_RUNTIME_API"], r"^127\.0\.0\.1:\d+$")
        worker.terminate()
        worker.wait(timeout=30)
        said = json.loads(self.invoke(name, {})["Payload"].read())
        self.assertEqual(said["errorType"], "Runtime.NoWorker")

    def test_functions_of_other_worlds_have_workers_too(self):
        account, region = "310987654321", "eu-west-3"
        functions = support.client("lambda", self.broker, region=region, access_key=account)
        name = unique("function")
        functions.create_function(
            FunctionName=name, Runtime="python3.11", Role=ROLE, Handler="shop.echo",
            Code={"ZipFile": CODE}, Timeout=20)
        self.run_worker(name, "--region", region, "--account", account, "--", sys.executable,
                        "-m", "awslambdaric", "shop.echo")
        answer = functions.invoke(FunctionName=name, Payload=b'{"n":1}')
        self.assertEqual(json.loads(answer["Payload"].read())["event"], {"n": 1})
        self.assertIn("Function not found", self.says(1, "run", name, "--", "true"))

    def test_a_version_and_an_alias_have_workers_of_their_own(self):
        name = self.function(Code={"ZipFile": CODE}, Timeout=20)
        version = self.functions.publish_version(FunctionName=name)["Version"]
        self.functions.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
        command = ("--", sys.executable, "-m", "awslambdaric", "shop.environment")
        for qualifier in (version, "live"):
            with self.subTest(qualifier=qualifier):
                worker = self.run_worker(f"{name}:{qualifier}", *command)
                answer = self.invoke(f"{name}:{qualifier}", {})
                self.assertEqual(answer["ExecutedVersion"], version)
                said = json.loads(answer["Payload"].read())
                self.assertEqual(said["AWS_LAMBDA_FUNCTION_NAME"], name)
                self.assertEqual(said["AWS_LAMBDA_FUNCTION_VERSION"], version)
                worker.terminate()
                worker.wait(timeout=30)
        self.assertIn("Function not found", self.says(1, "run", f"{name}:9", "--", "true"))

    def test_ctrl_c_ends_a_worker_that_waits_for_an_invocation(self):
        for whole_group in (True, False):
            with self.subTest(whole_group=whole_group):
                name = self.function(Timeout=2)
                worker = self.run_worker(name, "--", sys.executable, "-m", "awslambdaric",
                                         "shop.echo", start_new_session=True)
                self.assertEqual(self.invoke(name, {})["StatusCode"], 200)
                (os.killpg if whole_group else os.kill)(worker.pid, signal.SIGINT)
                # The runtime client is in native code, and mostly hears no SIGINT there.
                self.assertIn(worker.wait(timeout=20), (128 + signal.SIGTERM, 128 + signal.SIGINT))
                said = json.loads(self.invoke(name, {})["Payload"].read())
                self.assertEqual(said["errorType"], "Runtime.NoWorker")

    def test_a_worker_that_dies_ends_its_invocation_at_once(self):
        name = self.function(Timeout=600)
        worker = self.run_worker(name, "--", sys.executable, "-c", DIES)
        answer = self.invoke(name, {})
        said = json.loads(answer["Payload"].read())
        self.assertEqual((answer["FunctionError"], said["errorType"]),
                         ("Unhandled", "Runtime.ExitError"))
        self.assertIn("signal: killed", said["errorMessage"])
        self.assertEqual(worker.wait(timeout=20), 128 + signal.SIGKILL)

    def test_an_invocation_is_not_given_to_a_worker_that_is_to_end(self):
        name = self.function(Timeout=600)
        ends = self.run_worker(name, "--", sys.executable, "-c", STAYS, start_new_session=True)
        self.assertEqual(ends.stdout.readline(), "up\n")
        os.kill(ends.pid, signal.SIGINT)
        self.assertEqual(ends.stdout.readline(), "interrupted\n")
        with futures.ThreadPoolExecutor() as pool:
            answer = pool.submit(self.invoke, name, {"n": 1})
            self.run_worker(name, "--", sys.executable, "-m", "awslambdaric", "shop.echo")
            said = json.loads(answer.result()["Payload"].read())
        self.assertEqual(said["event"], {"n": 1})
        # By the refusal of what it asked, or by the signal that follows.
        self.assertNotEqual(ends.wait(timeout=20), 0)

    def test_a_command_that_ends_by_ctrl_c_is_left_to_it(self):
        name = self.function()
        worker = self.run_worker(name, "--", "sh", "-c",
                                 "trap 'echo cleaned; exit 3' INT; echo up; while :; do "
                                 "sleep 0.05; done", start_new_session=True)
        self.assertEqual(worker.stdout.readline(), "up\n")
        os.kill(worker.pid, signal.SIGINT)
        self.assertEqual(worker.wait(timeout=20), 3)

    def test_the_status_is_the_commands_own(self):
        name = self.function()
        self.assertEqual(self.says(7, "run", name, "--", "sh", "-c", "echo out; exit 7"), "out\n")
        self.assertIn("no-such-program", self.says(127, "run", name, "--", "no-such-program"))

    def test_what_is_wrong_is_said(self):
        for status, part, arguments in (
                (0, "signalbox function run NAME", ()),
                (2, "there is no command function walk", ("walk", "x", "--", "true")),
                (2, "run needs the name", ("run", "--", "true")),
                (2, "run needs -- and a command", ("run", "x")),
                (2, "run has no option --size", ("run", "x", "--size", "1", "--", "true")),
                (1, "Function not found", ("run", "nothing", "--", "true"))):
            with self.subTest(arguments=arguments):
                self.assertIn(part, self.says(status, *arguments))
