// Code bindings of the Schemas service: TypeScript's are compiled and used, for a schema that was
// put and for one that was inferred from an event.
import assert from "node:assert/strict";
import { mkdtempSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import * as schemas from "@aws-sdk/client-schemas";
import { unzipSync } from "fflate";
import ts from "typescript";
import { finish, test } from "../support/checks.mjs";

const client = new schemas.Schemas({});
const registry = "shop";

const orderCreated = {
  $schema: "http://json-schema.org/draft-04/schema#",
  title: "OrderCreated",
  type: "object",
  required: ["orderId", "items"],
  properties: {
    orderId: { type: "string" },
    items: {
      type: "array",
      items: {
        type: "object",
        required: ["product-id"],
        properties: { "product-id": { type: "string" }, price: { type: "number" } },
      },
    },
    note: { type: ["string", "null"] },
    labels: { type: "object", additionalProperties: { type: "string" } },
    parent: { $ref: "#" },
  },
};

// The binding's files in a new folder.
async function binding(name, type, content) {
  await client.createSchema(
    { RegistryName: registry, SchemaName: name, Type: type, Content: content });
  const where = { RegistryName: registry, SchemaName: name, Language: "TypeScript3" };
  await client.putCodeBinding(where);
  await schemas.waitUntilCodeBindingExists({ client, maxWaitTime: 20 }, where);
  const { Body } = await client.getCodeBindingSource(where);
  const folder = mkdtempSync(join(tmpdir(), "signalbox-"));
  for (const [path, bytes] of Object.entries(unzipSync(Body))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  return folder;
}

// What the compiler says of a program that uses the types; empty: it was compiled.
function compile(folder, source) {
  const program = join(folder, "main.ts");
  writeFileSync(program, source);
  const made = ts.createProgram([program], {
    strict: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022,
    moduleResolution: ts.ModuleResolutionKind.Bundler, outDir: join(folder, "out"),
    noEmitOnError: true, types: [],
  });
  const problems = ts.getPreEmitDiagnostics(made);
  if (problems.length === 0) made.emit();
  return problems.map((each) => ts.flattenDiagnosticMessageText(each.messageText, " "));
}

test("the types of a schema compile, and a program that uses them runs", async () => {
  await client.createRegistry({ RegistryName: registry });
  const folder = await binding("order.created", "JSONSchemaDraft4", JSON.stringify(orderCreated));
  const head = 'import type { OrderCreated } from "./schema/OrderCreated";\n';
  const problems = compile(folder, `${head}
    export const order: OrderCreated = {
      orderId: "o", items: [{ "product-id": "p", price: 1.5 }], note: null, labels: { a: "b" },
      parent: { orderId: "q", items: [] } };
    export const total = order.items.reduce((sum, item) => sum + (item.price ?? 0), 0);`);
  assert.deepEqual(problems, []);
  const { order, total } = await import(pathToFileURL(join(folder, "out", "main.js")).href);
  assert.equal(total, 1.5);
  assert.equal(order.items[0]["product-id"], "p");
});

test("the compiler refuses what the schema refuses", async () => {
  const folder = await binding("order.paid", "JSONSchemaDraft4", JSON.stringify(orderCreated));
  const head = 'import type { OrderCreated } from "./schema/OrderCreated";\n';
  for (const [value, problem] of [
    ['{ items: [] }', "orderId"],
    ['{ orderId: 1, items: [] }', "number"],
    ['{ orderId: "o", items: [{ price: 1 }] }', "product-id"],
    ['{ orderId: "o", items: [], labels: { a: 1 } }', "number"],
  ]) {
    const problems = compile(folder, `${head}export const order: OrderCreated = ${value};`);
    assert.equal(problems.length, 1, `${value}: ${problems}`);
    assert.match(problems[0], new RegExp(problem));
  }
});

test("a schema inferred from an event has types for the whole event", async () => {
  const event = {
    version: "0", id: "1", "detail-type": "Stock Low", source: "stock", account: "000000000000",
    time: "2026-01-01T00:00:00Z", region: "us-east-1", resources: [],
    detail: { productId: "p", left: 2, places: [{ aisle: 1 }] },
  };
  const { Content } = await client.getDiscoveredSchema(
    { Type: "OpenApi3", Events: [JSON.stringify(event)] });
  const folder = await binding("stock@StockLow", "OpenApi3", Content);
  const problems = compile(folder, `
    import type { AWSEvent, StockLow } from "./schema/AWSEvent";
    export const detail: StockLow = ${JSON.stringify(event.detail)};
    export const event: AWSEvent = ${JSON.stringify(event)};
    export const aisle: number = event.detail.places[0].aisle;`);
  assert.deepEqual(problems, []);
  assert.match(readFileSync(join(folder, "schema", "AWSEvent.ts"), "utf8"), /"detail-type": string/);
});

await finish();
