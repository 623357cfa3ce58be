// sqs-consumer: handlers of single messages and batches, failures, heartbeats, stopping.
import assert from "node:assert/strict";
import { once } from "node:events";
import { SQS } from "@aws-sdk/client-sqs";
import { Consumer } from "sqs-consumer";
import { finish, test } from "../support/checks.mjs";

const sqs = new SQS({});

async function queue(name, attributes = {}) {
  return (await sqs.createQueue({ QueueName: name, Attributes: attributes })).QueueUrl;
}

async function send(queueUrl, ...bodies) {
  const answer = await sqs.sendMessageBatch({
    QueueUrl: queueUrl,
    Entries: bodies.map((MessageBody, at) => ({ Id: `m${at}`, MessageBody })),
  });
  assert.equal(answer.Failed, undefined);
}

async function counts(queueUrl) {
  const names = ["", "NotVisible"].map((kind) => `ApproximateNumberOfMessages${kind}`);
  const found = await sqs.getQueueAttributes({ QueueUrl: queueUrl, AttributeNames: names });
  return names.map((name) => Number(found.Attributes[name]));
}

// A consumer that runs while `body` does, and has stopped afterwards.
async function consuming(options, body) {
  const consumer = Consumer.create({ sqs, waitTimeSeconds: 5, ...options });
  const errors = [];
  consumer.on("error", (error) => errors.push(error));
  consumer.start();
  try {
    await body(consumer);
  } finally {
    const stopped = once(consumer, "stopped");
    consumer.stop({ abort: true });
    await stopped;
  }
  assert.deepEqual(errors, []);
}

// A promise that an event handler settles once `count` calls came.
function calls(count) {
  const made = [];
  let settle;
  const all = new Promise((resolve) => { settle = resolve; });
  return { all, add(value) { if (made.push(value) === count) settle(made); return made.length; } };
}

test("each message is handled once and deleted", async () => {
  const queueUrl = await queue("single");
  const handled = calls(10);
  await consuming({ queueUrl, batchSize: 10, messageAttributeNames: ["All"],
    handleMessage: async (message) => message,
  }, async (consumer) => {
    consumer.on("message_processed", (message) => handled.add(message.Body));
    await send(queueUrl, ..."abcdefghij");
    assert.deepEqual((await handled.all).sort(), [..."abcdefghij"]);
  });
  assert.deepEqual(await counts(queueUrl), [0, 0]);
});

test("of a batch only what the handler returns is deleted", async () => {
  const queueUrl = await queue("batch", { VisibilityTimeout: "600" });
  await send(queueUrl, "keep", "drop");
  const response = calls(1);
  await consuming({ queueUrl, batchSize: 10, shouldDeleteMessages: true,
    handleMessageBatch: async (messages) => messages.filter(({ Body }) => Body === "drop"),
  }, async (consumer) => {
    consumer.on("response_processed", () => response.add(1));
    await response.all;
  });
  assert.deepEqual(await counts(queueUrl), [0, 1]);
});

test("a message whose handler fails comes back at once when it is told to", async () => {
  const queueUrl = await queue("failing", { VisibilityTimeout: "600" });
  await send(queueUrl, "poison");
  const attempts = calls(3);
  await consuming({ queueUrl, terminateVisibilityTimeout: true,
    attributeNames: ["ApproximateReceiveCount"],
    handleMessage: async (message) => {
      if (attempts.add(message.Attributes.ApproximateReceiveCount) < 3) throw new Error("again");
      return message;
    },
  }, async (consumer) => {
    const failures = calls(2);
    consumer.on("processing_error", () => failures.add(1));
    const processed = once(consumer, "message_processed");
    assert.deepEqual(await attempts.all, ["1", "2", "3"]);
    await failures.all;
    await processed;
  });
  assert.deepEqual(await counts(queueUrl), [0, 0]);
});

test("a heartbeat keeps a message while its handler works longer than its timeout", async () => {
  const queueUrl = await queue("slow");
  await send(queueUrl, "long work");
  let timesReceived = 0;
  await consuming({ queueUrl, visibilityTimeout: 4, heartbeatInterval: 1,
    handleMessage: async (message) => {
      ++timesReceived;
      // Longer than the timeout: a second consumer would have got it meanwhile.
      const { Messages } = await sqs.receiveMessage({ QueueUrl: queueUrl, WaitTimeSeconds: 7 });
      assert.equal(Messages, undefined);
      return message;
    },
  }, async (consumer) => { await once(consumer, "message_processed"); });
  assert.equal(timesReceived, 1);
  assert.deepEqual(await counts(queueUrl), [0, 0]);
});

test("a FIFO queue is handled in order, one message of a group after the other", async () => {
  const queueUrl = await queue("line.fifo",
    { FifoQueue: "true", ContentBasedDeduplication: "true" });
  for (const body of "abcdefghijkl") {
    await sqs.sendMessage({ QueueUrl: queueUrl, MessageBody: body, MessageGroupId: "g" });
  }
  const handled = calls(12);
  await consuming({ queueUrl, batchSize: 3, suppressFifoWarning: true,
    handleMessageBatch: async (messages) => {
      for (const { Body } of messages) handled.add(Body);
      return messages;
    },
  }, async (consumer) => {
    assert.equal((await handled.all).join(""), "abcdefghijkl");
    await once(consumer, "response_processed");
  });
});

test("stopping aborts the poll, and what is sent then waits for the next consumer", async () => {
  const queueUrl = await queue("stopped", { VisibilityTimeout: "600" });
  await consuming({ queueUrl, waitTimeSeconds: 20, handleMessage: async (message) => message },
    async () => { await counts(queueUrl); });
  await send(queueUrl, "later");
  const handled = calls(1);
  await consuming({ queueUrl, handleMessage: async (message) => message }, async (consumer) => {
    consumer.on("message_processed", (message) => handled.add(message.Body));
    assert.deepEqual(await handled.all, ["later"]);
  });
});

test("an unknown queue is the error that sqs-consumer makes of it", async () => {
  const queueUrl = (await queue("known")).replace(/known$/, "unknown");
  const consumer = Consumer.create({ sqs, queueUrl, handleMessage: async () => {} });
  const failed = once(consumer, "error");
  consumer.start();
  const [error] = await failed;
  consumer.stop({ abort: true });
  assert.equal(error.name, "SQSError");
  assert.equal(error.code, "QueueDoesNotExist");
  assert.equal(error.statusCode, 400);
});

await finish();
