"""What is said of events that functions are invoked by, over the wire."""

import time

from support import ACCOUNT, REGION, queue_arn
from function_support import FunctionsTest


class InvokeConfigs(FunctionsTest):
    def test_a_config_is_put_updated_listed_and_deleted(self):
        name = self.function()
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
        gone = {"OnFailure": {"Destination": queue_arn("gone")}}
        put = self.functions.put_function_event_invoke_config(
            FunctionName=name, MaximumRetryAttempts=0, MaximumEventAgeInSeconds=3600,
            DestinationConfig=gone)
        self.assertEqual(
            (put["FunctionArn"], put["MaximumRetryAttempts"], put["MaximumEventAgeInSeconds"],
             put["DestinationConfig"]),
            (f"{arn}:$LATEST", 0, 3600, {"OnSuccess": {}, **gone}))
        self.assertLess(abs(put["LastModified"].timestamp() - time.time()), 60)
        updated = self.functions.update_function_event_invoke_config(
            FunctionName=arn, Qualifier="$LATEST", MaximumRetryAttempts=2)
        self.assertEqual((updated["MaximumRetryAttempts"], updated["DestinationConfig"]),
                         (2, {"OnSuccess": {}, **gone}))
        shown = self.functions.get_function_event_invoke_config(FunctionName=name)
        self.assertEqual(shown["LastModified"], updated["LastModified"])
        self.functions.publish_version(FunctionName=name)
        self.functions.put_function_event_invoke_config(
            FunctionName=name, Qualifier="1", MaximumRetryAttempts=1)
        pages = self.functions.get_paginator("list_function_event_invoke_configs").paginate(
            FunctionName=name, PaginationConfig={"PageSize": 1})
        self.assertEqual(
            [each["FunctionArn"] for page in pages
             for each in page["FunctionEventInvokeConfigs"]],
            [f"{arn}:$LATEST", f"{arn}:1"])
        reply = self.functions.delete_function_event_invoke_config(FunctionName=name)
        self.assertEqual(reply["ResponseMetadata"]["HTTPStatusCode"], 204)
        self.assertEqual(
            self.refused("ResourceNotFoundException", 404,
                         self.functions.get_function_event_invoke_config, FunctionName=name),
            f"The function {arn}:$LATEST doesn't have an EventInvokeConfig")

    def test_a_config_that_cannot_be_is_refused(self):
        name = self.function()
        put = self.functions.put_function_event_invoke_config
        for bad in ({"MaximumRetryAttempts": 3}, {"MaximumRetryAttempts": -1},
                    {"MaximumEventAgeInSeconds": 59}, {"MaximumEventAgeInSeconds": 21601},
                    {"DestinationConfig": {"OnFailure": {"Destination": "gone"}}}):
            self.refused("ValidationException", 400, put, FunctionName=name, **bad)
        self.refused("InvalidParameterValueException", 400, put, FunctionName=name)
        self.refused("InvalidParameterValueException", 400, put, FunctionName=name,
                     DestinationConfig={"OnSuccess": {
                         "Destination": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"}})
        self.refused("ResourceNotFoundException", 404, put, FunctionName="nothing",
                     MaximumRetryAttempts=1)
        self.refused("ResourceNotFoundException", 404,
                     self.functions.update_function_event_invoke_config, FunctionName=name,
                     MaximumRetryAttempts=1)
