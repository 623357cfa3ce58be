// Runs a Node.js handler (CommonJS or ESM) as a worker: asks the Runtime API for invocations, one
// after the other. Node.js 18 or later, and nothing else. The environment says everything:
// _HANDLER, AWS_LAMBDA_RUNTIME_API (a path after the port is fine) and what Lambda's documentation
// lists.

import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import util from 'node:util';

const env = process.env;
const root = env.LAMBDA_TASK_ROOT || process.cwd();
const [, host, port, prefix] = /^(.*?)(?::(\d+))?(\/.*)?$/.exec(env.AWS_LAMBDA_RUNTIME_API);
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

class InitError extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

// ---- the Runtime API ----

function askOnce(method, where, body, headers) {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { agent, host, port: port || 80, method, path: `${prefix || ''}/2018-06-01/runtime${where}`,
        headers: body === undefined ? {} : { ...headers, 'Content-Length': body.length } },
      (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers,
          body: Buffer.concat(chunks).toString() }));
      });
    request.on('error', (error) => {
      error.wasKept = request.reusedSocket;
      reject(error);
    });
    request.end(body);
  });
}

// A kept connection may have been closed meanwhile.
async function ask(method, where, body, headers) {
  try {
    return await askOnce(method, where, body, headers);
  } catch (error) {
    if (!error.wasKept) throw error;
    return askOnce(method, where, body, headers);
  }
}

function told(error) {
  if (!(error instanceof Error) && !util.types.isNativeError(error)) {
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  }
  return { errorType: error.name, errorMessage: error.message,
    trace: (error.stack || '').split('\n') };
}

async function tellError(where, error) {
  const said = told(error);
  log('ERROR', [where.startsWith('/init') ? 'Uncaught Exception' : 'Invoke Error',
    JSON.stringify(said)]);
  await ask('POST', where, Buffer.from(JSON.stringify(said)), {
    'Content-Type': 'application/json',
    'Lambda-Runtime-Function-Error-Type': said.errorType.replace(/[^\x20-\x7e]/g, '?') });
}

// ---- logs ----

let requestId;

// Synchronous: it is there before the invocation's answer is.
function write(text) {
  let bytes = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(fs.writeSync(1, bytes));
    } catch (error) {
      if (error.code !== 'EAGAIN') return;
    }
  }
}

// One log event, whatever its lines.
function log(level, words) {
  const text = words.join('\t').replace(/\n/g, '\r');
  write(`${new Date().toISOString()}\t${requestId}\t${level}\t${text}\n`);
}

function patchConsole() {
  const levels = { trace: 'TRACE', debug: 'DEBUG', log: 'INFO', info: 'INFO', warn: 'WARN',
    error: 'ERROR' };
  for (const [name, level] of Object.entries(levels)) {
    console[name] = (...values) => log(level, [util.format(...values)]);
  }
}

// ---- the handler ----

function fileOf(base) {
  for (const ending of ['', '.js', '.mjs', '.cjs']) {
    if (fs.statSync(base + ending, { throwIfNoEntry: false })?.isFile()) return base + ending;
  }
  return undefined;
}

async function load(base) {
  const file = fileOf(base);
  const require = createRequire(path.join(root, 'bootstrap.cjs'));
  if (file?.endsWith('.mjs')) return import(pathToFileURL(file).href);
  try {
    // Also a folder with an index.js, and a package of node_modules.
    return require(file ?? (fs.existsSync(base) ? base : path.relative(root, base)));
  } catch (error) {
    const isModule = ['ERR_REQUIRE_ESM', 'ERR_REQUIRE_ASYNC_MODULE'].includes(error.code);
    if (file === undefined || !isModule) throw error;
    return import(pathToFileURL(file).href);
  }
}

