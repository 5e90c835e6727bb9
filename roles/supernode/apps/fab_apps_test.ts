import { MAX_DOWNLOADED_APPS } from "../../../fab/downloaded_apps.ts";
import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { ArrayRecord } from "../../../app/array_record.ts";
import type { AppBundle, RunInfo } from "../../../app/connection.ts";
import { ConfigRecord } from "../../../app/config_record.ts";
import { Message } from "../../../app/message.ts";
import { MessageErrorCode } from "../../../entities/metadata.ts";
import { MetricRecord } from "../../../app/metric_record.ts";
import { RecordDict, type RecordDictInit } from "../../../app/record_dict.ts";
import { FlwrError } from "../../../base/error.ts";
import { buildFab } from "../../../fab/build/build.ts";
import type { InstalledApp } from "../../../fab/install.ts";
import { RunRefused } from "../../../hosting/app/run_refused.ts";
import type { MessageHandler } from "../runs/prepared_run.ts";
import type { TrustedEntities } from "../trust/trusted_entities.ts";
import type { AppForRun, AppSource } from "../runs/app_source.ts";
import { Bundles } from "./bundles.ts";
import { FabApps, type ReadyApp } from "./fab_apps.ts";
import { LocalApp } from "./local_app.ts";

/** The bundle of an app with the settings num-rounds and lr, and with modules of the given extension. */
async function bundleOf(ending: "py" | "ts", attached = ""): Promise<Uint8Array<ArrayBuffer>> {
  const folder = await Deno.makeTempDir();
  try {
    const manifest = `[project]
name = "mini"
version = "1.0.0"
[tool.flwr.app]
publisher = "agenta"
${attached === "" ? "" : 'attachments = ["m.npz"]'}
[tool.flwr.app.components]
serverapp = "server:app"
clientapp = "client:app"
[tool.flwr.app.config]
num-rounds = 3
lr = 0.5
`;
    await Deno.writeTextFile(join(folder, "pyproject.toml"), manifest);
    for (const name of ["server", "client"]) {
      await Deno.writeTextFile(join(folder, `${name}.${ending}`), "");
    }
    if (attached !== "") await Deno.writeTextFile(join(folder, "m.npz"), attached);
    return (await buildFab(folder)).content;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const PYTHON_FAB = await bundleOf("py");

function runOf(change: Partial<RunInfo> = {}): RunInfo {
  return {
    runId: 1n,
    fabId: "agenta/mini",
    fabVersion: "1.0.0",
    fabHash: "3ffe67cf",
    overrideConfig: new ConfigRecord(),
    seriesId: 2n,
    ...change,
  };
}

const handler: MessageHandler = {
  handle: (message) =>
    Promise.resolve({ reply: message.reply({}), state: new RecordDict(), seconds: 1 }),
};

/** Passes a train message to an app. */
function handled({ handler, runConfig }: AppForRun, content: RecordDictInit = {}) {
  const message = Message.create({ content, dstNodeId: 5n, messageType: "train" });
  return handler.handle(message, {
    runId: 2n,
    nodeId: 5n,
    nodeConfig: new ConfigRecord(),
    state: new RecordDict(),
    runConfig,
  }, new AbortController().signal);
}

/** A fake SuperLink, and the node's apps. */
class Scene {
  content: Uint8Array = PYTHON_FAB;
  home = "/no/such/home";
  fetchError: FlwrError | undefined;
  startError: FlwrError | undefined;
  fetched = 0;
  readonly started: string[] = [];
  readonly installed: InstalledApp[] = [];
  handler: MessageHandler = handler;
  /** The requested bundles. */
  readonly pieces: string[] = [];
  piece: (hash: string) => Promise<Uint8Array> = () =>
    Promise.reject(new FlwrError("not-found", "There is none"));

  bundles(trusted?: TrustedEntities): Bundles {
    return new Bundles(
      { fab: () => this.#fetch(), piece: (_run, hash) => this.#piece(hash) },
      trusted,
    );
  }

  apps(trusted?: TrustedEntities): FabApps {
    const ready: ReadyApp = { forRun: () => this.handler, [Symbol.dispose]() {} };
    return new FabApps({
      bundles: this.bundles(trusted),
      home: this.home,
      startTypeScript: (app) => {
        this.installed.push(app);
        return Promise.resolve(ready);
      },
      startPython: ({ fab }) => {
        this.started.push(fab.config.fabId);
        return this.startError === undefined
          ? Promise.resolve(ready)
          : Promise.reject(this.startError);
      },
    });
  }

  #piece(hash: string): Promise<Uint8Array> {
    this.pieces.push(hash);
    return this.piece(hash);
  }

  #fetch(): Promise<AppBundle> {
    this.fetched += 1;
    if (this.fetchError !== undefined) return Promise.reject(this.fetchError);
    return Promise.resolve({ hash: "3ffe67cf", content: this.content, verifications: {} });
  }
}

function refused(code: number, words: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof RunRefused);
    assert.equal(error.code, code);
    assert.match(error.message, words);
    return true;
  };
}

