import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { type DType, DTYPES } from "../../tensor/dtype.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import type { Engine, NamedTensor } from "./engine.ts";
import type { TrainerMessage } from "./protocol.ts";
import { MAX_OPEN_MODELS, MAX_WAITING_CALLS, serveEngine } from "./serve_engine.ts";

/** Records its calls; a run never ends. */
class FakeEngine implements Engine {
  readonly models: Uint8Array[] = [];
  readonly memory = new Map<string, Tensor>();
  threads = 0;
  closed = false;

  useThreads(threads: number) {
    this.threads = threads;
    return Promise.resolve();
  }
  load(_key: string, model: Uint8Array) {
    this.models.push(model);
    return Promise.resolve();
  }
  unload() {
    return Promise.resolve();
  }
  write(tensors: readonly NamedTensor[]) {
    for (const [name, value] of tensors) this.memory.set(name, value);
    return Promise.resolve();
  }
  forget(names: readonly string[]) {
    for (const name of names) this.memory.delete(name);
    return Promise.resolve();
  }
  read(names: readonly string[]) {
    return Promise.resolve(names.map((name) => this.memory.get(name)!));
  }
  run() {
    return new Promise<never>(() => {});
  }
  [Symbol.asyncDispose]() {
    this.closed = true;
    return Promise.resolve();
  }
}

