/** Limits of a sandboxed app: what it cannot exhaust, leave running, or take down with it. */
import { MAX_LINE_LENGTH } from "../../hosting/sandbox/output_log.ts";
import assert from "node:assert/strict";
import { AppCrashed } from "../../hosting/app/app_host.ts";
import { eventually, within } from "../support/deadline.ts";
import { listeningPorts } from "../support/listening_ports.ts";
import { repositoryPath } from "../support/repository.ts";
import { TempDir } from "../support/tempdir.ts";
import { EvilApp } from "./sandbox_fixture.ts";

/** Seconds after which a test fails because something did not end. */
const PATIENCE = 30;

/** Ids of running child processes. */
async function childrenOf(pid: string): Promise<string[]> {
  const running: string[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const status = await Deno.readTextFile(`/proc/${name}/status`).catch(() => "");
    if (status.includes(`PPid:\t${pid}\n`) && !/State:\tZ/.test(status)) running.push(name);
  }
  return running;
}

/** Id of an app's process, among processes of other tests. */
function processOf(app: EvilApp): Promise<string> {
  return app.run("return `${Deno.pid}`");
}

async function isRunning(pid: string): Promise<boolean> {
  return (await childrenOf(`${Deno.pid}`)).includes(pid);
}

async function crashOf(app: EvilApp, code: string): Promise<string> {
  const error = await within(app.run(code), PATIENCE, code).then(
    (answer) => assert.fail(`it answered ${answer}`),
    (reason) => reason,
  );
  assert.ok(error instanceof AppCrashed, String(error));
  return error.message;
}

/** Code that ends an app, and the error that the node gets. */
const ENDS: Readonly<Record<string, readonly [code: string, reason: RegExp]>> = {
  "Deno.exit": ["Deno.exit(0)", /called Deno\.exit\(0\)/],
  "process.exit": ["process.exit(0)", /called Deno\.exit\(0\)/],
  "process.reallyExit": [
    "process.reallyExit(0); await new Promise(() => {})",
    /called Deno\.exit\(0\)/,
  ],
  "close": ["self.close(); await new Promise(() => {})", /closed its worker/],
  "a stray error": [
    `setTimeout(() => { throw new TypeError("stray") }); await new Promise(() => {})`,
    /TypeError: stray/,
  ],
  "a stray rejection": [
    `Promise.reject(new TypeError("stray")); await new Promise(() => {})`,
    /TypeError: stray/,
  ],
  "a signal to its own process": [
    `Deno.kill(Deno.pid, "SIGKILL"); await new Promise(() => {})`,
    /SIGKILL/,
  ],
  "all of V8's heap": [
    `const all = []; for (;;) all.push(new Array(1e6).fill(Math.random()))`,
    /MiB of memory; its limit is 512|its process ended/,
  ],
  "buffers without end": [
    `const all = []; for (;;) all.push(new Uint8Array(16 * 1024 ** 2).fill(1))`,
    /MiB of memory; its limit is 512/,
  ],
  "shared buffers, in threads of its own": [
    `const code = "const all = []; for (;;) all.push(new Uint8Array(new SharedArrayBuffer(2 ** 24)).fill(1))";
    for (let i = 0; i < 4; i++) new Worker("data:text/javascript," + code, { type: "module" });
    await new Promise(() => {})`,
    /MiB of memory; its limit is 512/,
  ],
  "messages without end": [
    `for (;;) self.postMessage({ kind: "reply", junk: "x".repeat(1e5) })`,
    /were not requested|violates the protocol|unexpected/,
  ],
};

Deno.test("security: the end of an app ends nothing else", async (test) => {
  await using app = await EvilApp.start({ memoryBytes: 512 * 1024 ** 2 });
  for (const [what, [code, reason]] of Object.entries(ENDS)) {
    await test.step(what, async () => {
      assert.match(await crashOf(app, code), reason);
      assert.equal(await app.run("return 'as new'"), "as new");
    });
  }
});