Deno.test("an app of a run is fetched once, and gets its settings merged with the run's", async () => {
  const scene = new Scene();
  await using apps = scene.apps();
  const first = await apps.appFor(runOf());
  assert.equal(first.runConfig.number("lr"), 0.5);
  const second = await apps.appFor(
    runOf({ runId: 2n, overrideConfig: new ConfigRecord({ "num-rounds": 9 }) }),
  );
  assert.equal(second.runConfig.number("num-rounds"), 9);
  const { seconds } = await handled(second);
  assert.equal(seconds, 1);
  assert.equal(scene.fetched, 1);
  assert.deepEqual(scene.started, ["agenta/mini"]);
});

Deno.test("a TypeScript app is installed, and started from its folder", async () => {
  const scene = new Scene();
  scene.content = await bundleOf("ts");
  scene.home = await Deno.makeTempDir();
  try {
    await using apps = scene.apps();
    await apps.appFor(runOf());
    const [{ folder, config }] = scene.installed as [InstalledApp];
    assert.ok(folder.startsWith(join(scene.home, "apps", "agenta.mini.1.0.0.")));
    assert.ok((await Deno.stat(join(folder, "client.ts"))).isFile);
    assert.equal(config.clientApp, "client:app");
    // While it is ready, no process removes it to make room.
    const mark = join(scene.home, "apps", ".brought", basename(folder));
    using file = await Deno.open(mark, { write: true });
    assert.equal(await file.tryLock(true), false);
  } finally {
    await Deno.remove(scene.home, { recursive: true });
  }
});

Deno.test("a new TypeScript app makes room: the least recently used one is removed", async () => {
  const scene = new Scene();
  scene.content = await bundleOf("ts");
  scene.home = await Deno.makeTempDir();
  const isThere = (name: string) =>
    Deno.stat(join(scene.home, "apps", name)).then(() => true, () => false);
  const bring = async (name: string, usedAt: number) => {
    await Deno.mkdir(join(scene.home, "apps", name), { recursive: true });
    const mark = join(scene.home, "apps", ".brought", name);
    await Deno.writeTextFile(mark, "");
    await Deno.utime(mark, usedAt, usedAt);
  };
  try {
    await Deno.mkdir(join(scene.home, "apps", ".brought"), { recursive: true });
    for (let app = 0; app < MAX_DOWNLOADED_APPS; app++) {
      await bring(`app${app}`, app === 7 ? 1 : 2 + app);
    }
    {
      await using apps = scene.apps();
      await apps.appFor(runOf());
      assert.deepEqual([await isThere("app7"), await isThere("app0")], [false, true]);
    }
    // An app that is already installed needs no room.
    await bring("app7", 1);
    await using apps = scene.apps();
    await apps.appFor(runOf());
    assert.ok(await isThere("app7"));
    assert.equal(scene.installed.length, 2);
  } finally {
    await Deno.remove(scene.home, { recursive: true });
  }
});

Deno.test("a TypeScript app gets its attached files, which are fetched once", async () => {
  const scene = new Scene();
  scene.home = await Deno.makeTempDir();
  const model = new TextEncoder().encode("a model");
  try {
    for (const hash of ["first", "second"]) {
      scene.content = await bundleOf("ts", "a model");
      await using apps = scene.apps();
      const start = () => apps.appFor(runOf({ fabHash: hash }));
      if (hash === "first") {
        // Neither is installed, and both are tried again.
        for (const code of ["unavailable", "permission-denied"] as const) {
          scene.piece = () => Promise.reject(new FlwrError(code, "not now"));
          await assert.rejects(start(), { code });
        }
        const invalid = (words: RegExp) => refused(MessageErrorCode.InvalidFab, words);
        scene.piece = () => Promise.reject(new FlwrError("not-found", "There is none"));
        await assert.rejects(start(), invalid(/There is none/));
        scene.piece = () => Promise.resolve(new TextEncoder().encode("a modem"));
        await assert.rejects(start(), invalid(/m\.npz/));
        assert.deepEqual(scene.installed, []);
        scene.piece = () => Promise.resolve(model);
      }
      await start();
      const { folder } = scene.installed.at(-1)!;
      assert.deepEqual(await Deno.readFile(join(folder, "m.npz")), model);
      await Deno.remove(folder, { recursive: true });
    }
    assert.equal(scene.pieces.length, 5, "the second time it was kept from before");
  } finally {
    await Deno.remove(scene.home, { recursive: true });
  }
});

