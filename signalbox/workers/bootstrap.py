"""Runs a Python handler as a worker: asks the Runtime API for invocations, one after the other.

With awslambdaric, where it can be imported; else with a loop of its own over the standard library
that behaves the same. The environment says everything: _HANDLER, AWS_LAMBDA_RUNTIME_API (a path
after the port is fine) and what Lambda's documentation lists.
"""

import decimal
import http.client
import importlib
import json
import logging
import os
import sys
import time
import traceback

INIT_ERROR = "/2018-06-01/runtime/init/error"
INVOCATION = "/2018-06-01/runtime/invocation/"


class RuntimeApi:
    """The broker's side. Its connection is kept; one that was closed meanwhile is made again."""

    def __init__(self, address):
        host, _, path = address.partition("/")
        self._host = host
        self._prefix = "/" + path if path else ""
        self._connection = None

    def ask(self, method, path, body=None, headers=None):
        """(status, headers, body)."""
        fresh = self._connection is None
        try:
            return self._ask_once(method, path, body, headers)
        except (OSError, http.client.HTTPException):
            self._connection = None
            if fresh:
                raise
        return self._ask_once(method, path, body, headers)

    def _ask_once(self, method, path, body, headers):
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._host)
        self._connection.request(method, self._prefix + path, body, headers or {})
        response = self._connection.getresponse()
        return response.status, response.headers, response.read()

    def tell_error(self, path, error):
        self.ask("POST", path, dumped(error), {
            "Content-Type": "application/json",
            "Lambda-Runtime-Function-Error-Type": error["errorType"]})


class Named:
    """Some values by name; what was not given is None."""

    def __init__(self, given, *names):
        for name in names:
            setattr(self, name, given.get(name))

    def __repr__(self):
        return f"{type(self).__name__}({vars(self)})"


class CognitoIdentity(Named):
    def __init__(self, given):
        super().__init__({}, "cognito_identity_id", "cognito_identity_pool_id")
        self.cognito_identity_id = given.get("cognitoIdentityId")
        self.cognito_identity_pool_id = given.get("cognitoIdentityPoolId")


class Client(Named):
    def __init__(self, given):
        super().__init__(given, "installation_id", "app_title", "app_version_name",
                         "app_version_code", "app_package_name")


class ClientContext(Named):
    def __init__(self, given):
        super().__init__(given, "custom", "env")
        self.client = Client(given["client"]) if isinstance(given.get("client"), dict) else None


