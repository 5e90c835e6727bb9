/** Forged messages of a sandboxed app, on all channels out of its thread. */
import { MAX_TRAINERS } from "../../hosting/sandbox/process/trainers.ts";
import assert from "node:assert/strict";
import { MetricRecord } from "../../app/metric_record.ts";
import { RecordDict } from "../../app/record_dict.ts";
import {
  GRAPH,
  MODEL,
  NODE,
  TENSOR,
  TENSOR_TYPE,
  TYPE,
  VALUE_INFO,
} from "../../ml/onnx/message/types.ts";
import { modelBytes } from "../../ml/onnx/model.ts";
import { GraphBuilder } from "../../ml/onnx/graph_builder.ts";
import { AppCrashed } from "../../hosting/app/app_host.ts";
import { within } from "../support/deadline.ts";
import { EvilApp } from "./sandbox_fixture.ts";

const NEVER = "await new Promise(() => {});";
/** In Deno, a thread can use any socket of its process by its number; here the socket to the node. */
const ON_THE_WAY = `new ((await import("node:net")).Socket)({ fd: 3 })`;

/** A reply of the app's thread, changed by code on `reply`. */
const forged = (change: string) => `
  const { metadata } = message.reply({});
  const reply = { kind: "reply", message: { metadata: { ...metadata }, content: [] }, state: [] };
  ${change};
  self.postMessage(reply);
  ${NEVER}`;

/** A frame that the app writes to the node itself: code for its text, and a body of this many bytes with value 255. */
const framed = (text: string, bodyLength = 0) => `
  const metadata = (message) => JSON.stringify(message.reply({}).metadata, (_, field) =>
    typeof field === "bigint" ? { $bigint: String(field) } : field);
  const text = new TextEncoder().encode(${text});
  const head = new DataView(new ArrayBuffer(16));
  head.setUint32(0, 0x72776c66, true);
  head.setUint32(4, text.length, true);
  head.setFloat64(8, ${bodyLength}, true);
  const way = ${ON_THE_WAY};
  way.write(new Uint8Array(head.buffer));
  way.write(text);
  way.write(new Uint8Array(${bodyLength}).fill(255));
  ${NEVER}`;