Deno.test("security: an endless loop neither blocks the node nor prevents its end", async () => {
  await using app = await EvilApp.start();
  const running = await processOf(app);
  const stop = new AbortController();
  const handled = app.run("for (;;);", stop.signal);
  handled.catch(() => {});
  let beats = 0;
  await eventually(() => ++beats > 5, PATIENCE, "heartbeats beside an endless loop");
  assert.ok(await isRunning(running));
  const start = performance.now();
  stop.abort();
  await assert.rejects(handled, { name: "AbortError" });
  await eventually(async () => !await isRunning(running), PATIENCE, "the app's end");
  const seconds = (performance.now() - start) / 1000;
  assert.ok(seconds < PATIENCE / 2, `took ${seconds} s`);
  assert.equal(await app.run("return 1"), "1");
});

Deno.test("security: an endless loop while an app is loaded can be stopped", async () => {
  const marker = `import { ClientApp } from "flwr";
    const loadedBefore = Deno.readTextFileSync(new URL("own.ts", import.meta.url)).includes("again");
    if (loadedBefore) for (;;);
    export const app = new ClientApp().train(() => Deno.exit(1));`;
  await using app = await EvilApp.start({ app: marker });
  await assert.rejects(app.run(""), AppCrashed);
  await Deno.writeTextFile(`${app.folder.path}/app/own.ts`, "again");
  const stop = new AbortController();
  const handled = app.run("", stop.signal);
  stop.abort();
  await assert.rejects(handled, { name: "AbortError" });
});

Deno.test("security: training without end ends with the app", async () => {
  await using app = await EvilApp.start();
  const running = await processOf(app);
  const stop = new AbortController();
  const handled = app.run(
    `const { Model, sequential, dense, crossEntropy, sgd } = flwr;
    const model = new Model({
      network: sequential(dense({ in: 2048, out: 2048 }), dense({ in: 2048, out: 10 })),
      input: { shape: [2048] }, loss: crossEntropy(), optimizer: sgd({ learningRate: 0.1 }),
      batchSize: 1024,
    });
    const x = { dtype: "uint8", shape: [1024, 2048], data: new Uint8Array(1024 * 2048) };
    const y = { dtype: "uint8", shape: [1024], data: new Uint8Array(1024) };
    console.log("training");
    await model.fit({ x, y }, { epochs: 1e6 });`,
    stop.signal,
  );
  handled.catch(() => {});
  await eventually(() => app.lines.includes("training"), PATIENCE, "the training");
  assert.ok(await isRunning(running));
  stop.abort();
  await assert.rejects(handled, { name: "AbortError" });
  await eventually(async () => !await isRunning(running), PATIENCE, "its end");
});

Deno.test("security: nothing of an app is left after its host is disposed of", async () => {
  let running: string;
  {
    await using app = await EvilApp.start();
    running = await processOf(app);
    await app.run(
      `for (let i = 0; i < 3; i++) new Worker("data:text/javascript,for(;;);", { type: "module" })`,
    );
    assert.ok(await isRunning(running));
    assert.deepEqual(await childrenOf(running), [], "threads are no processes");
  }
  await eventually(async () => !await isRunning(running), PATIENCE, "the end of the app's process");
});

Deno.test("security: an app does not outlive a node that was killed", async () => {
  await using folder = await TempDir.make();
  const app = `import { ClientApp } from "flwr"; console.log("pid", Deno.pid);
    export const app = new ClientApp(); setTimeout(() => { for (;;); }, 50);`;
  await Deno.mkdir(folder.path + "/app");
  await Deno.writeTextFile(folder.path + "/app/client.ts", app);
  const at = (path: string) =>
    JSON.stringify(new URL(`../../hosting/${path}`, import.meta.url).href);
  await Deno.writeTextFile(
    folder.path + "/node.ts",
    `import { findAppModule } from ${at("app/app_module.ts")};
    import { startSandboxedApp } from ${at("sandbox/sandboxed_app.ts")};
    const module = await findAppModule("client:app", ${JSON.stringify(folder.path + "/app")});
    await startSandboxedApp({ module, readable: [], compute: {}, output: console.log });`,
  );
  const node = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--config", repositoryPath("deno.json"), folder.path + "/node.ts"],
    stdout: "piped",
  }).spawn();
  const reader = node.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await within(reader.read(), PATIENCE, "the app's process id");
  const pid = /pid (\d+)/.exec(value!)![1];
  node.kill("SIGKILL");
  await node.status;
  await eventually(
    () => Deno.stat(`/proc/${pid}`).then(() => false, () => true),
    PATIENCE,
    "the end of the app",
  );
  await reader.cancel();
});

