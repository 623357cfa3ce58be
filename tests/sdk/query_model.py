"""A botocore SQS client that speaks the Query protocol, as every SDK did until 2023.

botocore ships only the JSON model. The Query one is the same model with other metadata and the
names that lists and maps carry on that wire, as the API reference's request examples show them.
"""

import gzip
import json
import os
import pathlib
import tempfile

import botocore
import botocore.config
import botocore.session

XML_NAMESPACE = "http://queue.amazonaws.com/doc/2012-11-05/"
LIST_NAMES = {
    "AttributeNameList": "AttributeName", "MessageAttributeNameList": "MessageAttributeName",
    "MessageSystemAttributeList": "MessageSystemAttributeName", "TagKeyList": "TagKey",
    "QueueUrlList": "QueueUrl", "MessageList": "Message",
    "SendMessageBatchRequestEntryList": "SendMessageBatchRequestEntry",
    "SendMessageBatchResultEntryList": "SendMessageBatchResultEntry",
    "DeleteMessageBatchRequestEntryList": "DeleteMessageBatchRequestEntry",
    "DeleteMessageBatchResultEntryList": "DeleteMessageBatchResultEntry",
    "ChangeMessageVisibilityBatchRequestEntryList": "ChangeMessageVisibilityBatchRequestEntry",
    "ChangeMessageVisibilityBatchResultEntryList": "ChangeMessageVisibilityBatchResultEntry",
    "BatchResultErrorEntryList": "BatchResultErrorEntry",
}
# Map shape -> the member's name on the wire and the names of its two halves.
MAP_NAMES = {
    "QueueAttributeMap": ("Attribute", "Name", "Value"),
    "MessageSystemAttributeMap": ("Attribute", "Name", "Value"),
    "MessageBodyAttributeMap": ("MessageAttribute", "Name", "Value"),
    "MessageBodySystemAttributeMap": ("MessageSystemAttribute", "Name", "Value"),
    "TagMap": ("Tag", "Key", "Value"),
}
ERROR_CODES = {
    "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue",
    "QueueNameExists": "QueueAlreadyExists",
    "EmptyBatchRequest": "AWS.SimpleQueueService.EmptyBatchRequest",
    "PurgeQueueInProgress": "AWS.SimpleQueueService.PurgeQueueInProgress",
}


def query_model():
    path = pathlib.Path(botocore.__file__).parent / "data/sqs/2012-11-05/service-2.json.gz"
    with gzip.open(path) as packed:
        model = json.load(packed)
    model["metadata"] = {**{name: value for name, value in model["metadata"].items()
                            if name not in ("awsQueryCompatible", "jsonVersion", "targetPrefix",
                                            "protocols", "auth")},
                         "protocol": "query", "xmlNamespace": XML_NAMESPACE}
    for name, operation in model["operations"].items():
        if "output" in operation:
            operation["output"]["resultWrapper"] = name + "Result"
    shapes = model["shapes"]
    for name, wire_name in LIST_NAMES.items():
        if name in shapes:
            shapes[name]["member"]["locationName"] = wire_name
    for name, (_, key, value) in MAP_NAMES.items():
        if name in shapes:
            shapes[name]["key"]["locationName"] = key
            shapes[name]["value"]["locationName"] = value
    for shape in shapes.values():
        for member in shape.get("members", {}).values():
            if member["shape"] in MAP_NAMES:
                member["locationName"] = MAP_NAMES[member["shape"]][0]
    for name, code in ERROR_CODES.items():
        shapes[name]["error"] = {"code": code, "httpStatusCode": 400, "senderFault": True}
    return model


def query_client(broker, region="us-east-1"):
    """Made once per broker by its caller: building it takes half a second."""
    with tempfile.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory, "sqs", "2012-11-05")
        folder.mkdir(parents=True)
        with open(folder / "service-2.json", "w", encoding="utf-8") as file:
            json.dump(query_model(), file)
        session = botocore.session.Session()
        loader = session.get_component("data_loader")
        loader.search_paths.insert(0, os.fspath(directory))
        config = botocore.config.Config(parameter_validation=False, read_timeout=40,
                                        retries={"total_max_attempts": 1})
        return session.create_client(
            "sqs", region_name=region, endpoint_url=broker.endpoint, config=config,
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="secret")
