import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { SQSHandler, SQSRecord } from 'aws-lambda';
import { processMessage } from './send.js';

const processor = new BatchProcessor(EventType.SQS);

const send = async (record: SQSRecord): Promise<void> => processMessage(JSON.parse(record.body));

export const handler: SQSHandler = async (event, context) =>
  processPartialResponse(event, send, processor, { context });