Deno.test("security: an app can only change its own process", async () => {
  await using app = await EvilApp.start();
  const [mask, folder] = [Deno.umask(), Deno.cwd()];
  await app.run("Deno.umask(0); Deno.chdir('FOLDER/app'); process.title = 'flwr supernode'");
  assert.equal(Deno.umask(), mask);
  assert.equal(Deno.cwd(), folder);
});

/**
 * Waits until a process that starts now opens a debugger port when it gets SIGUSR1: Deno does so only some time after its
 * start. Then every older process would do so, too.
 */
async function debuggerOpens(): Promise<void> {
  const code =
    "setInterval(() => {}, 1000); Deno.addSignalListener('SIGUSR1', () => {}); console.log();";
  await using control = new Deno.Command(Deno.execPath(), {
    args: ["eval", code],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  // Before it has a listener, the signal would end it.
  await control.stdout.getReader().read();
  const opened = async () => {
    control.kill("SIGUSR1");
    return (await listeningPorts(control.pid)).length > 0;
  };
  await eventually(opened, PATIENCE, "a debugger port");
}

Deno.test("security: an app cannot open a debugger port", async () => {
  await using app = await EvilApp.start();
  const pid = Number(await app.run("return Deno.pid"));
  await debuggerOpens();
  await app.run(`(await import("node:process")).default.kill(Deno.pid, "SIGUSR1")`);
  assert.equal(await app.run("return 'alive'"), "alive");
  assert.deepEqual(await listeningPorts(pid), [], "by the process that was sent the signal");
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  assert.ok((await listeningPorts(Deno.pid)).includes(listener.addr.port), "the look finds ports");
});

Deno.test("security: an app's output goes to the node's log, with limited lines", async () => {
  await using app = await EvilApp.start();
  await app.run(
    "console.log('one'); console.error('two\\nthree'); Deno.stdout.writeSync(new TextEncoder().encode('four\\n'))",
  );
  await eventually(() => app.lines.length >= 4, PATIENCE, "four lines");
  assert.deepEqual([...app.lines].sort(), ["four", "one", "three", "two"]);
  const seen = app.lines.length;
  await app.run(
    "for (let i = 0; i < 5000; i++) console.log('x'.repeat(10)); console.log('y'.repeat(1e5))",
  );
  await app.run("console.log('last')");
  await within(
    eventually(() => app.lines.length > seen + 100, PATIENCE, "some of the flood"),
    PATIENCE,
    "the flood",
  );
  assert.ok(app.lines.length < seen + 1000, `${app.lines.length} lines`);
  assert.ok(app.lines.every((line) => line.length <= MAX_LINE_LENGTH + 1));
});

Deno.test("security: the node keeps no more memory for an app than the app's own limit", async () => {
  const memoryBytes = 512 * 1024 ** 2;
  await using app = await EvilApp.start({ memoryBytes });
  const reason = await crashOf(
    app,
    `const head = new DataView(new ArrayBuffer(16));
    head.setUint32(0, 0x72776c66, true);
    head.setFloat64(8, ${memoryBytes + 1}, true);
    new ((await import("node:net")).Socket)({ fd: 3 }).write(new Uint8Array(head.buffer));
    await new Promise(() => {})`,
  );
  assert.match(reason, /0 bytes of text and 536870913 of body \(limits: 262144 and 536870912\)/);
});
