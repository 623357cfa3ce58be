"""Connections and API destinations: the operations, and real HTTP receivers behind them."""

import base64
import http.server
import json
import os
import pathlib
import re
import threading
import time
import unittest
import urllib.parse

import support
from broker_process import Broker, free_port
from support import ClockTest, SdkTest, queue_arn, unique, wait_until


class Receiver:
    """An HTTP server that takes any method. answer(request) gives a status, or (status, headers,
    body)."""

    def __init__(self, answer=lambda request: 200, port=0):
        self.requests = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def take(self):
                self.body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                receiver.requests.append(self)
                answered = answer(self)
                status, headers, body = (
                    answered if isinstance(answered, tuple) else (answered, {}, b""))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = take

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait_for(self, count, timeout_s=30):
        wait_until(lambda: len(self.requests) >= count, timeout_s, f"{count} requests")
        return self.requests[count - 1]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def token_server(tokens, status=200, **members):
    """Answers with the next of the tokens; with the last one from then on."""
    left = list(tokens)

    def answer(_):
        token = left.pop(0) if len(left) > 1 else left[0]
        body = json.dumps({"access_token": token, "token_type": "Bearer", **members}).encode()
        return status, {"Content-Type": "application/json"}, body
    return answer


def basic(**members):
    return {"AuthorizationType": "BASIC", "AuthParameters": {
        "BasicAuthParameters": {"Username": "user", "Password": "pass-word"}, **members}}


def api_key(**members):
    return {"AuthorizationType": "API_KEY", "AuthParameters": {
        "ApiKeyAuthParameters": {"ApiKeyName": "X-Api-Key", "ApiKeyValue": "key-value"},
        **members}}


def oauth(endpoint, method="POST", parameters=None, **members):
    client = {"ClientID": "client", "ClientSecret": "client-secret"}
    described = {"ClientParameters": client, "AuthorizationEndpoint": endpoint,
                 "HttpMethod": method}
    if parameters:
        described["OAuthHttpParameters"] = parameters
    return {"AuthorizationType": "OAUTH_CLIENT_CREDENTIALS",
            "AuthParameters": {"OAuthParameters": described, **members}}


class DestinationTest(ClockTest):
    def receiver(self, answer=lambda request: 200, port=0):
        receiver = Receiver(answer, port)
        self.addCleanup(receiver.close)
        return receiver

    def connection(self, name=None, **members):
        """The ARN of a new connection, and its name."""
        name = name or unique("connection")
        answer = self.events.create_connection(Name=name, **members)
        return answer["ConnectionArn"], name

    def destination(self, url, connection, method="POST", **members):
        name = unique("destination")
        return self.events.create_api_destination(
            Name=name, ConnectionArn=connection, InvocationEndpoint=url, HttpMethod=method,
            **members)["ApiDestinationArn"]

    def route(self, destination, **members):
        """A bus whose events go to the destination, and its dead-letter queue."""
        bus, dead = self.bus(), self.queue("dead")
        self.rule(bus, {"source": ["test"]}, {
            "Id": "t", "Arn": destination,
            "DeadLetterConfig": {"Arn": queue_arn(self.name_of(dead))}, **members})
        return bus, dead

    def letter(self, dead):
        messages = wait_until(
            lambda: self.receive(dead, MessageAttributeNames=["All"]), 30, "a dead letter")
        self.assertEqual(len(messages), 1)
        return {name: value["StringValue"]
                for name, value in messages[0]["MessageAttributes"].items()}, messages[0]["Body"]

    def depth(self, url):
        return int(self.attributes(url)["ApproximateNumberOfMessages"])

    def state(self, connection_name):
        return self.events.describe_connection(Name=connection_name)["ConnectionState"]

    def wait_for_state(self, connection_name, state):
        wait_until(lambda: self.state(connection_name) == state, 30, state)

    def advance_until(self, condition):
        def holds():
            if condition():
                return True
            self.advance(1)
            return False
        wait_until(holds, 60)

    def wait_until_nothing_is_under_way(self):
        wait_until(lambda: "\nsignalbox_delivery_attempts 0\n" in
                   self.raw("GET", "/_signalbox/metrics").text)


