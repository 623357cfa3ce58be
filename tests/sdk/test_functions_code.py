"""Functions' code over the wire: changed, large, too large."""

import base64
import hashlib
import io
import os
import urllib.request
import zipfile

from support import ACCOUNT, REGION, unique
from function_support import CODE, ROLE, FunctionsTest, zip_of

OTHER_CODE = zip_of({"shop.py": "def echo(event, context):\n    return [event]\n"})
MIB = 1024 * 1024


def zip_of_bytes(count):
    """A zip of about that many bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("data", os.urandom(count))
    return buffer.getvalue()


def sha256_of(code):
    return base64.b64encode(hashlib.sha256(code).digest()).decode()


class Code(FunctionsTest):
    # Its workers are the test's own.
    options = ("--function-processes", "off")

    def test_code_is_changed(self):
        name = self.function(Code={"ZipFile": CODE})
        before = self.functions.get_function_configuration(FunctionName=name)
        self.assertEqual(before["CodeSha256"], sha256_of(CODE))
        changed = self.functions.update_function_code(
            FunctionName=name, ZipFile=OTHER_CODE, RevisionId=before["RevisionId"],
            Architectures=["arm64"])
        self.assertEqual(
            (changed["CodeSha256"], changed["CodeSize"], changed["Architectures"]),
            (sha256_of(OTHER_CODE), len(OTHER_CODE), ["arm64"]))
        self.functions.get_waiter("function_updated_v2").wait(FunctionName=name)
        self.refused("PreconditionFailedException", 412, self.functions.update_function_code,
                     FunctionName=name, ZipFile=CODE, RevisionId=before["RevisionId"])
        tried = self.functions.update_function_code(FunctionName=name, ZipFile=CODE, DryRun=True)
        self.assertEqual(tried["CodeSha256"], sha256_of(CODE))
        shown = self.functions.get_function_configuration(FunctionName=name)
        self.assertEqual(shown["CodeSha256"], sha256_of(OTHER_CODE))

    def test_code_is_where_its_location_says(self):
        name = self.function(Code={"ZipFile": CODE})
        self.functions.publish_version(FunctionName=name)
        self.functions.update_function_code(FunctionName=name, ZipFile=OTHER_CODE)
        for qualifier, code in (("$LATEST", OTHER_CODE), ("1", CODE)):
            place = self.functions.get_function(FunctionName=name, Qualifier=qualifier)["Code"]
            self.assertEqual(place["RepositoryType"], "S3")
            with urllib.request.urlopen(place["Location"]) as answer:
                self.assertEqual(answer.headers["Content-Type"], "application/zip")
                self.assertEqual(answer.read(), code)
        attached = self.function()
        self.assertNotIn("Location", self.functions.get_function(FunctionName=attached)["Code"])
        for query in ("", "?function=", "?function=nonsense", f"?function={name}:7",
                      f"?function=arn:aws:lambda:{REGION}:{ACCOUNT}:function:{attached}",
                      f"?function=arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:7"):
            answer = self.broker.get(f"/_signalbox/function-code{query}")
            self.assertEqual(answer[0], 404, query)

    def test_code_that_cannot_be_is_refused(self):
        name = self.function(Code={"ZipFile": CODE})
        update = self.functions.update_function_code
        for code, text in (({"ZipFile": b"no zip"}, "Could not unzip"),
                           ({"S3Bucket": "bucket", "S3Key": "key"}, "S3"),
                           ({"ImageUri": "a/b:1"}, "packageType Zip"), ({}, "provide a source")):
            self.assertIn(text, self.refused("InvalidParameterValueException", 400, update,
                                             FunctionName=name, **code))
        self.refused("ValidationException", 400, update, FunctionName=name, ZipFile=CODE,
                     Architectures=["vax"])
        self.refused("ResourceNotFoundException", 404, update, FunctionName=unique("none"),
                     ZipFile=CODE)

    def test_large_code_is_taken_and_larger_code_is_not(self):
        large = zip_of_bytes(50 * MIB - 4096)
        name = self.function(Code={"ZipFile": large})
        shown = self.functions.get_function_configuration(FunctionName=name)
        self.assertEqual((shown["CodeSize"], shown["CodeSha256"]),
                         (len(large), sha256_of(large)))
        larger = zip_of_bytes(50 * MIB + 1)
        self.assertEqual(
            self.refused("RequestEntityTooLargeException", 413,
                         self.functions.update_function_code, FunctionName=name, ZipFile=larger),
            "Request must be smaller than 69905067 bytes for the UpdateFunctionCode operation")
        self.assertIn("CreateFunction", self.refused(
            "RequestEntityTooLargeException", 413, self.functions.create_function,
            FunctionName=unique("function"), Runtime="python3.11", Role=ROLE,
            Handler="shop.echo", Code={"ZipFile": larger}))
        # What the broker takes of other requests stays as it was.
        self.refused("RequestEntityTooLargeException", 413, self.functions.publish_version,
                     FunctionName=name, Description="x" * (9 * MIB))

    def test_code_that_is_too_large_unzipped_is_refused(self):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("zeroes", bytes(262_144_001))
        self.assertEqual(
            self.refused("InvalidParameterValueException", 400,
                         self.functions.update_function_code,
                         FunctionName=self.function(Code={"ZipFile": CODE}),
                         ZipFile=buffer.getvalue()),
            "Unzipped size must be smaller than 262144000 bytes")
