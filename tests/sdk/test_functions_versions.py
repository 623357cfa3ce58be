"""Functions' versions and aliases over the wire."""

import json

import support
from support import ACCOUNT, REGION, unique
from function_support import CODE, ROLE, FunctionsTest, zip_of

OTHER_CODE = zip_of({"shop.py": "def echo(event, context):\n    return [event]\n"})


def arn_of(name):
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


class Versions(FunctionsTest):
    # Its workers are the test's own.
    options = ("--function-processes", "off")

    def test_versions_are_published_listed_shown_and_deleted(self):
        name = self.function(Code={"ZipFile": CODE}, Tags={"team": "shop"})
        first = self.functions.publish_version(FunctionName=name, Description="one")
        self.assertEqual(first["ResponseMetadata"]["HTTPStatusCode"], 201)
        self.assertEqual((first["Version"], first["FunctionArn"], first["Description"]),
                         ("1", f"{arn_of(name)}:1", "one"))
        again = self.functions.publish_version(FunctionName=name)
        self.assertEqual((again["Version"], again["RevisionId"]), ("1", first["RevisionId"]))
        second = self.functions.update_function_code(
            FunctionName=name, ZipFile=OTHER_CODE, Publish=True)
        self.assertEqual((second["Version"], second["FunctionArn"]), ("2", f"{arn_of(name)}:2"))
        pages = self.functions.get_paginator("list_versions_by_function").paginate(
            FunctionName=name, PaginationConfig={"PageSize": 2})
        self.assertEqual(
            [each["FunctionArn"] for page in pages for each in page["Versions"]],
            [f"{arn_of(name)}:{version}" for version in ("$LATEST", "1", "2")])
        shown = self.functions.get_function(FunctionName=name, Qualifier="1")
        self.assertEqual(shown["Configuration"]["CodeSha256"], first["CodeSha256"])
        self.assertNotIn("Concurrency", shown)
        described = self.functions.get_function_configuration(FunctionName=f"{arn_of(name)}:2")
        self.assertEqual(described["CodeSha256"], second["CodeSha256"])
        gone = self.functions.delete_function(FunctionName=name, Qualifier="1")
        self.assertEqual(gone["ResponseMetadata"]["HTTPStatusCode"], 204)
        self.assertEqual(
            self.refused("ResourceNotFoundException", 404, self.functions.get_function,
                         FunctionName=name, Qualifier="1"),
            f"Function not found: {arn_of(name)}:1")

    def test_a_function_is_published_as_it_is_created(self):
        name = unique("function")
        made = self.functions.create_function(
            FunctionName=name, Runtime="python3.11", Role=ROLE, Handler="shop.echo",
            Code={"ZipFile": CODE}, Publish=True)
        self.assertEqual(made["Version"], "1")
        self.functions.get_waiter("published_version_active").wait(
            FunctionName=name, Qualifier="1")

    def test_conditions_of_a_version_are_kept(self):
        name = self.function(Code={"ZipFile": CODE})
        config = self.functions.get_function_configuration(FunctionName=name)
        publish = self.functions.publish_version
        self.assertIn("is different from current CodeSHA256 in $LATEST", self.refused(
            "InvalidParameterValueException", 400, publish, FunctionName=name, CodeSha256="abc"))
        self.refused("PreconditionFailedException", 412, publish, FunctionName=name,
                     RevisionId="abc")
        self.refused("ResourceNotFoundException", 404, publish, FunctionName="nothing")
        self.refused("ValidationException", 400, publish, FunctionName=name,
                     Description="x" * 257)
        made = publish(FunctionName=name, CodeSha256=config["CodeSha256"],
                       RevisionId=config["RevisionId"])
        self.assertEqual(made["Version"], "1")

    def test_bad_qualifiers_are_refused(self):
        name = self.function(Code={"ZipFile": CODE})
        self.functions.publish_version(FunctionName=name)
        self.assertEqual(
            self.refused("InvalidParameterValueException", 400, self.functions.delete_function,
                         FunctionName=name, Qualifier="$LATEST"),
            "$LATEST version cannot be deleted without deleting the function.")
        self.refused("ValidationException", 400, self.functions.get_function, FunctionName=name,
                     Qualifier="no spaces")
        self.refused("InvalidParameterValueException", 400,
                     self.functions.list_versions_by_function, FunctionName=name, Marker="x")
        for number in ("0", "01", "1x", "99999999999999999999"):
            self.refused("ResourceNotFoundException", 404, self.functions.get_function,
                         FunctionName=name, Qualifier=number)
        self.refused("InvalidParameterValueException", 400,
                     self.functions.update_function_configuration, FunctionName=f"{name}:1",
                     Timeout=4)
        self.refused("InvalidParameterValueException", 400, self.functions.tag_resource,
                     Resource=f"{arn_of(name)}:1", Tags={"a": "b"})

    def test_a_version_is_invoked_by_its_own_workers(self):
        name = self.function(Code={"ZipFile": CODE})
        self.functions.publish_version(FunctionName=name)
        self.worker(f"{name}:1", "echo")
        answer = self.invoke(name, {"order": 1}, Qualifier="1")
        self.assertEqual((answer["StatusCode"], answer["ExecutedVersion"]), (200, "1"))
        self.assertEqual(json.loads(answer["Payload"].read())["event"], {"order": 1})

    def test_versions_survive_a_kill(self):
        with support.Broker() as broker:
            functions = support.client("lambda", broker)
            functions.create_function(
                FunctionName="kept", Runtime="python3.11", Role=ROLE, Handler="shop.echo",
                Code={"ZipFile": CODE}, Publish=True)
            functions.update_function_code(FunctionName="kept", ZipFile=OTHER_CODE, Publish=True)
            before = functions.list_versions_by_function(FunctionName="kept")["Versions"]
            broker.kill()
            broker.start()
            functions = support.client("lambda", broker)
            after = functions.list_versions_by_function(FunctionName="kept")["Versions"]
            self.assertEqual(before, after)
            self.assertEqual(functions.publish_version(FunctionName="kept")["Version"], "2")