/** Messages of an app, and the node's reaction. */
const FORGED: Readonly<Record<string, readonly [code: string, reason: RegExp]>> = {
  "that it is loaded, while it is asked for something else": [
    `self.postMessage({ kind: "loaded" }); ${NEVER}`,
    /unexpected "loaded"/,
  ],
  "something that has no kind": [`self.postMessage("hello"); ${NEVER}`, /must be a plain object/],
  "something of an unknown kind": [
    `self.postMessage({ kind: "constructor" }); ${NEVER}`,
    /Kind of the event must be one of/,
  ],
  "nothing": [`self.postMessage(undefined); ${NEVER}`, /plain object: got null/],
  "something without end": [
    `const a = { kind: "reply" }; a.message = a; self.postMessage(a); ${NEVER}`,
    /Metadata must be a plain object/,
  ],
  "something very deep": [
    `let a = []; for (let i = 0; i < 2000; i++) a = [a];
    self.postMessage({ kind: "reply", message: a, state: a }); ${NEVER}`,
    /Reply must be a plain object/,
  ],
  "a reply without records": [forged("delete reply.message.content"), /Error of the reply/],
  "a reply for another run": [forged("reply.message.metadata.runId = 9n"), /does not answer/],
  "a reply in another node's name": [
    forged("reply.message.metadata.srcNodeId = 9n"),
    /does not answer/,
  ],
  "a reply to another message": [
    forged("reply.message.metadata.replyToMessageId = 'other'"),
    /does not answer/,
  ],
  "a reply to another node": [
    forged("reply.message.metadata.dstNodeId = 9n"),
    /does not answer/,
  ],
  "a reply from the end of time": [
    forged("reply.message.metadata.createdAt = Infinity"),
    /createdAt is not a time/,
  ],
  "a reply whose ids are no ids": [forged("reply.message.metadata.runId = -1n"), /runId/],
  "a reply with another prototype": [
    forged(`reply.message = JSON.parse('{"__proto__": {"polluted": true}}')`),
    /Metadata must be a plain object/,
  ],
  "records that are none": [forged("reply.state = { polluted: true }"), /Entries must be a list/],
  "a record of an unknown kind": [
    forged(`reply.state = [["a", { kind: "__proto__", items: [] }]]`),
    /Kind of a record/,
  ],
  "an array without bytes": [
    forged(`const data = "text";
      const item = { dtype: "float32", shape: [1], stype: "numpy.ndarray", data };
      reply.message.content = [["a", { kind: "arrays", items: [["w", item]] }]]`),
    /is not a byte array/,
  ],
  "a number that is none": [
    forged(`const loss = { type: "double", value: { valueOf: "x" } };
      reply.state = [["a", { kind: "metrics", items: [["loss", loss]] }]]`),
    /Number must be a number/,
  ],
  "bytes outside of the frame": [
    forged(`const setting = { type: "bytes", value: { $bytes: [0, 2 ** 40] } };
      reply.state = [["a", { kind: "config", items: [["x", setting]] }]]`),
    /is not a byte array/,
  ],
  "bytes outside of the frame, on the node's way": [
    framed(`'{"kind":"reply","message":{"$bytes":[0,1099511627776]}}'`),
    /holds an invalid value/,
  ],
  "more empty lists than the node parses": [
    framed(`"[" + "[],".repeat(2 ** 22) + "1]"`),
    /12582915 bytes of text and 0 of body \(limits: 262144 /,
  ],
  "lists within lists": [framed(`"[".repeat(1e5) + "]".repeat(1e5)`), /holds an invalid value/],
  "more records than the node reads": [
    forged(`const items = Array.from({ length: 2e5 }, (_, i) => [i.toString(36), one]);
      reply.state = [["a", { kind: "metrics", items }]]`.replace(
      "one",
      `{ type: "double", value: 1 }`,
    )),
    /records have 200002 entries; the limit is 110000/,
  ],
  "columns that are none": [
    framed(
      `'{"kind":"reply","message":{"metadata":' + metadata(message) +
      ',"content":{"columns":{"$bytes":[0,64]},"data":{"$bytes":[0,0]}}}}'`,
      64,
    ),
    /records are malformed/,
  ],
  "bytes of its own on the node's way": [
    `${ON_THE_WAY}.write(new Uint8Array(64)); ${NEVER}`,
    /Malformed frame/,
  ],
  "a frame without end": [
    `const head = new DataView(new ArrayBuffer(16));
    head.setUint32(0, 0x72776c66, true);
    head.setFloat64(8, 2 ** 50, true);
    ${ON_THE_WAY}.write(new Uint8Array(head.buffer)); ${NEVER}`,
    /0 bytes of text and 1125899906842624 of body/,
  ],
};

Deno.test("security: an app cannot make the node believe", async (test) => {
  await using app = await EvilApp.start();
  for (const [what, [code, reason]] of Object.entries(FORGED)) {
    await test.step(what, async () => {
      await assert.rejects(within(app.run(code), 30, what), (error) => {
        assert.ok(error instanceof AppCrashed, String(error));
        assert.match(error.message, reason);
        return true;
      });
      assert.equal("polluted" in {}, false);
      assert.equal(await app.run("return 'as new'"), "as new");
    });
  }
});

Deno.test("security: an app that sends unrequested messages is ended, and later messages are not affected", async () => {
  await using app = await EvilApp.start();
  await app.run(`globalThis.kept = 1; queueMicrotask(() => self.postMessage({ kind: "loaded" }))`)
    .catch(() => {});
  await app.run(
    `setTimeout(() => self.postMessage({ kind: "crashed", reason: "later" }), 20)`,
  ).catch((error) => assert.ok(error instanceof AppCrashed));
  for (let tries = 0; tries < 3; tries++) {
    const answer = await app.run("return 'here'").catch((error) => error);
    if (answer === "here") return;
    assert.ok(answer instanceof AppCrashed);
  }
  assert.fail("no message was answered any more");
});

Deno.test("security: an app's state is stored exactly as sent, record by record", async () => {
  await using app = await EvilApp.start();
  const before = new RecordDict([["counts", new MetricRecord({ seen: 1 })]]);
  const code = `const seen = context.state.metricRecord("counts").number("seen");
    context.state.set("counts", new flwr.MetricRecord({ seen: seen + 1, nan: NaN, zero: -0 }));
    return seen`;
  const { state } = await app.handle(code, undefined, before);
  const counts = state.metricRecord("counts");
  assert.deepEqual([...counts], [["seen", 2], ["nan", NaN], ["zero", -0]]);
});

/** Opens a trainer like the app's thread and sends it a message. @returns the response as JSON */
const toTrainer = (said: string, device = "cpu") => `
  const { port1, port2 } = new MessageChannel();
  self.postMessage({ kind: "open-trainer", threads: 1, device: "${device}" }, [port2]);
  const answer = new Promise((resolve) => port1.onmessage = ({ data }) => resolve(data));
  const model = (text) => Uint8Array.fromBase64(text).buffer;
  port1.postMessage(${said});
  return JSON.stringify(await answer);`;

function modelWithDataIn(location: string): string {
  const externalData = [["location", location], ["offset", "0"], ["length", "17"]].map((
    [key, value],
  ) => ({ key: key!, value: value! }));
  const w = TENSOR.create({ name: "w", dims: [17n], dataType: 2, dataLocation: 1, externalData });
  const type = TYPE.create({ tensorType: TENSOR_TYPE.create({ elemType: 2 }) });
  const graph = GRAPH.create({
    name: "g",
    initializer: [w],
    node: [NODE.create({ opType: "Identity", input: ["w"], output: ["y"] })],
    output: [VALUE_INFO.create({ name: "y", type })],
  });
  const opsetImport = [{ domain: "", version: 18n }];
  return MODEL.encode(MODEL.create({ irVersion: 8n, opsetImport, graph })).toBase64();
}

function honestModel(): string {
  const builder = new GraphBuilder();
  const y = builder.node("Identity", [builder.floats(1)]);
  return modelBytes(builder.build("g", [], [{ name: y, dtype: "float32", shape: [] }])).toBase64();
}

const load = (model: string) =>
  `{ id: 0, call: { method: "load", key: "a", model: model("${model}") } }`;

Deno.test("security: trainer threads can only train", async (test) => {
  await using app = await EvilApp.start();
  await test.step("they open a model that only computes", async () => {
    assert.equal(await app.run(toTrainer(load(honestModel()))), `{"id":0,"outcome":{}}`);
  });
  for (const location of ["../secret.txt", "/etc/passwd", "own.ts", "client.ts"]) {
    await test.step(`they read no external file: ${location}`, async () => {
      const answer = await app.run(toTrainer(load(modelWithDataIn(location))));
      assert.match(answer, /permission-denied.*has the data of \\"w\\" in another file/);
    });
  }
  await test.step("they refuse malformed messages", async () => {
    assert.match(await app.run(toTrainer(`{ id: 0, call: { method: "eval" } }`)), /"refused"/);
  });
  await test.step("they use no device that the node's owner did not name", async () => {
    const answer = await app.run(toTrainer(`{ id: 0, call: { method: "close" } }`, "cuda"));
    assert.match(answer, /"refused".*Device must be one of cpu/);
  });
  await test.step("their number is limited", async () => {
    const code = `const answers = [];
      for (let i = 0; i < ${MAX_TRAINERS + 1}; i++) {
        const { port1, port2 } = new MessageChannel();
        self.postMessage({ kind: "open-trainer", threads: 1, device: "cpu" }, [port2]);
        answers.push(new Promise((resolve) => port1.onmessage = ({ data }) => resolve(data)));
        port1.postMessage({ id: 0, call: { method: "read", names: [] } });
      }
      return JSON.stringify(await Promise.race(answers.map(async (answer) => {
        const said = await answer;
        return "refused" in said ? said : new Promise(() => {});
      })))`;
    assert.match(await app.run(code), /The app has \d+ open models/);
  });
});

function transposedInNoGroup(): string {
  const builder = new GraphBuilder();
  const w = builder.floats(1);
  builder.named("ConvTranspose", ["x", w], ["y"], { group: { int: 0 } });
  const out = { name: "y", dtype: "float32", shape: [1, 1, 1, 1] } as const;
  return modelBytes(builder.build("g", [{ ...out, name: "x" }], [out])).toBase64();
}

Deno.test("security: a model that would end the process of ONNX Runtime is refused", async () => {
  await using app = await EvilApp.start();
  const answer = await app.run(toTrainer(load(transposedInNoGroup())));
  assert.match(answer, /permission-denied.*\\"group\\" with an invalid length: 0/);
});