/** A client that can send anything through a port, and the engine behind it. */
class UntrustedClient implements Disposable {
  readonly engine = new FakeEngine();
  readonly ended: Promise<void>;
  readonly #port: MessagePort;
  readonly #received: TrainerMessage[] = [];
  #wake = () => {};
  #ids = 0;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    const guard = {
      admit: (model: Uint8Array) => {
        if (model[0] === 66) throw new FlwrError("permission-denied", "A bad model");
        return Uint8Array.of(1);
      },
      threads: () => 2,
      memoryBytes: 100,
    };
    serveEngine(port2, Promise.resolve(this.engine), guard, resolve);
    this.#port = port1;
    port1.onmessage = ({ data }) => {
      this.#received.push(data);
      this.#wake();
    };
  }

  send(anything: unknown): void {
    this.#port.postMessage(anything);
  }

  async receive(): Promise<TrainerMessage> {
    while (this.#received.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    return this.#received.shift()!;
  }

  /** The result of a call: its outcome, or the message of its error. */
  async call(call: unknown): Promise<unknown> {
    this.send({ id: this.#ids++, call });
    const message = await this.receive();
    if ("refused" in message) return `refused: ${message.refused.message}`;
    return "error" in message ? message.error.message : message.outcome;
  }

  [Symbol.dispose](): void {
    this.#port.close();
  }
}

const bytes = (length: number, dtype: DType = "uint8", shape: unknown = [length]) => ({
  dtype,
  shape,
  buffer: new ArrayBuffer(length),
  offset: 0,
});
const write = (packed: unknown, name: unknown = "x") => ({
  method: "write",
  tensors: [[name, packed]],
});

Deno.test("a model is opened as it was checked, or not at all", async () => {
  using client = new UntrustedClient();
  const load = (...model: number[]) => ({
    method: "load",
    key: "a",
    model: Uint8Array.from(model).buffer,
  });
  assert.deepEqual(await client.call(load(7, 7)), {});
  assert.equal(await client.call(load(66)), "A bad model");
  assert.deepEqual(client.engine.models, [Uint8Array.of(1)]);
});

Deno.test("no more threads compute than the guard allows", async () => {
  using client = new UntrustedClient();
  await client.call({ method: "use-threads", threads: 200 });
  assert.equal(client.engine.threads, 2);
  await client.call({ method: "use-threads", threads: 1 });
  assert.equal(client.engine.threads, 1);
});

Deno.test("tensors count while they are in the memory", async () => {
  using client = new UntrustedClient();
  assert.deepEqual(await client.call(write(bytes(60), "a")), {});
  assert.match(String(await client.call(write(bytes(50), "b"))), /more than 100 bytes/);
  assert.deepEqual(
    await client.call(write(bytes(100), "a")),
    {},
    "replaces the tensor of that name",
  );
  await client.call({ method: "forget", names: ["a", "never"] });
  assert.deepEqual(await client.call(write(bytes(100), "c")), {});
});

Deno.test("the number of open models is limited", async () => {
  using client = new UntrustedClient();
  const load = (key: number) => ({ method: "load", key: `${key}`, model: new ArrayBuffer(1) });
  for (let key = 0; key < MAX_OPEN_MODELS; key++) await client.call(load(key));
  assert.match(String(await client.call(load(-1))), /models are open/);
  await client.call({ method: "unload", key: "0" });
  assert.deepEqual(await client.call(load(-1)), {});
});

Deno.test("indices in shared memory are copied before they are checked, other data are not", async () => {
  using client = new UntrustedClient();
  for (const dtype of DTYPES) {
    const shared = new SharedArrayBuffer(16);
    await client.call(write({ dtype, shape: [1], buffer: shared, offset: 8 }));
    new Uint8Array(shared).fill(1);
    const { data } = client.engine.memory.get("x")!;
    const isIndex = dtype === "int32" || dtype === "int64";
    assert.equal(data.buffer instanceof SharedArrayBuffer, !isIndex, dtype);
    assert.equal(Number(data[0]) === 0, isIndex, dtype);
    await client.call({ method: "forget", names: ["x"] });
  }
});

const MALFORMED: Readonly<Record<string, unknown>> = {
  "nothing": undefined,
  "a text": "load",
  "a call without a number": { call: { method: "close" } },
  "an unknown method": { id: 0, call: { method: "constructor" } },
  "absurdly many threads": { id: 0, call: { method: "use-threads", threads: 1e9 } },
  "a model that is not a buffer": { id: 0, call: { method: "load", key: "a", model: [1] } },
  "a model in shared memory": {
    id: 0,
    call: { method: "load", key: "a", model: new SharedArrayBuffer(8) },
  },
  "a model whose end can move": {
    id: 0,
    call: { method: "load", key: "a", model: new ArrayBuffer(8, { maxByteLength: 16 }) },
  },
  "the name of the prototype": { id: 0, call: write(bytes(1), "__proto__") },
  "a name without end": { id: 0, call: write(bytes(1), "x".repeat(1e6)) },
  "an unknown dtype": { id: 0, call: write({ ...bytes(1), dtype: "string" }) },
  "a tensor beyond its buffer": { id: 0, call: write(bytes(8, "float32", [3])) },
  "a tensor that begins after its buffer": { id: 0, call: write({ ...bytes(8), offset: 1 }) },
  "a tensor that is not aligned": {
    id: 0,
    call: write({ ...bytes(8, "float32", [1]), offset: 2 }),
  },
  "a shape that overflows": { id: 0, call: write(bytes(8, "uint8", [2 ** 32, 2 ** 32])) },
  "a shape that overflows to nothing": {
    id: 0,
    call: write(bytes(8, "uint8", [0, 2 ** 52, 2 ** 52, 2 ** 1000])),
  },
  "a negative axis": { id: 0, call: write(bytes(8, "uint8", [-8, -1])) },
  "half an axis": { id: 0, call: write(bytes(8, "uint8", [0.5])) },
  "shared memory that grows": {
    id: 0,
    call: write({ ...bytes(8), buffer: new SharedArrayBuffer(8, { maxByteLength: 16 }) }),
  },
  "a run without inputs": { id: 0, call: { method: "run", run: { model: "a" } } },
};

for (const [what, request] of Object.entries(MALFORMED)) {
  Deno.test(`a client that sends ${what} is disconnected`, async () => {
    using client = new UntrustedClient();
    client.send(request);
    const message = await client.receive();
    assert.ok("refused" in message);
    assert.equal(message.refused.code, "invalid-argument");
    await client.ended;
    assert.ok(client.engine.closed);
  });
}

Deno.test("a client that does not wait for answers is disconnected", async () => {
  using client = new UntrustedClient();
  const run = { model: "a", stored: [], given: [], kept: [], returned: [] };
  for (let id = 0; id <= MAX_WAITING_CALLS; id++) {
    client.send({ id, call: { method: "run", run } });
  }
  const message = await client.receive();
  assert.ok("refused" in message && message.refused.code === "resource-exhausted");
  await client.ended;
});

Deno.test("closing is answered, later calls are not", async () => {
  using client = new UntrustedClient();
  assert.deepEqual(await client.call({ method: "close" }), {});
  await client.ended;
  assert.ok(client.engine.closed);
});

Deno.test("read returns what was written", async () => {
  using client = new UntrustedClient();
  const packed = { dtype: "float32", shape: [2], buffer: Float32Array.of(1, 2).buffer, offset: 0 };
  await client.call(write(packed));
  assert.deepEqual(
    client.engine.memory.get("x"),
    tensor("float32", [2], Float32Array.of(1, 2)),
  );
  assert.deepEqual(await client.call({ method: "read", names: ["x"] }), { tensors: [packed] });
});