class Operations(DestinationTest):
    def test_a_connection_is_described_as_the_service_does(self):
        arn, name = self.connection(Description="d", **basic(InvocationHttpParameters={
            "HeaderParameters": [{"Key": "X-Open", "Value": "o", "IsValueSecret": False},
                                 {"Key": "X-Hidden", "Value": "h", "IsValueSecret": True}]}))
        self.assertRegex(arn, rf"^arn:aws:events:us-east-1:000000000000:connection/{name}/"
                              r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        shown = self.events.describe_connection(Name=name)
        del shown["ResponseMetadata"]
        uuid = arn.rpartition("/")[2]
        self.assertRegex(shown.pop("SecretArn"),
                         r"^arn:aws:secretsmanager:us-east-1:000000000000:secret:"
                         rf"events!connection/{name}/{uuid}-[0-9A-Za-z]{{6}}$")
        for time_name in ("CreationTime", "LastModifiedTime", "LastAuthorizedTime"):
            self.assertIn(time_name, shown)
            del shown[time_name]
        self.assertEqual(shown, {
            "ConnectionArn": arn, "Name": name, "Description": "d",
            "ConnectionState": "AUTHORIZED", "AuthorizationType": "BASIC",
            "AuthParameters": {
                "BasicAuthParameters": {"Username": "user"},
                "InvocationHttpParameters": {"HeaderParameters": [
                    {"Key": "X-Open", "Value": "o", "IsValueSecret": False},
                    {"Key": "X-Hidden", "IsValueSecret": True}]}}})

    def test_what_is_there_is_listed(self):
        prefix = unique("listed")
        arns = [self.connection(f"{prefix}-{number}", **basic())[0] for number in range(3)]
        self.events.deauthorize_connection(Name=f"{prefix}-1")
        listed = self.events.list_connections(NamePrefix=prefix)["Connections"]
        self.assertEqual([each["ConnectionArn"] for each in listed], arns)
        self.assertEqual([each["ConnectionState"] for each in listed],
                         ["AUTHORIZED", "DEAUTHORIZED", "AUTHORIZED"])
        page = self.events.list_connections(NamePrefix=prefix, ConnectionState="AUTHORIZED",
                                            Limit=1)
        again = self.events.list_connections(NamePrefix=prefix, ConnectionState="AUTHORIZED",
                                             Limit=1, NextToken=page["NextToken"])
        self.assertEqual([each["Connections"][0]["ConnectionArn"] for each in (page, again)],
                         [arns[0], arns[2]])
        destination = self.destination("https://api.test/", arns[0])
        found = self.events.list_api_destinations(ConnectionArn=arns[0])["ApiDestinations"]
        self.assertEqual([each["ApiDestinationArn"] for each in found], [destination])
        self.assertEqual(found[0]["InvocationRateLimitPerSecond"], 300)

    def test_a_connection_and_its_destination_have_states(self):
        arn, name = self.connection(**basic())
        destination = unique("destination")
        made = self.events.create_api_destination(
            Name=destination, ConnectionArn=arn, InvocationEndpoint="https://api.test/",
            HttpMethod="POST")
        self.assertEqual(made["ApiDestinationState"], "ACTIVE")
        self.assertEqual(self.events.deauthorize_connection(Name=name)["ConnectionState"],
                         "DEAUTHORIZING")
        shown = self.events.describe_api_destination(Name=destination)
        self.assertEqual((self.state(name), shown["ApiDestinationState"]),
                         ("DEAUTHORIZED", "INACTIVE"))
        updated = self.events.update_connection(Name=name, **api_key())
        self.assertEqual(updated["ConnectionState"], "AUTHORIZED")
        updated = self.events.update_api_destination(Name=destination, HttpMethod="PUT")
        self.assertEqual(updated["ApiDestinationState"], "ACTIVE")
        self.assertEqual(self.events.delete_connection(Name=name)["ConnectionState"], "DELETING")
        self.events.delete_api_destination(Name=destination)
        self.refused(
            "ResourceNotFoundException", self.events.describe_api_destination, Name=destination,
            message=f"Failed to describe the api-destination(s). An api-destination "
                    f"'{destination}' does not exist.")

    def test_refusals_have_the_services_words(self):
        arn, name = self.connection(**basic())
        self.refused("ResourceAlreadyExistsException", self.events.create_connection, Name=name,
                     message=f"Connection {name} already exists.", **basic())
        gone = unique("gone")
        for call in (self.events.describe_connection, self.events.delete_connection,
                     self.events.deauthorize_connection, self.events.update_connection):
            self.refused("ResourceNotFoundException", call, Name=gone,
                         message=f"Failed to describe the connection(s). Connection '{gone}' does "
                                 "not exist.")
        self.refused("ResourceNotFoundException", self.events.create_api_destination, Name=gone,
                     ConnectionArn=arn.replace(name, gone), InvocationEndpoint="https://a.test/",
                     HttpMethod="POST", message=f"Connection '{gone}' does not exist.")
        self.refused("ValidationException", self.events.create_api_destination, Name=gone,
                     ConnectionArn=arn, InvocationEndpoint="http://a.test/", HttpMethod="POST",
                     message=re.compile("^Parameter InvocationEndpoint is not valid."))

    def test_bad_input_is_listed_member_by_member(self):
        self.refused(
            "ValidationException", self.events.create_connection, Name="a b",
            AuthorizationType="DIGEST", AuthParameters={},
            message="2 validation errors detected: Value 'a b' at 'name' failed to satisfy "
                    "constraint: Member must satisfy regular expression pattern: "
                    r"[\.\-_A-Za-z0-9]+; Value 'DIGEST' at 'authorizationType' failed to satisfy "
                    "constraint: Member must satisfy enum value set: "
                    "[BASIC, OAUTH_CLIENT_CREDENTIALS, API_KEY]")
        answer = self.post_json("AWSEvents.CreateConnection", {
            "Name": "c", "AuthorizationType": "BASIC",
            "AuthParameters": {"BasicAuthParameters": {"Username": "u"}}})
        self.assert_answer(
            answer, 400, "ValidationException",
            "1 validation error detected: Value null at 'authParameters.basicAuthParameters."
            "password' failed to satisfy constraint: Member must not be null")
        self.refused(
            "ValidationException", self.events.create_api_destination, Name="d",
            ConnectionArn="arn:aws:events:us-east-1:000000000000:connection/x",
            InvocationEndpoint="https://a b/", HttpMethod="TRACE", InvocationRateLimitPerSecond=0,
            message="4 validation errors detected: Value 'arn:aws:events:us-east-1:000000000000:"
                    "connection/x' at 'connectionArn' failed to satisfy constraint: Member must "
                    r"satisfy regular expression pattern: ^arn:aws([a-z]|\-)*:events:([a-z]|\d|\-)*"
                    r":([0-9]{12})?:connection\/[\.\-_A-Za-z0-9]+\/[\-A-Za-z0-9]+$; Value "
                    "'https://a b/' at 'invocationEndpoint' failed to satisfy constraint: Member "
                    "must satisfy regular expression pattern: ^((%[0-9A-Fa-f]{2}|[-()_.!~*';/?:@"
                    r"\x26=+$,A-Za-z0-9])+)([).!';/?:,])?$; Value 'TRACE' at 'httpMethod' failed "
                    "to satisfy constraint: Member must satisfy enum value set: [POST, GET, HEAD, "
                    "OPTIONS, PUT, PATCH, DELETE]; Value '0' at 'invocationRateLimitPerSecond' "
                    "failed to satisfy constraint: Member must have value greater than or equal "
                    "to 1")

    def test_an_error_about_a_secret_does_not_quote_it(self):
        request = basic()
        request["AuthParameters"]["BasicAuthParameters"]["Password"] = "hidden:colon"
        refused = self.refused("ValidationException", self.events.create_connection,
                               Name=unique("c"), **request)
        message = refused.response["Error"]["Message"]
        self.assertIn("Value at 'authParameters.basicAuthParameters.password' failed", message)
        self.assertNotIn("hidden", message)
        many = [{"Key": f"k{n}", "Value": "hidden", "IsValueSecret": True} for n in range(101)]
        refused = self.refused(
            "ValidationException", self.events.create_connection, Name=unique("c"),
            **basic(InvocationHttpParameters={"HeaderParameters": many}))
        message = refused.response["Error"]["Message"]
        self.assertIn("Member must have length less than or equal to 100", message)
        self.assertNotIn("hidden", message)


class Delivery(DestinationTest):
    def test_an_event_arrives_with_everything_the_connection_and_the_target_add(self):
        receiver = self.receiver()
        connection, _ = self.connection(**api_key(InvocationHttpParameters={
            "HeaderParameters": [{"Key": "X-Both", "Value": "connection"}],
            "QueryStringParameters": [{"Key": "both", "Value": "connection"}],
            "BodyParameters": [{"Key": "tenant", "Value": "acme", "IsValueSecret": True}]}))
        destination = self.destination(receiver.url + "/orders/*/items/*", connection, "PUT")
        bus, _ = self.route(destination, HttpParameters={
            "PathParameterValues": ["$.detail.order", "7 8"],
            "HeaderParameters": {"x-both": "target", "X-Target": "t"},
            "QueryStringParameters": {"both": "target", "who": "$.source"}})
        event_id = self.put_event(bus, {"order": "o/1"}, TraceHeader="Root=1-2-3")
        request = receiver.wait_for(1)
        self.assertEqual((request.command, request.path),
                         ("PUT", "/orders/o%2F1/items/7%208?both=connection&who=test"))
        body = json.loads(request.body)
        self.assertEqual((body["id"], body["detail"], body["tenant"]),
                         (event_id, {"order": "o/1"}, "acme"))
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.assertEqual(len(headers), len(request.headers), "a header came twice")
        length = headers.pop("content-length")
        self.assertEqual(int(length), len(request.body))
        self.assertEqual(headers, {
            "host": f"127.0.0.1:{receiver.port}", "connection": "close",
            "user-agent": "Amazon/EventBridge/ApiDestinations",
            "content-type": "application/json; charset=utf-8", "range": "bytes=0-1048575",
            "accept-encoding": "gzip,deflate", "x-amzn-trace-id": "Root=1-2-3",
            "x-both": "connection", "x-target": "t", "x-api-key": "key-value"})

    def test_each_method_works(self):
        receiver = self.receiver()
        connection, _ = self.connection(**basic())
        methods = ["GET", "HEAD", "OPTIONS", "PATCH", "DELETE", "POST"]
        for count, method in enumerate(methods, 1):
            bus, _ = self.route(self.destination(receiver.url, connection, method))
            self.put_event(bus)
            request = receiver.wait_for(count)
            self.assertEqual(request.command, method)
            self.assertEqual(bool(request.body), method not in ("GET", "HEAD"))
            self.assertEqual(request.headers["Authorization"],
                             "Basic " + base64.b64encode(b"user:pass-word").decode())
        self.wait_until_nothing_is_under_way()
        self.assertEqual(len(receiver.requests), len(methods))

    def test_a_token_is_had_used_and_had_again_when_it_is_refused(self):
        login = self.receiver(token_server(["t-1", "t-2"]))
        good = ["Bearer t-1"]
        receiver = self.receiver(
            lambda request: 200 if request.headers["Authorization"] in good else 401)
        connection, name = self.connection(**oauth(login.url + "/token", parameters={
            "BodyParameters": [{"Key": "audience", "Value": "orders"}],
            "HeaderParameters": [{"Key": "X-Tenant", "Value": "acme"}]}))
        self.wait_for_state(name, "AUTHORIZED")
        asked = login.wait_for(1)
        self.assertEqual(urllib.parse.parse_qs(asked.body, strict_parsing=True), {
            "grant_type": ["client_credentials"], "client_id": ["client"],
            "client_secret": ["client-secret"], "audience": ["orders"]})
        self.assertEqual((asked.path, asked.headers["X-Tenant"], asked.headers["Content-Type"]),
                         ("/token", "acme", "application/x-www-form-urlencoded"))
        bus, dead = self.route(self.destination(receiver.url, connection))
        self.put_event(bus)
        receiver.wait_for(1)
        good[:] = ["Bearer t-2"]
        self.put_event(bus)
        self.advance_until(lambda: len(receiver.requests) >= 3)
        self.wait_until_nothing_is_under_way()
        self.assertEqual([request.headers["Authorization"] for request in receiver.requests],
                         ["Bearer t-1", "Bearer t-1", "Bearer t-2"])
        self.assertEqual((len(login.requests), self.depth(dead)), (2, 0))

    def test_a_token_that_ends_is_had_again_before_that(self):
        login = self.receiver(token_server(["t-1", "t-2"], expires_in=600))
        receiver = self.receiver()
        connection, name = self.connection(**oauth(login.url, "GET"))
        self.wait_for_state(name, "AUTHORIZED")
        query = urllib.parse.parse_qs(urllib.parse.urlparse(login.requests[0].path).query)
        self.assertEqual((login.requests[0].command, query["client_secret"]),
                         ("GET", ["client-secret"]))
        bus, _ = self.route(self.destination(receiver.url, connection))
        self.put_event(bus)
        receiver.wait_for(1)
        self.advance(600)
        self.put_event(bus)
        receiver.wait_for(2)
        self.assertEqual([request.headers["Authorization"] for request in receiver.requests],
                         ["Bearer t-1", "Bearer t-2"])

    def test_a_client_that_is_refused_is_told_of(self):
        login = self.receiver(lambda request: (
            401, {}, b'{"error":"invalid_client","error_description":"client-secret is wrong"}'))
        connection, name = self.connection(**oauth(login.url))
        self.wait_for_state(name, "DEAUTHORIZED")
        shown = self.events.describe_connection(Name=name)
        self.assertEqual(shown["StateReason"],
                         "The authorization endpoint answered with status 401: invalid_client.")
        bus, dead = self.route(self.destination("https://api.test/", connection))
        self.put_event(bus)
        attributes, _ = self.letter(dead)
        self.assertEqual((attributes["ERROR_CODE"], attributes["ERROR_MESSAGE"]),
                         ("NO_PERMISSIONS", f"The connection {name} is not authorized."))

    def test_an_authorization_endpoint_on_a_private_network_is_refused(self):
        _, name = self.connection(**oauth("https://10.0.0.1/token"))
        self.wait_for_state(name, "DEAUTHORIZED")
        reason = self.events.describe_connection(Name=name)["StateReason"]
        self.assertIn("--http-targets-private", reason)
        connection, _ = self.connection(**basic())
        bus, dead = self.route(self.destination("https://192.168.1.1/", connection))
        self.put_event(bus)
        attributes, _ = self.letter(dead)
        self.assertEqual(attributes["ERROR_CODE"], "NO_PERMISSIONS")

    def test_a_token_answer_without_end_is_read_so_far(self):
        login = self.receiver(lambda request: (200, {}, b'{"access_token":"' + b"t" * 200_000))
        _, name = self.connection(**oauth(login.url))
        self.wait_for_state(name, "DEAUTHORIZED")
        self.assertEqual(self.events.describe_connection(Name=name)["StateReason"],
                         "The authorization endpoint's answer has no access token.")

    def test_the_rate_delays_and_drops_nothing(self):
        receiver = self.receiver()
        connection, _ = self.connection(**basic())
        destination = self.destination(receiver.url, connection, InvocationRateLimitPerSecond=20)
        bus, dead = self.route(destination, RetryPolicy={"MaximumRetryAttempts": 0})
        started = time.monotonic()
        ids = [self.put_event(bus, {"n": number}) for number in range(30)]
        receiver.wait_for(30)
        # 29 gaps of 50 ms: no sooner, however fast this machine is.
        self.assertGreaterEqual(time.monotonic() - started, 1.3)
        self.wait_until_nothing_is_under_way()
        arrived = [json.loads(request.body)["id"] for request in receiver.requests]
        self.assertEqual(sorted(arrived), sorted(ids))
        self.assertEqual(self.depth(dead), 0)

    def test_what_is_gone_is_a_dead_letter(self):
        arn, name = self.connection(**basic())
        destination = self.destination("https://api.test/", arn)
        bus, dead = self.route(destination)
        self.events.delete_connection(Name=name)
        self.put_event(bus)
        attributes, _ = self.letter(dead)
        self.assertEqual(
            (attributes["ERROR_CODE"], attributes["ERROR_MESSAGE"], attributes["TARGET_ARN"],
             attributes["RETRY_ATTEMPTS"]),
            ("NO_RESOURCE", "The connection does not exist.", destination, "0"))
        self.assertNotIn("EXHAUSTED_RETRY_CONDITION", attributes)

    def test_parameters_of_a_target_are_checked(self):
        bus = self.bus()
        rule = self.rule(bus, {"source": ["test"]})
        target = {"Id": "t", "Arn": "arn:aws:events:us-east-1:000000000000:api-destination/d/1",
                  "HttpParameters": {"HeaderParameters": {"a b": "v"}}}
        self.refused("ValidationException", self.events.put_targets, Rule=rule, EventBusName=bus,
                     Targets=[target], message=re.compile(
                         r"at 'targets\.1\.member\.httpParameters\.headerParameters' failed"))


class Secrets(DestinationTest):
    """Nothing that a client, an operator or a receiver of dead letters can see has a secret."""

    options = ("--test-clock", "--log-level", "debug", "--lineage-steps")

    def test_no_secret_leaves_the_broker_but_to_where_it_belongs(self):
        self.broker = Broker(self.options).start()
        self.addCleanup(self.broker.close)
        self.sqs = support.client("sqs", self.broker)
        self.events = support.client("events", self.broker)
        words = ["SEKRIT-password", "SEKRIT-key", "SEKRIT-client", "SEKRIT-header",
                 "SEKRIT-query", "SEKRIT-body", "SEKRIT-form", "SEKRIT-token"]
        hidden = {
            "HeaderParameters": [{"Key": "X-H", "Value": "SEKRIT-header", "IsValueSecret": True}],
            "QueryStringParameters": [{"Key": "q", "Value": "SEKRIT-query",
                                       "IsValueSecret": True}],
            "BodyParameters": [{"Key": "b", "Value": "SEKRIT-body", "IsValueSecret": True}]}
        echoes = []

        def echo(request):
            """Says back whatever it was told, in every way it can."""
            told = request.body + request.path + str(request.headers)
            echoes.append(told)
            status = 401 if request.path.startswith("/once") and len(echoes) < 3 else 500
            return status, {"X-Echo": urllib.parse.quote(told)[:4000]}, told.encode()
        receiver = self.receiver(echo)
        logins = []

        def login_answer(request):
            told = request.body + request.path + str(request.headers)
            logins.append(told)
            if request.path.startswith("/bad"):
                error = {"error": told, "error_description": told}
                return 400, {"X-Echo": urllib.parse.quote(told)[:4000]}, json.dumps(error).encode()
            return token_server(["SEKRIT-token"])(request)
        login = self.receiver(login_answer)

        seen = []

        def see(answer):
            seen.append(json.dumps(answer, default=str))
        made = []
        form = {"BodyParameters": [{"Key": "f", "Value": "SEKRIT-form", "IsValueSecret": True}]}
        requests = [basic(InvocationHttpParameters=hidden),
                    api_key(InvocationHttpParameters=hidden),
                    oauth(login.url + "/good", "POST", form, InvocationHttpParameters=hidden),
                    oauth(login.url + "/good", "GET", form),
                    oauth(login.url + "/bad", "POST", form),
                    oauth(f"http://127.0.0.1:{free_port()}/x", "GET", form)]
        for request in requests:
            parameters = request["AuthParameters"]
            if "BasicAuthParameters" in parameters:
                parameters["BasicAuthParameters"]["Password"] = "SEKRIT-password"
            if "ApiKeyAuthParameters" in parameters:
                parameters["ApiKeyAuthParameters"]["ApiKeyValue"] = "SEKRIT-key"
            if "OAuthParameters" in parameters:
                parameters["OAuthParameters"]["ClientParameters"]["ClientSecret"] = "SEKRIT-client"
            name = unique("connection")
            see(self.events.create_connection(Name=name, **request))
            made.append((name, request))
        dead = self.queue("dead")
        bus = self.bus()
        for number, (name, request) in enumerate(made):
            arn = self.events.describe_connection(Name=name)["ConnectionArn"]
            path = "/once" if number == 2 else "/always"
            destination = self.destination(receiver.url + path, arn)
            self.rule(bus, {"source": ["test"]}, {
                "Id": "t", "Arn": destination, "RetryPolicy": {"MaximumRetryAttempts": 1},
                "DeadLetterConfig": {"Arn": queue_arn(self.name_of(dead))}})
        self.put_event(bus, {"order": 1})
        self.advance_until(lambda: self.depth(dead) == len(made))
        # What was sent is where it should be, so that the search below means something.
        everything_sent = "".join(echoes + logins)
        for word in words[1:]:
            self.assertIn(word, everything_sent)
        self.assertIn(base64.b64encode(b"user:SEKRIT-password").decode(), everything_sent)

        self.broker.restart()
        self.sqs = support.client("sqs", self.broker)
        self.events = support.client("events", self.broker)
        for name, request in made:
            see(self.events.describe_connection(Name=name))
            see(self.events.update_connection(Name=name, **request))
            see(self.events.describe_connection(Name=name))
        see(self.events.list_connections())
        see(self.events.list_api_destinations())
        for rule in self.events.list_rules(EventBusName=bus)["Rules"]:
            see(self.events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus))
        seen.append(self.raw("GET", "/_signalbox/metrics").text)
        seen.append(self.raw("GET", f"/_signalbox/events?bus={bus}").text)
        seen.append(self.raw("GET", "/_signalbox/sqs").text)
        seen.append(self.raw("GET", f"/_signalbox/sqs/{self.name_of(dead)}/messages").text)
        see(self.receive(dead, MessageAttributeNames=["All"], AttributeNames=["All"]))
        for name, _ in made:
            see(self.events.deauthorize_connection(Name=name))
            see(self.events.describe_connection(Name=name))
            see(self.events.delete_connection(Name=name))
        self.broker.terminate()
        seen.append(pathlib.Path(self.broker.log_path).read_text(encoding="utf-8"))
        found = [re.findall(".{40}SEKRIT.{20}", text, re.S)[:2] for text in seen
                 if "SEKRIT" in text or "U0VLUklU" in text]
        self.assertEqual(found, [])

    def test_the_data_directory_is_its_owners_alone(self):
        mode = os.stat(self.broker.data_dir).st_mode & 0o777
        self.assertEqual(mode, 0o700)


