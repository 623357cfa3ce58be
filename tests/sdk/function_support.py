"""What tests of functions share: their code, workers under the runtime client, assertions."""

import io
import json
import os
import pathlib
import subprocess
import sys
import zipfile

import botocore.exceptions
import support
from support import ACCOUNT, REGION, SdkTest, unique

HANDLERS = pathlib.Path(__file__).resolve().parent / "handlers"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"


def zip_of(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o755 << 16
            archive.writestr(info, text)
    return buffer.getvalue()


CODE = zip_of({"shop.py": "def echo(event, context):\n    return event\n"})


class Worker:
    """A process that runs a handler of the folder handlers under awslambdaric."""

    def __init__(self, broker, function, handler, **variables):
        environment = {
            **os.environ, "AWS_LAMBDA_FUNCTION_NAME": function,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "stream", "AWS_REGION": REGION,
            "AWS_LAMBDA_RUNTIME_API":
                f"{broker.endpoint.removeprefix('http://')}/functions/{function}", **variables}
        name = handler if "." in handler else f"shop.{handler}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", name], cwd=HANDLERS,
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class FunctionsTest(SdkTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.functions = support.client("lambda", cls.broker)

    def function(self, **arguments):
        """The name of a new function: of its code, or one that workers attach to."""
        name = unique("function")
        has_zip = "ZipFile" in arguments.get("Code", {})
        kind = {"Runtime": "python3.11", "Handler": "shop.echo"} if has_zip else {
            "PackageType": "Image", "Code": {"ImageUri": "attached"}}
        self.functions.create_function(**{
            "FunctionName": name, "Role": ROLE, "Timeout": 20, **kind, **arguments})
        return name

    def worker(self, function, handler, **variables):
        worker = Worker(self.broker, function, handler, **variables)
        self.addCleanup(worker.stop)
        return worker

    def invoke(self, name, payload, **arguments):
        return self.functions.invoke(FunctionName=name, Payload=json.dumps(payload), **arguments)

    def refused(self, code, status, call, **arguments):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(**arguments)
        answer = caught.exception.response
        self.assertEqual((answer["Error"]["Code"],
                          answer["ResponseMetadata"]["HTTPStatusCode"]), (code, status))
        return answer["Error"]["Message"]
