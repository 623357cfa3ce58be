// The AWS SDK for JavaScript v3: queues, messages, FIFO, dead letters, errors, events.
import assert from "node:assert/strict";
import {
  EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import * as sqs from "@aws-sdk/client-sqs";
import { finish, test } from "../support/checks.mjs";

const ACCOUNT = "000000000000";
const endpoint = process.env.AWS_ENDPOINT_URL;
const client = new sqs.SQS({});

async function queue(name, attributes = {}, tags = undefined) {
  const made = await client.createQueue({ QueueName: name, Attributes: attributes, tags });
  return made.QueueUrl;
}

async function attributes(url, ...names) {
  const found = await client.getQueueAttributes({ QueueUrl: url, AttributeNames: names });
  return found.Attributes;
}

async function receive(url, input = {}) {
  const answer = await client.receiveMessage(
    { QueueUrl: url, MaxNumberOfMessages: 10, WaitTimeSeconds: 5, ...input });
  return answer.Messages ?? [];
}

const bodies = (messages) => messages.map((message) => message.Body);

test("a queue is created, found, described, tagged and deleted", async () => {
  const url = await queue("orders", { VisibilityTimeout: "45" }, { team: "shop" });
  assert.equal(url, `${endpoint}/${ACCOUNT}/orders`);
  assert.equal((await client.getQueueUrl({ QueueName: "orders" })).QueueUrl, url);
  await client.setQueueAttributes({ QueueUrl: url, Attributes: { DelaySeconds: "1" } });
  assert.deepEqual(await attributes(url, "VisibilityTimeout", "DelaySeconds"),
    { VisibilityTimeout: "45", DelaySeconds: "1" });
  await client.tagQueue({ QueueUrl: url, Tags: { stage: "test" } });
  await client.untagQueue({ QueueUrl: url, TagKeys: ["team"] });
  assert.deepEqual((await client.listQueueTags({ QueueUrl: url })).Tags, { stage: "test" });
  await client.deleteQueue({ QueueUrl: url });
  await assert.rejects(client.getQueueUrl({ QueueName: "orders" }), sqs.QueueDoesNotExist);
});

test("the paginator finds each queue of a prefix once, and none of a prefix unused", async () => {
  const made = [];
  for (let number = 0; number < 5; ++number) made.push(await queue(`page-${number}`));
  const pages = [];
  for await (const page of sqs.paginateListQueues(
    { client, pageSize: 2 }, { QueueNamePrefix: "page-" })) pages.push(page.QueueUrls);
  assert.deepEqual(pages.map((page) => page.length), [2, 2, 1]);
  assert.deepEqual(pages.flat(), made);
  assert.equal((await client.listQueues({ QueueNamePrefix: "unused" })).QueueUrls, undefined);
});

test("errors are the classes of the SDK, with the service's codes and status", async () => {
  const url = await queue("errors", { DelaySeconds: "1" });
  const nowhere = `${endpoint}/${ACCOUNT}/nowhere`;
  const entry = (Id) => ({ Id, MessageBody: "a" });
  const send = (entries) => client.sendMessageBatch({ QueueUrl: url, Entries: entries });
  const cases = [
    [() => client.sendMessage({ QueueUrl: nowhere, MessageBody: "a" }), sqs.QueueDoesNotExist],
    [() => queue("errors", { DelaySeconds: "2" }), sqs.QueueNameExists],
    [() => client.getQueueAttributes({ QueueUrl: url, AttributeNames: ["Nonsense"] }),
      sqs.InvalidAttributeName],
    [() => queue("bad", { DelaySeconds: "901" }), sqs.InvalidAttributeValue],
    [() => client.sendMessage({ QueueUrl: url, MessageBody: "\u0000" }),
      sqs.InvalidMessageContents],
    [() => client.deleteMessage({ QueueUrl: url, ReceiptHandle: "nonsense" }),
      sqs.ReceiptHandleIsInvalid],
    [() => send([]), sqs.EmptyBatchRequest],
    [() => send([entry("a"), entry("a")]), sqs.BatchEntryIdsNotDistinct],
    [() => send([entry("a b")]), sqs.InvalidBatchEntryId],
    [() => send([..."abcdefghijk"].map(entry)), sqs.TooManyEntriesInBatchRequest],
    [() => send(["a", "b"].map((Id) => ({ Id, MessageBody: "x".repeat(600_000) }))),
      sqs.BatchRequestTooLong],
  ];
  for (const [call, kind] of cases) {
    await assert.rejects(call(), (error) => {
      assert.ok(error instanceof kind, `${error.name} instead of ${kind.name}: ${error.message}`);
      assert.equal(error.$metadata.httpStatusCode, 400);
      assert.equal(error.$fault, "client");
      assert.match(error.$metadata.requestId, /^[0-9a-f-]{36}$/);
      return true;
    });
  }
  await assert.rejects(client.receiveMessage({ QueueUrl: nowhere }), {
    name: "QueueDoesNotExist", message: "The specified queue does not exist.",
  });
});

test("a message comes with attributes of each type, and the SDK accepts its MD5s", async () => {
  const url = await queue("typed");
  const sent = {
    count: { DataType: "Number", StringValue: "42.5" },
    kind: { DataType: "String.label", StringValue: "spät" },
    raw: { DataType: "Binary", BinaryValue: new Uint8Array([0, 1, 255]) },
  };
  const body = "grüße, 世界 \u{1F600} & <all>\r\n";
  const answer = await client.sendMessage(
    { QueueUrl: url, MessageBody: body, MessageAttributes: sent });
  const [message] = await receive(url,
    { MessageAttributeNames: ["All"], MessageSystemAttributeNames: ["All"] });
  assert.equal(message.Body, body);
  assert.equal(message.MD5OfMessageAttributes, answer.MD5OfMessageAttributes);
  assert.deepEqual(Object.keys(message.MessageAttributes).sort(), ["count", "kind", "raw"]);
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(sent)) {
    const found = message.MessageAttributes[name];
    assert.equal(found.DataType, DataType);
    assert.equal(found.StringValue, StringValue);
    assert.deepEqual(found.BinaryValue && [...found.BinaryValue], BinaryValue && [...BinaryValue]);
  }
  assert.equal(message.Attributes.ApproximateReceiveCount, "1");
});

