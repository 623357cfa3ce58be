#!/usr/bin/env python3
"""Compares the field lists of broker/api/ with the services' own model, as botocore ships it.

Checks for every operation the names, types and order-independent presence of members, and of inputs
what the model demands: required, length, range, pattern, enum. Names on the Query wire are compared
with the table below, taken from botocore 1.29.0, the last with SQS's Query model.

Usage: check_model.py BUILD/tests/protocol_tests        (with a Python that has botocore)
Exits 1 and lists the differences if there are any that are not explained here.
"""

import json
import subprocess
import sys

import botocore.session

# The model has members for features that are not served; a client that sends one is answered as if
# it had not.
NOT_SERVED = {
    "ManagedBy",  # of buses that another service owns
    "SourceRoleTemplate",  # of roles made from a template of the service
    "MinimumSessionTokenSize", "SessionTokenUtilization", "SessionTokenSize",  # of STS's tokens
    # Of functions: where they run at AWS, and kinds of them that are not here.
    "FileSystemConfigs", "CodeSigningConfigArn",
    "Error",  # of an image that cannot be had
    "TenancyConfig", "CapacityProviderConfig", "DurableConfig", "RuntimeConfig",
    "AcceleratorConfig", "PublishTo", "SigningProfileVersionArn", "SigningJobArn",
    "RuntimeVersionConfig", "ConfigSha256", "TagsError", "MasterArn", "TenantId",
    "DurableExecutionName", "DurableExecutionArn", "ResolvedImageUri", "ResolvedS3Object",
    "S3ObjectStorageMode", "SourceKMSKeyArn", "KMSKeyArn",
    # Of event source mappings: what only streams and message brokers have, and AWS's own meters.
    "SourceAccessConfigurations", "AmazonManagedKafkaEventSourceConfig", "Topics", "Queues",
    "SelfManagedKafkaEventSourceConfig", "SelfManagedEventSource", "DocumentDBEventSourceConfig",
    "ProvisionedPollerConfig", "MetricsConfig", "LoggingConfig", "FilterCriteriaError",
}

# Demands of the model that are not checked, or that are from elsewhere, by member or service and
# member.
MEANT = {
    # The model of Schemas leaves these to its documentation.
    "schemas.RegistryName": {"min", "max", "pattern"},
    "schemas.SchemaName": {"min", "max", "pattern"},
    "schemas.Limit": {"min", "max"},
    "schemas.Scope": {"enum"},
    # Anything at all: there is nothing to check.
    "Pattern": {"pattern"},
    # There is no S3: a function's code in it is refused.
    "S3Bucket": {"pattern"},
    # Of a schedule's ECS target, a list of maps: stored for a service that is not there.
    "Tags": {"each"},
}

# SQS's model states attribute and tag names as enums and lengths; the operations check them, with
# texts of their own, so the field lists of SQS carry nothing but "required".
CONSTRAINTS = ("min", "max", "pattern", "enum", "sensitive", "each", "each_key")

# member of the model -> (name of an entry, key, value) on the Query wire, where not its own.
QUERY_NAMES = {
    "Attributes": ("Attribute", "Name", "Value"),
    "tags": ("Tag", "Key", "Value"),
    "Tags": ("Tag", "Key", "Value"),
    "MessageAttributes": ("MessageAttribute", "Name", "Value"),
    "MessageSystemAttributes": ("MessageSystemAttribute", "Name", "Value"),
    "AttributeNames": ("AttributeName",),
    "MessageAttributeNames": ("MessageAttributeName",),
    "MessageSystemAttributeNames": ("MessageSystemAttributeName",),
    "QueueUrls": ("QueueUrl",),
    "queueUrls": ("QueueUrl",),
    "AWSAccountIds": ("AWSAccountId",),
    "Actions": ("ActionName",),
    "TagKeys": ("TagKey",),
    "Messages": ("Message",),
    "StringListValues": ("StringListValue",),
    "BinaryListValues": ("BinaryListValue",),
    "Failed": ("BatchResultErrorEntry",),
}


def expected_query_names(member, shape):
    if member in ("Entries", "Successful"):
        return (shape.member.name,)
    return QUERY_NAMES.get(member, (member,))


def constraints_of(shape):
    found = {}
    for key in ("min", "max", "pattern", "sensitive"):
        if key in shape.metadata:
            found[key] = shape.metadata[key]
    if shape.metadata.get("enum"):
        found["enum"] = ", ".join(shape.metadata["enum"])
    # A least length of nothing demands nothing.
    if found.get("min") == 0 and shape.type_name in ("string", "list", "map"):
        del found["min"]
    if shape.type_name == "list" and shape.member.type_name != "structure":
        found["each"] = constraints_of(shape.member)
    if shape.type_name == "map":
        found["each"] = constraints_of(shape.value)
        found["each_key"] = constraints_of(shape.key)
    return {key: value for key, value in found.items() if value != {}}


