// The seed's handler with partial failures, compiled and unmodified, and the same with AWS Lambda
// Powertools' batch processor, under the Node.js runtime client: of a batch of ten with three bad
// messages seven are deleted, three come again, and are dead letters after three receives.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as lambda from "@aws-sdk/client-lambda";
import * as sqs from "@aws-sdk/client-sqs";
import ts from "typescript";
import { finish, test } from "../support/checks.mjs";

const functions = new lambda.Lambda({});
const queues = new sqs.SQS({});
const account = "000000000000";
const folder = mkdtempSync(join(tmpdir(), "signalbox-"));

// Beside this program, where the libraries are found.
function compile() {
  const out = resolve("out");
  const program = ts.createProgram(["notifications.ts", "powertools.ts"], {
    strict: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext, outDir: out, noEmitOnError: true,
    skipLibCheck: true, types: ["node"],
  });
  const problems = ts.getPreEmitDiagnostics(program)
    .map((each) => ts.flattenDiagnosticMessageText(each.messageText, " "));
  assert.deepEqual(problems, []);
  program.emit();
  return out;
}

const out = compile();

async function until(what, condition) {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
    const value = await condition();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${what} did not come about`);
}

async function count(url, name) {
  const { Attributes } = await queues.getQueueAttributes(
    { QueueUrl: url, AttributeNames: [name] });
  return Number(Attributes[name]);
}

// Most runtime clients take a host and a port alone: the function has a port of its own.
async function portOf(name) {
  const answer = await fetch(`${process.env.AWS_ENDPOINT_URL}/_signalbox/runtime-port`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(
      { function_arn: `arn:aws:lambda:us-east-1:${account}:function:${name}` }) });
  assert.equal(answer.status, 200, await answer.clone().text());
  return (await answer.json()).runtime_api;
}

function worker(name, handler, notes, runtimeApi) {
  const client = resolve("node_modules/aws-lambda-ric/bin/index.mjs");
  const child = spawn("node", [client, `${handler}.handler`], {
    cwd: out, stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, NOTES: notes, AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_VERSION: "$LATEST", AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "128",
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`, AWS_LAMBDA_LOG_STREAM_NAME: "s",
      LAMBDA_TASK_ROOT: out, AWS_LAMBDA_RUNTIME_API: runtimeApi },
  });
  return child;
}

async function batchOfTenWithThreeBad(handler) {
  const name = `notify-${handler}`;
  const arn = (queue) => `arn:aws:sqs:us-east-1:${account}:${queue}`;
  const { QueueUrl: dead } = await queues.createQueue({ QueueName: `${name}-dlq` });
  const { QueueUrl: url } = await queues.createQueue({ QueueName: name, Attributes: {
    VisibilityTimeout: "2", RedrivePolicy: JSON.stringify(
      { deadLetterTargetArn: arn(`${name}-dlq`), maxReceiveCount: 3 }) } });
  await queues.sendMessageBatch({ QueueUrl: url, Entries: [...Array(10).keys()].map((id) => (
    { Id: String(id), MessageBody: JSON.stringify({ id, fails: [2, 5, 9].includes(id) }) })) });
  await functions.createFunction({ FunctionName: name, Role: `arn:aws:iam::${account}:role/r`,
    PackageType: "Image", Code: { ImageUri: "attached" }, Timeout: 2 });
  await functions.createEventSourceMapping({ EventSourceArn: arn(name), FunctionName: name,
    BatchSize: 10, FunctionResponseTypes: ["ReportBatchItemFailures"] });
  const notes = join(folder, name);
  const child = worker(name, handler, notes, await portOf(name));
  try {
    const sent = () => (existsSync(notes) ? readFileSync(notes, "utf8").trim().split("\n") : [])
      .map(Number).sort((a, b) => a - b);
    await until("seven messages sent", () => sent().length === 7);
    assert.deepEqual(sent(), [0, 1, 3, 4, 6, 7, 8]);
    await until("three messages left",
      async () => await count(url, "ApproximateNumberOfMessagesNotVisible") === 3);
    await until("three dead letters",
      async () => await count(dead, "ApproximateNumberOfMessages") === 3);
    assert.equal(sent().length, 7);
    assert.equal(await count(url, "ApproximateNumberOfMessages"), 0);
  } finally {
    child.kill("SIGKILL");
  }
}

test("the seed's handler with partial failures", () => batchOfTenWithThreeBad("notifications"));
test("powertools' batch processor", () => batchOfTenWithThreeBad("powertools"));

await finish();