test("the SDK compares MD5s: a body that was changed on its way is refused", async () => {
  const url = await queue("tampered");
  await client.sendMessage({ QueueUrl: url, MessageBody: "a" });
  const other = new sqs.SQS({});
  other.middlewareStack.add((next) => async (input) => {
    const result = await next(input);
    for (const message of result.output.Messages ?? []) message.Body += "x";
    return result;
  }, { step: "deserialize", priority: "high" });
  await assert.rejects(other.receiveMessage({ QueueUrl: url, WaitTimeSeconds: 5 }),
    /Invalid MD5 checksum on messages/);
});

test("in each batch the entries that failed are told from those that did not", async () => {
  const url = await queue("batch");
  const sent = await client.sendMessageBatch({ QueueUrl: url, Entries: [
    { Id: "a", MessageBody: "one" },
    { Id: "b", MessageBody: "two", DelaySeconds: 901 },
    { Id: "c", MessageBody: "three",
      MessageAttributes: { x: { DataType: "String", StringValue: "y" } } },
  ] });
  assert.deepEqual(sent.Successful.map((entry) => entry.Id), ["a", "c"]);
  assert.deepEqual(sent.Failed.map(({ Id, Code, SenderFault }) => ({ Id, Code, SenderFault })),
    [{ Id: "b", Code: "InvalidParameterValue", SenderFault: true }]);
  const first = await receive(url, { VisibilityTimeout: 60 });
  assert.deepEqual(bodies(first).sort(), ["one", "three"]);
  const changed = await client.changeMessageVisibilityBatch({ QueueUrl: url, Entries: [
    ...first.map((message, at) => ({
      Id: `m${at}`, ReceiptHandle: message.ReceiptHandle, VisibilityTimeout: 0 })),
    { Id: "bad", ReceiptHandle: "nonsense", VisibilityTimeout: 0 },
  ] });
  assert.equal(changed.Successful.length, 2);
  assert.deepEqual(changed.Failed.map((entry) => [entry.Id, entry.Code]),
    [["bad", "ReceiptHandleIsInvalid"]]);
  const second = await receive(url);
  assert.deepEqual(bodies(second).sort(), ["one", "three"]);
  const deleted = await client.deleteMessageBatch({ QueueUrl: url, Entries: [
    ...second.map((message, at) => ({ Id: `m${at}`, ReceiptHandle: message.ReceiptHandle })),
    { Id: "bad", ReceiptHandle: "nonsense" },
  ] });
  assert.equal(deleted.Successful.length, 2);
  assert.deepEqual(deleted.Failed.map((entry) => entry.Id), ["bad"]);
  assert.deepEqual(await attributes(
    url, "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"),
  { ApproximateNumberOfMessages: "0", ApproximateNumberOfMessagesNotVisible: "0" });
});

test("a long poll answers as soon as a message is sent", async () => {
  const url = await queue("polled");
  const started = performance.now();
  const polling = receive(url, { WaitTimeSeconds: 20 });
  await client.sendMessage({ QueueUrl: url, MessageBody: "now" });
  assert.deepEqual(bodies(await polling), ["now"]);
  assert.ok(performance.now() - started < 10_000, "the poll waited for its end");
});

test("a long poll that is aborted takes no message with it", async () => {
  const url = await queue("aborted", { VisibilityTimeout: "600" });
  const abort = new AbortController();
  const polling = client.receiveMessage(
    { QueueUrl: url, WaitTimeSeconds: 20 }, { abortSignal: abort.signal });
  // Once this is answered the poll, sent before it, is under way.
  await attributes(url, "QueueArn");
  abort.abort();
  await assert.rejects(polling, { name: "AbortError" });
  await client.sendMessage({ QueueUrl: url, MessageBody: "kept" });
  assert.deepEqual(bodies(await receive(url)), ["kept"]);
});