def plain(type_name):
    return "integer" if type_name == "long" else type_name


class Comparison:
    def __init__(self):
        self.differences = []
        self.members_count = 0

    def differ(self, path, text):
        self.differences.append(f"{path}: {text}")

    def structure(self, service, path, ours, model, is_input):
        # Some members have another name in a body than in the model.
        by_wire_name = {
            member.serialization.get("name", name)
            if "location" not in member.serialization else name: name
            for name, member in model.members.items()} if service == "schemas" else {}
        for member in ours["members"]:
            member["name"] = by_wire_name.get(member["name"], member["name"])
        names = {member["name"] for member in ours["members"]}
        for name in model.members:
            if name not in names and name not in NOT_SERVED:
                self.differ(path, f"lacks {name}")
        for member in ours["members"]:
            here = f"{path}.{member['name']}"
            if member["name"] not in model.members:
                self.differ(here, "is not in the model")
                continue
            self.member(service, here, member, model, is_input)

    def member(self, service, path, ours, owner, is_input):
        self.members_count += 1
        model = owner.members[ours["name"]]
        if is_input:
            self.demands(service, path, ours, owner, model)
        if service == "sqs":
            names = (ours["query_name"],)
            if model.type_name == "map":
                names += (ours["query_key"], ours["query_value"])
            if names != expected_query_names(ours["name"], model):
                self.differ(path, f"is {names} on the Query wire")
        self.shape(service, path, ours, model, is_input)

    def demands(self, service, path, ours, owner, model):
        where = [model.serialization[key] for key in ("location", "name")
                 if "location" in model.serialization]
        if where and where[0] == "header":
            where[1] = where[1].lower()
        if ours["location"] != where:
            self.differ(path, f"stands in {ours['location']}, the model says {where}")
        required = ours["name"] in owner.required_members
        if ours["required"] != required:
            self.differ(path, f"required is {ours['required']}, the model says {required}")
        if service == "sqs":
            return
        theirs = constraints_of(model)
        meant = MEANT.get(f"{service}.{ours['name']}", MEANT.get(ours["name"], set()))
        for key in CONSTRAINTS:
            mine = ours.get(key)
            if isinstance(mine, dict):
                mine = {name: value for name, value in mine.items() if name != "required"}
            if key not in meant and mine != theirs.get(key):
                self.differ(path, f"{key} is {mine}, the model says {theirs.get(key)}")

    def shape(self, service, path, ours, model, is_input):
        if ours["type"] != plain(model.type_name):
            self.differ(path, f"is a {ours['type']}, the model says {model.type_name}")
        elif model.type_name == "structure":
            self.structure(service, path, ours, model, is_input)
        elif model.type_name == "list":
            self.shape(service, path + "[]", ours["member"], model.member, is_input)
        elif model.type_name == "map":
            self.shape(service, path + "{}", ours["value"], model.value, is_input)


def dumped_operations(program):
    output = subprocess.run([program, "[model]"], check=True, capture_output=True, text=True).stdout
    return [json.loads(line[6:]) for line in output.splitlines() if line.startswith("model ")]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    session = botocore.session.Session()
    models = {name: session.get_service_model(name)
              for name in ("sqs", "events", "scheduler", "schemas", "iam", "sts", "lambda")}
    comparison = Comparison()
    operations = dumped_operations(sys.argv[1])
    if not operations:
        sys.exit(f"{sys.argv[1]} printed no field lists")
    for operation in operations:
        service, name = operation["service"], operation["operation"]
        if service not in models:
            continue  # the Runtime API has none
        model = models[service].operation_model(name)
        if model.input_shape:
            comparison.structure(service, f"{name} input", operation["input"], model.input_shape,
                                 True)
        elif operation["input"]["members"]:
            comparison.differ(name, "has no input in the model")
        if model.output_shape:
            comparison.structure(service, f"{name} output", operation["output"], model.output_shape,
                                 False)
        elif operation["output"]["members"]:
            comparison.differ(name, "has no output in the model")
    for difference in comparison.differences:
        print(difference)
    print(f"{len(operations)} operations, {comparison.members_count} members, "
          f"{len(comparison.differences)} differences from botocore {botocore.__version__}")
    sys.exit(1 if comparison.differences else 0)


if __name__ == "__main__":
    main()