class Restarts(DestinationTest):
    """Each test has a broker of its own, to kill."""

    def setUp(self):
        self.broker = Broker(self.options).start()
        self.addCleanup(self.broker.close)
        self.connect()

    def connect(self):
        self.sqs = support.client("sqs", self.broker)
        self.events = support.client("events", self.broker)

    def restart(self):
        self.broker.restart()
        self.connect()

    def test_a_kill_between_attempts_changes_nothing(self):
        receiver = self.receiver(lambda request: 503)
        login = self.receiver(token_server(["t-1"]))
        connection, name = self.connection(**oauth(login.url))
        self.wait_for_state(name, "AUTHORIZED")
        before = self.events.describe_connection(Name=name)
        bus, dead = self.route(self.destination(receiver.url, connection),
                               RetryPolicy={"MaximumRetryAttempts": 2})
        event_id = self.put_event(bus)
        for count in (1, 2):
            self.advance_until(lambda count=count: len(receiver.requests) >= count)
            self.wait_until_nothing_is_under_way()
            self.restart()
        self.advance_until(lambda: self.depth(dead) == 1)
        attributes, body = self.letter(dead)
        self.assertEqual(json.loads(body)["id"], event_id)
        self.assertEqual((attributes["EXHAUSTED_RETRY_CONDITION"], attributes["RETRY_ATTEMPTS"]),
                         ("MaximumRetryAttempts", "2"))
        self.assertEqual([request.headers["Authorization"] for request in receiver.requests],
                         ["Bearer t-1"] * 3)
        after = self.events.describe_connection(Name=name)
        for member in ("ConnectionArn", "SecretArn", "AuthParameters", "CreationTime",
                       "LastModifiedTime", "ConnectionState"):
            self.assertEqual(after[member], before[member], member)

    def test_an_authorization_cut_by_a_kill_is_made_again(self):
        port = free_port()
        _, name = self.connection(**oauth(f"http://127.0.0.1:{port}/token"))
        self.broker.kill()
        login = self.receiver(token_server(["t-1"]), port=port)
        self.restart()
        self.advance_until(lambda: self.state(name) == "AUTHORIZED")
        login.wait_for(1)

    def test_deliveries_that_wait_for_the_rate_are_made_after_a_kill(self):
        receiver = self.receiver()
        connection, _ = self.connection(**basic())
        bus, dead = self.route(self.destination(receiver.url, connection,
                                                InvocationRateLimitPerSecond=1))
        ids = [self.put_event(bus, {"n": number}) for number in range(5)]
        receiver.wait_for(1)
        self.wait_until_nothing_is_under_way()
        self.restart()
        self.advance_until(lambda: len(receiver.requests) >= 5)
        self.wait_until_nothing_is_under_way()
        self.assertEqual(sorted(json.loads(request.body)["id"] for request in receiver.requests),
                         sorted(ids))
        self.assertEqual(self.depth(dead), 0)


if __name__ == "__main__":
    unittest.main()