Deno.test("a run whose app cannot be run is refused with Flower's error number", async () => {
  const scene = new Scene();
  await using apps = scene.apps();
  const unknown = runOf({ overrideConfig: new ConfigRecord({ speed: 1 }) });
  await assert.rejects(
    apps.appFor(unknown),
    refused(MessageErrorCode.LoadClientApp, /has no setting "speed"/),
  );
  for (const run of [undefined, runOf({ fabHash: "", fabId: "" })]) {
    await assert.rejects(
      apps.appFor(run),
      refused(MessageErrorCode.LoadClientApp, /sends no app.*without one/),
    );
  }

  const damaged = new Scene();
  damaged.content = PYTHON_FAB.with(100, PYTHON_FAB[100]! ^ 1);
  await using broken = damaged.apps();
  await assert.rejects(
    broken.appFor(runOf()),
    refused(MessageErrorCode.InvalidFab, /bundle is invalid/),
  );
  assert.deepEqual(damaged.started, []);

  const gone = new Scene();
  gone.fetchError = new FlwrError("not-found", "There is no such bundle");
  await using missing = gone.apps();
  await assert.rejects(
    missing.appFor(runOf()),
    refused(MessageErrorCode.InvalidFab, /could not be fetched: There is no such bundle/),
  );
  gone.fetchError = new FlwrError("permission-denied", "The run is over");
  await assert.rejects(missing.appFor(runOf()), { code: "permission-denied" });

  const unloadable = new Scene();
  unloadable.startError = new FlwrError("failed-precondition", "There is no Python");
  await using none = unloadable.apps();
  await assert.rejects(
    none.appFor(runOf()),
    refused(MessageErrorCode.LoadClientApp, /There is no Python/),
  );
});

Deno.test("with trusted entities, an app without a trusted signature is refused", async () => {
  const scene = new Scene();
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  const trusted = new Map([["fpk_1", (pair as CryptoKeyPair).publicKey]]);
  await using apps = scene.apps(trusted);
  await assert.rejects(
    apps.appFor(runOf()),
    refused(MessageErrorCode.InvalidFab, /no key of --trusted-entities signed it/),
  );
  assert.deepEqual(scene.started, []);
});

Deno.test("an app on the command line handles every run, with the settings of the run's own app", async () => {
  const scene = new Scene();
  const app = new LocalApp(handler, scene.bundles());
  assert.equal((await app.appFor(undefined)).runConfig.size, 0);
  const bare = runOf({ fabHash: "", overrideConfig: new ConfigRecord({ any: 1 }) });
  assert.equal((await app.appFor(bare)).runConfig.number("any"), 1);
  assert.equal(scene.fetched, 0);
  const { runConfig } = await app.appFor(
    runOf({ overrideConfig: new ConfigRecord({ lr: 0.25 }) }),
  );
  assert.equal(runConfig.number("lr"), 0.25);
  assert.equal(runConfig.number("num-rounds"), 3);
});

Deno.test("Python apps get the record names of NumPyClient's API, TypeScript apps today's names", async () => {
  const home = await Deno.makeTempDir();
  const legacy = {
    "fitins.parameters": new ArrayRecord(),
    "fitins.config": new ConfigRecord({ lr: 0.5 }),
  };
  /** The record names that an app gets, and those that the ServerApp gets in the reply. */
  async function names(
    content: Uint8Array,
    source: (scene: Scene, handler: MessageHandler) => AppSource,
  ) {
    const scene = new Scene();
    scene.content = content;
    scene.home = home;
    let seen: string[] = [];
    const app = source(scene, {
      handle: (message) => {
        seen = [...message.content.keys()];
        const metrics = new MetricRecord({ "num-examples": 3 });
        return Promise.resolve({ reply: message.reply({ metrics }), state: new RecordDict() });
      },
    });
    const { reply } = await handled(await app.appFor(runOf()), legacy);
    return { seen, sent: [...reply.content.keys()] };
  }
  const brought = (scene: Scene, handler: MessageHandler) => {
    scene.handler = handler;
    return scene.apps();
  };
  const named = (scene: Scene, handler: MessageHandler) => new LocalApp(handler, scene.bundles());
  const translated = {
    seen: ["arrays", "config"],
    sent: ["fitres.num_examples", "fitres.metrics", "fitres.status"],
  };
  try {
    assert.deepEqual(await names(PYTHON_FAB, brought), {
      seen: ["fitins.parameters", "fitins.config"],
      sent: ["metrics"],
    });
    assert.deepEqual(await names(await bundleOf("ts"), brought), translated);
    assert.deepEqual(await names(PYTHON_FAB, named), translated);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