class LambdaContext:
    """What a handler knows of its invocation."""

    def __init__(self, headers):
        environment = os.environ.get
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers.get("Lambda-Runtime-Invoked-Function-Arn")
        self.function_name = environment("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = environment("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = environment("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = environment("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = environment("AWS_LAMBDA_LOG_STREAM_NAME")
        client = json.loads(headers.get("Lambda-Runtime-Client-Context") or "null")
        self.client_context = ClientContext(client) if client else None
        self.identity = CognitoIdentity(
            json.loads(headers.get("Lambda-Runtime-Cognito-Identity") or "null") or {})
        self._deadline_ms = int(headers.get("Lambda-Runtime-Deadline-Ms") or 0)

    def get_remaining_time_in_millis(self):
        return max(self._deadline_ms - int(time.time() * 1000), 0)

    @staticmethod
    def log(message):
        sys.stdout.write(str(message))

    def __repr__(self):
        return f"LambdaContext({vars(self)})"


class InitError(Exception):
    """The handler cannot be had. type_name is the service's name for why."""

    def __init__(self, type_name, message, cause=None):
        super().__init__(message)
        self.type_name = type_name
        self.cause = cause


def dumped(value):
    def other(value):
        if isinstance(value, decimal.Decimal):
            return float(value)
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
    return json.dumps(value, default=other).encode()


def frames_of(error):
    """The stack of an exception as the service writes it, without this file's part."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__)
              if frame.filename != __file__ and not frame.filename.startswith("<frozen importlib")]
    return traceback.format_list(frames)


def error_of(type_name, message, frames=(), request_id=""):
    return {"errorMessage": message, "errorType": type_name, "requestId": request_id,
            "stackTrace": list(frames)}


def log_error(error):
    """One log event, whatever its lines."""
    lines = [f"[ERROR] {error['errorType']}: {error['errorMessage']}"]
    if error["stackTrace"]:
        lines.append("Traceback (most recent call last):")
        lines += [line for frame in error["stackTrace"] for line in frame.splitlines()]
    sys.stdout.write("\r".join(lines) + "\n")


def find_handler(name):
    module_name, dot, function_name = name.rpartition(".")
    if not dot or not module_name:
        raise InitError("Runtime.MalformedHandlerName",
                        f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)")
    module_name = module_name.replace("/", ".")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise InitError("Runtime.ImportModuleError",
                        f"Unable to import module '{module_name}': {error}") from error
    except SyntaxError as error:
        raise InitError("Runtime.UserCodeSyntaxError",
                        f"Syntax error in module '{module_name}': {error}", error) from error
    except Exception as error:
        raise InitError(type(error).__name__, str(error), error) from error
    try:
        return getattr(module, function_name)
    except AttributeError:
        raise InitError("Runtime.HandlerNotFound", f"Handler '{function_name}' missing on module "
                        f"'{module_name}'") from None


class InvocationFilter(logging.Filter):
    """Gives each record the id of the invocation that it belongs to."""

    aws_request_id = ""

    def filter(self, record):
        record.aws_request_id = self.aws_request_id
        return True


def set_up_logging():
    handler = logging.StreamHandler(sys.stdout)
    formatter = logging.Formatter(
        "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s",
        "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    by_invocation = InvocationFilter()
    handler.addFilter(by_invocation)
    logging.getLogger().addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL")
    if level in ("DEBUG", "INFO", "WARN", "ERROR", "FATAL"):
        logging.getLogger().setLevel({"WARN": "WARNING", "FATAL": "CRITICAL"}.get(level, level))
    return by_invocation


def outcome_of(handler, headers, body):
    """(whether it went well, the answer's bytes or the error)."""
    request_id = headers["Lambda-Runtime-Aws-Request-Id"]
    try:
        context = LambdaContext(headers)
    except ValueError as error:
        return False, error_of("Runtime.LambdaContextUnmarshalError",
                               f"Unable to parse the invocation's context: {error}",
                               request_id=request_id)
    try:
        event = json.loads(body)
    except ValueError as error:
        return False, error_of("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}",
                               request_id=request_id)
    try:
        result = handler(event, context)
    except Exception as error:
        return False, error_of(type(error).__name__, str(error), frames_of(error), request_id)
    try:
        return True, dumped(result)
    except Exception as error:
        return False, error_of("Runtime.MarshalError", f"Unable to marshal response: {error}",
                               request_id=request_id)


def serve_one(api, handler, by_invocation):
    status, headers, body = api.ask("GET", INVOCATION + "next")
    if status != 200:
        sys.exit(f"The Runtime API answered {status} when asked for the next invocation: "
                 f"{body.decode(errors='replace')}")
    request_id = headers["Lambda-Runtime-Aws-Request-Id"]
    by_invocation.aws_request_id = request_id
    if headers.get("Lambda-Runtime-Trace-Id"):
        os.environ["_X_AMZN_TRACE_ID"] = headers["Lambda-Runtime-Trace-Id"]
    else:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    went_well, outcome = outcome_of(handler, headers, body)
    if went_well:
        # One that is refused (too large, too late) has been told its caller already.
        api.ask("POST", f"{INVOCATION}{request_id}/response", outcome,
                {"Content-Type": "application/json"})
    else:
        log_error(outcome)
        api.tell_error(f"{INVOCATION}{request_id}/error", outcome)


def run_own_loop(name, address):
    api = RuntimeApi(address)
    by_invocation = set_up_logging()
    try:
        handler = find_handler(name)
    except InitError as error:
        told = error_of(error.type_name, str(error), frames_of(error.cause) if error.cause else ())
        log_error(told)
        api.tell_error(INIT_ERROR, told)
        sys.exit(1)
    while True:
        serve_one(api, handler, by_invocation)


def main():
    root = os.environ.get("LAMBDA_TASK_ROOT") or os.getcwd()
    # A module of the zip comes before one of ours, and before this file's folder.
    sys.path[0] = root
    name, address = os.environ["_HANDLER"], os.environ["AWS_LAMBDA_RUNTIME_API"]
    try:
        from awslambdaric.__main__ import main as run_awslambdaric
    except Exception:  # one that was built for another Python may raise anything
        run_own_loop(name, address)
    else:
        # As its command line: what lies below that differs from version to version.
        run_awslambdaric(["awslambdaric", name])


if __name__ == "__main__":
    main()