test("a FIFO queue keeps order in a group and drops duplicates", async () => {
  const url = await queue("line.fifo", { FifoQueue: "true", ContentBasedDeduplication: "true" });
  const send = (MessageBody, MessageGroupId) =>
    client.sendMessage({ QueueUrl: url, MessageBody, MessageGroupId });
  const one = await send("one", "g");
  assert.equal((await send("one", "g")).MessageId, one.MessageId);
  const two = await send("two", "g");
  assert.ok(BigInt(one.SequenceNumber) < BigInt(two.SequenceNumber));
  await send("other", "h");
  const [first] = await receive(url, { MaxNumberOfMessages: 1 });
  assert.equal(first.Body, "one");
  // The group is locked while a message of it is in flight; the others are not.
  assert.deepEqual(bodies(await receive(url)), ["other"]);
  await client.deleteMessage({ QueueUrl: url, ReceiptHandle: first.ReceiptHandle });
  assert.deepEqual(bodies(await receive(url)), ["two"]);
  await assert.rejects(client.sendMessage({ QueueUrl: url, MessageBody: "x" }),
    { name: "MissingParameter" });
});

test("a message that was received too often is in the dead-letter queue", async () => {
  const dead = await queue("dead");
  const { QueueArn } = await attributes(dead, "QueueArn");
  const url = await queue("alive", { RedrivePolicy: JSON.stringify(
    { deadLetterTargetArn: QueueArn, maxReceiveCount: 2 }) });
  await client.sendMessage({ QueueUrl: url, MessageBody: "poison" });
  for (let time = 1; time <= 2; ++time) {
    const [message] = await receive(url);
    await client.changeMessageVisibility(
      { QueueUrl: url, ReceiptHandle: message.ReceiptHandle, VisibilityTimeout: 0 });
  }
  assert.deepEqual(await receive(url, { WaitTimeSeconds: 0 }), []);
  const [message] = await receive(dead, { MessageSystemAttributeNames: ["All"] });
  assert.equal(message.Body, "poison");
  assert.match(message.Attributes.DeadLetterQueueSourceArn, /:alive$/);
  const sources = await client.listDeadLetterSourceQueues({ QueueUrl: dead });
  assert.deepEqual(sources.queueUrls, [url]);
});

test("a purged queue is empty", async () => {
  const url = await queue("purged");
  await client.sendMessage({ QueueUrl: url, MessageBody: "a" });
  await client.purgeQueue({ QueueUrl: url });
  assert.deepEqual(await receive(url, { WaitTimeSeconds: 0 }), []);
});

test("a queue is known by URLs with another host, and by its name", async () => {
  const url = await queue("known");
  await client.sendMessage({ QueueUrl: url, MessageBody: "a" });
  // The SDK would send the request to the URL's host.
  const fixed = new sqs.SQS({ useQueueUrlAsEndpoint: false });
  for (const QueueUrl of [`https://sqs.us-east-1.amazonaws.com/${ACCOUNT}/known`,
    `https://queue.amazonaws.com/${ACCOUNT}/known`, "known"]) {
    const { Attributes } = await fixed.getQueueAttributes(
      { QueueUrl, AttributeNames: ["ApproximateNumberOfMessages"] });
    assert.deepEqual(Attributes, { ApproximateNumberOfMessages: "1" });
  }
});

test("fifty senders and receivers at once lose nothing", async () => {
  const url = await queue("busy");
  const wanted = Array.from({ length: 500 }, (_, number) => `m${number}`);
  const found = [];
  await Promise.all(Array.from({ length: 50 }, async (_, lane) => {
    for (const Body of wanted.slice(lane * 10, lane * 10 + 10)) {
      await client.sendMessage({ QueueUrl: url, MessageBody: Body });
    }
    while (found.length < wanted.length) {
      for (const message of await receive(url, { WaitTimeSeconds: 1 })) {
        await client.deleteMessage({ QueueUrl: url, ReceiptHandle: message.ReceiptHandle });
        found.push(message.Body);
      }
    }
  }));
  assert.deepEqual(found.sort(), wanted.sort());
});

test("an event reaches the queue of a rule", async () => {
  const events = new EventBridgeClient({});
  const url = await queue("stock");
  await events.send(new PutRuleCommand(
    { Name: "orders", EventPattern: JSON.stringify({ source: ["order-service"] }) }));
  await events.send(new PutTargetsCommand({ Rule: "orders", Targets: [
    { Id: "stock", Arn: `arn:aws:sqs:us-east-1:${ACCOUNT}:stock` }] }));
  const answer = await events.send(new PutEventsCommand({ Entries: [
    { Source: "order-service", DetailType: "order.created", Detail: JSON.stringify({ id: 7 }),
      Time: new Date("2026-01-02T03:04:05Z") },
    { Source: "order-service", DetailType: "order.created", Detail: "no JSON" }] }));
  assert.equal(answer.FailedEntryCount, 1);
  assert.equal(answer.Entries[1].ErrorCode, "MalformedDetail");
  const [message] = await receive(url);
  const event = JSON.parse(message.Body);
  assert.deepEqual([event.id, event.time, event.detail],
    [answer.Entries[0].EventId, "2026-01-02T03:04:05Z", { id: 7 }]);
});

await finish();
