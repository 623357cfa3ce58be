"""The same with AWS Lambda Powertools' batch processors."""

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor, EventType, SqsFifoPartialProcessor, process_partial_response)
from notifications import note

processor = BatchProcessor(event_type=EventType.SQS)
fifo_processor = SqsFifoPartialProcessor()


def send(record):
    message = record.json_body
    if message.get("fails"):
        raise ValueError("no such address")
    note("sent", message)


def send_all(event, context):
    return process_partial_response(
        event=event, record_handler=send, processor=processor, context=context)


def send_in_order(event, context):
    return process_partial_response(
        event=event, record_handler=send, processor=fifo_processor, context=context)