class Aliases(FunctionsTest):
    # Its workers are the test's own.
    options = ("--function-processes", "off")

    def published(self):
        """The name of a function with two versions."""
        name = self.function(Code={"ZipFile": CODE})
        self.functions.publish_version(FunctionName=name)
        self.functions.update_function_code(FunctionName=name, ZipFile=OTHER_CODE, Publish=True)
        return name

    def test_an_alias_is_created_shown_moved_listed_and_deleted(self):
        name = self.published()
        made = self.functions.create_alias(
            FunctionName=name, Name="live", FunctionVersion="1", Description="what runs",
            RoutingConfig={"AdditionalVersionWeights": {"2": 0.25}})
        self.assertEqual(made["ResponseMetadata"]["HTTPStatusCode"], 201)
        self.assertEqual(
            (made["AliasArn"], made["FunctionVersion"], made["Description"],
             made["RoutingConfig"]),
            (f"{arn_of(name)}:live", "1", "what runs",
             {"AdditionalVersionWeights": {"2": 0.25}}))
        moved = self.functions.update_alias(
            FunctionName=name, Name="live", FunctionVersion="2", RevisionId=made["RevisionId"],
            RoutingConfig={"AdditionalVersionWeights": {}})
        self.assertNotIn("RoutingConfig", moved)
        shown = self.functions.get_alias(FunctionName=name, Name="live")
        self.assertEqual((shown["FunctionVersion"], shown["RevisionId"]),
                         ("2", moved["RevisionId"]))
        described = self.functions.get_function_configuration(
            FunctionName=name, Qualifier="live")
        self.assertEqual((described["Version"], described["FunctionArn"]),
                         ("2", f"{arn_of(name)}:live"))
        self.functions.create_alias(FunctionName=name, Name="newest", FunctionVersion="$LATEST")
        listed = self.functions.get_paginator("list_aliases")
        self.assertEqual(
            [each["Name"] for page in listed.paginate(
                FunctionName=name, PaginationConfig={"PageSize": 1}) for each in page["Aliases"]],
            ["live", "newest"])
        self.assertEqual(
            [each["Name"] for each in self.functions.list_aliases(
                FunctionName=name, FunctionVersion="2")["Aliases"]], ["live"])
        gone = self.functions.delete_alias(FunctionName=name, Name="live")
        self.assertEqual(gone["ResponseMetadata"]["HTTPStatusCode"], 204)
        self.assertEqual(
            self.refused("ResourceNotFoundException", 404, self.functions.get_alias,
                         FunctionName=name, Name="live"),
            f"Cannot find alias arn: {arn_of(name)}:live")

    def test_an_alias_that_cannot_be_is_refused(self):
        name = self.published()
        given = {"FunctionName": name, "Name": "live", "FunctionVersion": "1"}
        create = self.functions.create_alias
        for bad in ({"Name": "12"}, {"Name": "no spaces"}, {"Name": ""},
                    {"FunctionVersion": "newest"}, {"Description": "x" * 257},
                    {"RoutingConfig": {"AdditionalVersionWeights": {"2": 1.5}}},
                    {"RoutingConfig": {"AdditionalVersionWeights": {"live": 0.5}}}):
            self.refused("ValidationException", 400, create, **{**given, **bad})
        self.refused("ResourceNotFoundException", 404, create, **{**given, "FunctionVersion": "7"})
        create(**given)
        self.assertEqual(self.refused("ResourceConflictException", 409, create, **given),
                         f"Alias already exists: {arn_of(name)}:live")
        self.refused("PreconditionFailedException", 412, self.functions.update_alias,
                     FunctionName=name, Name="live", RevisionId="abc")
        self.assertEqual(
            self.refused("ResourceConflictException", 409, self.functions.delete_function,
                         FunctionName=name, Qualifier="1"),
            "Unable to delete version because the following aliases reference it: [live]")

    def test_an_alias_is_invoked(self):
        name = self.published()
        self.functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
        self.worker(f"{name}:live", "echo")
        answer = self.invoke(f"{arn_of(name)}:live", {"order": 1})
        self.assertEqual((answer["StatusCode"], answer["ExecutedVersion"]), (200, "1"))
        self.functions.update_alias(FunctionName=name, Name="live", FunctionVersion="2")
        answer = self.invoke(name, {"order": 2}, Qualifier="live")
        self.assertEqual((answer["StatusCode"], answer["ExecutedVersion"]), (200, "2"))

    def test_aliases_survive_a_kill(self):
        with support.Broker() as broker:
            functions = support.client("lambda", broker)
            functions.create_function(
                FunctionName="kept", Runtime="python3.11", Role=ROLE, Handler="shop.echo",
                Code={"ZipFile": CODE}, Publish=True)
            functions.update_function_code(FunctionName="kept", ZipFile=OTHER_CODE, Publish=True)
            functions.create_alias(
                FunctionName="kept", Name="live", FunctionVersion="1",
                RoutingConfig={"AdditionalVersionWeights": {"2": 0.125}})
            before = functions.list_aliases(FunctionName="kept")["Aliases"]
            broker.kill()
            broker.start()
            after = support.client("lambda", broker).list_aliases(FunctionName="kept")["Aliases"]
        self.assertEqual(before, after)