async function findHandler(name) {
  const [, module, exported] = /^(.*?[^/.]+)\.([^/]+)$/.exec(name) ?? [];
  if (module === undefined || name.includes('..')) {
    throw new InitError('Runtime.MalformedHandlerName', `Bad handler: ${name}`);
  }
  let loaded;
  try {
    loaded = await load(path.join(root, module));
  } catch (error) {
    if (error instanceof SyntaxError) {
      error.name = 'Runtime.UserCodeSyntaxError';
      error.message = `SyntaxError: ${error.message}`;
    } else if (['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND'].includes(error?.code)) {
      error.name = 'Runtime.ImportModuleError';
      error.message = `Error: ${error.message}`;
    }
    throw error;
  }
  const found = exported.split('.').reduce((value, part) => value?.[part], loaded) ??
    exported.split('.').reduce((value, part) => value?.[part], loaded?.default);
  if (found === undefined || found === null) {
    throw new InitError('Runtime.HandlerNotFound', `${name} is undefined or not exported`);
  }
  if (typeof found !== 'function') {
    throw new InitError('Runtime.HandlerNotFound', `${name} is not a function`);
  }
  return found;
}

// ---- invocations ----

// Of the one under way: ends it, once.
let end = () => {};

function contextOf(headers, finish) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const context = {
    callbackWaitsForEmptyEventLoop: true,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    awsRequestId: requestId,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0),
    done: (error, result) => finish(error, result),
    succeed: (result) => finish(null, result),
    fail: (error) => finish(error ?? 'handled'),
  };
  const client = headers['lambda-runtime-client-context'];
  const identity = headers['lambda-runtime-cognito-identity'];
  if (client) context.clientContext = JSON.parse(client);
  if (identity) context.identity = JSON.parse(identity);
  return context;
}

function call(handler, headers, body) {
  return new Promise((resolve) => {
    let later;  // what a callback said, for when nothing is left to do
    const whenEmpty = () => end(later?.error ?? null, later?.result);
    end = (error, result) => {
      process.off('beforeExit', whenEmpty);
      end = () => {};
      resolve({ error, result });
    };
    const finish = end;
    process.on('beforeExit', whenEmpty);
    try {
      const context = contextOf(headers, finish);
      const callback = (error, result) => {
        if (!context.callbackWaitsForEmptyEventLoop) finish(error, result);
        else later ??= { error, result };
      };
      const returned = handler(JSON.parse(body), context, callback);
      if (typeof returned?.then === 'function') {
        returned.then((result) => finish(null, result), (error) => finish(error ?? String(error)));
      }
    } catch (error) {
      finish(error ?? String(error));
    }
  });
}

function answerOf(result) {
  try {
    return { body: Buffer.from(JSON.stringify(result === undefined ? null : result) ?? 'null') };
  } catch (error) {
    const problem = new Error(`Unable to stringify response body: ${error.message}`);
    problem.name = 'Runtime.MarshalError';
    return { error: problem };
  }
}

async function serveOne(handler) {
  const { status, headers, body } = await ask('GET', '/invocation/next');
  if (status !== 200) {
    write(`The Runtime API answered ${status} when asked for the next invocation: ${body}\n`);
    process.exit(1);
  }
  requestId = headers['lambda-runtime-aws-request-id'];
  const trace = headers['lambda-runtime-trace-id'];
  if (trace) env._X_AMZN_TRACE_ID = trace;
  else delete env._X_AMZN_TRACE_ID;
  const { error, result } = await call(handler, headers, body);
  const answer = error === null || error === undefined ? answerOf(result) : { error };
  if (answer.error !== undefined) {
    await tellError(`/invocation/${requestId}/error`, answer.error);
  } else {
    // One that is refused (too large, too late) has been told its caller already.
    await ask('POST', `/invocation/${requestId}/response`, answer.body,
      { 'Content-Type': 'application/json' });
  }
}

let isServing = false;

// What nobody caught ends the worker, after its invocation is told why.
async function giveUp(error, status) {
  end = () => {};
  try {
    await tellError(isServing ? `/invocation/${requestId}/error` : '/init/error', error);
  } finally {
    process.exit(status);
  }
}

process.on('uncaughtException', (error) => giveUp(error, 129));
process.on('unhandledRejection', (reason) => {
  const text = reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason);
  const error = new Error(text);
  error.name = 'Runtime.UnhandledPromiseRejection';
  if (reason instanceof Error) error.stack = reason.stack;
  giveUp(error, 128);
});

async function main() {
  patchConsole();
  let handler;
  try {
    handler = await findHandler(env._HANDLER);
  } catch (error) {
    await giveUp(error, 1);
  }
  isServing = true;
  for (;;) await serveOne(handler);
}

main().catch((error) => {
  write(`The Runtime API cannot be reached: ${error.message}\n`);
  process.exit(1);
});
