import assert from "node:assert/strict";
import { systemClock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import type { Attachment } from "../../../fab/attachments.ts";
import { sha256Hex } from "../../../base/platform.ts";
import type { CheckedFab } from "../../../fab/fab.ts";
import type { RunConfig } from "../../../fab/scalar.ts";
import { Runtime } from "../../../proto/gen/current/runtime_pb.ts";
import { sandboxRequestBytes } from "../../../rpc/dialects/current/server/task_policy.ts";
import { bindService, type ServiceHandlers } from "../../../rpc/service.ts";
import { LinkRuns } from "../../../roles/superlink/launch/link_runs.ts";
import type { RunApp, RunEnd } from "../program.ts";
import { FakeLink } from "../testing/fake_link.ts";
import { typescriptProgram } from "./typescript_program.ts";
import { ProcessPool } from "./process_pool.ts";
import { testWithAllRights } from "../../../base/testing/all_rights.ts";

type RuntimeHandlers = ServiceHandlers<typeof Runtime, unknown>;

function fabOf(serverApp: string, config: RunConfig = {}): CheckedFab {
  const encoder = new TextEncoder();
  return {
    hash: "0123456789abcdef".repeat(4),
    attachments: [],
    files: new Map([
      ["pyproject.toml", new Uint8Array()],
      ["server.ts", encoder.encode(serverApp)],
      ["lib/answer.ts", encoder.encode("export const answer: number = 42;\n")],
    ]),
    config: {
      publisher: "tests",
      name: "app",
      version: "1.0.0",
      fabId: "tests/app",
      serverApp: "server:app",
      config,
      language: "typescript",
      clientLanguage: "typescript",
    },
  };
}

interface Played {
  readonly link: FakeLink;
  readonly end: RunEnd | undefined;
  /** The app's log, without time stamps. */
  readonly log: string;
}

/** Runs a ServerApp. `during` may stop it. */
async function play(
  serverApp: string,
  { config, handlers = {}, allowRead = [], memoryBytes = 2 ** 30, during, attached }: {
    config?: RunConfig;
    handlers?: Partial<RuntimeHandlers>;
    allowRead?: string[];
    memoryBytes?: number;
    during?: (link: FakeLink, stop: () => void) => Promise<void>;
    attached?: Pick<RunApp, "piece"> & { readonly attachments: readonly Attachment[] };
  } = {},
): Promise<Played> {
  const link = new FakeLink();
  link.submit(7n);
  const runtime = bindService(Runtime, {
    authenticate: (call) => Promise.resolve(call.header("flwr-task-token")),
    handlers: handlers as RuntimeHandlers,
  });
  const stopping = new AbortController();
  const { signal } = stopping;
  const run =
    (await new LinkRuns({ link, runtime, clock: systemClock, isLasting: false }).claim(signal))!;
  await using pool = new ProcessPool({ allowRead, memoryBytes, requestBytes: sandboxRequestBytes });
  const { attachments = [], ...piece } = attached ?? {};
  const app = { fab: { ...fabOf(serverApp, config), attachments }, overrideConfig: {}, ...piece };
  const ending = typescriptProgram(pool)(run, app, signal);
  await during?.(link, () => stopping.abort());
  const end = await ending;
  return { link, end, log: link.log(7n).replaceAll(/^\d{4}-\S+Z ?/gm, "") };
}

/** Runs a body. @returns the folders that were made for app processes meanwhile, in this test file alone */
async function appFoldersOf(body: () => Promise<void>): Promise<readonly string[]> {
  const { makeTempDir } = Deno;
  const folders: string[] = [];
  Deno.makeTempDir = async (options) => {
    const folder = await makeTempDir(options);
    if (options?.prefix?.startsWith("flwr-serverapp-")) folders.push(folder);
    return folder;
  };
  try {
    await body();
  } finally {
    Deno.makeTempDir = makeTempDir;
  }
  return folders;
}

testWithAllRights(
  "an app runs with its settings, reaches the nodes, and its output goes to the run's log",
  async () => {
    const tokens: unknown[] = [];
    const { link, end, log } = await play(
      `import { ServerApp } from "flwr";
     import { answer } from "./lib/answer.ts";
     export const app = new ServerApp().main(async (grid, { runConfig, runId }) => {
       console.log("run %s: %d", runId, answer + runConfig.number("plus"), { lr: 0.5 });
       Deno.stdout.writeSync(new TextEncoder().encode("nodes "));
       console.error((await grid.nodeIds()).join());
     });`,
      {
        config: { plus: 3n },
        handlers: {
          getNodes: (_request, { caller }) => {
            tokens.push(caller);
            return Promise.resolve({ nodes: [{ nodeId: 9n }, { nodeId: 2n ** 63n }] });
          },
        },
      },
    );
    assert.deepEqual(end, { outcome: "completed", details: "" });
    assert.equal(link.state(7n), "running", "the launcher ends it");
    assert.match(log, /^Run 7\nrun 7n: 45 \{ lr: 0\.5 \}\nnodes 9,9223372036854775808\n/);
    assert.match(log, /\[SUMMARY\]\nRun finished\n$/);
    assert.deepEqual(tokens, ["token of 7"], "calls are made in the run's name");
  },
);

testWithAllRights(
  "an app reads its attached files, and does not start without them",
  async () => {
    const model = new TextEncoder().encode("a model");
    const hash = sha256Hex(model);
    const attachments = [{ path: "nets/m.npz", sha256: hash, size: model.length, pieces: [hash] }];
    const app = `import { ServerApp } from "flwr";
     export const app = new ServerApp().main(() => {
       console.log(Deno.readTextFileSync(new URL("./nets/m.npz", import.meta.url)));
     });`;
    const asked: string[] = [];
    const piece = (hash: string) => (asked.push(hash), Promise.resolve(model));
    const { end, log } = await play(app, { attached: { attachments, piece } });
    assert.deepEqual(end, { outcome: "completed", details: "" });
    assert.match(log, /a model\n/);
    assert.deepEqual(asked, [hash]);
    const other = () => Promise.resolve(new TextEncoder().encode("a modem"));
    await assert.rejects(play(app, { attached: { attachments, piece: other } }), {
      code: "data-loss",
    });
    await assert.rejects(play(app, { attached: { attachments } }), { code: "unimplemented" });
  },
);

testWithAllRights(
  "an app saves files, large ones in pieces, also without awaiting them",
  async () => {
    const pieces: [string, bigint, bigint, number, number][] = [];
    const { end, log } = await play(
      `import { ServerApp } from "flwr";
     export const app = new ServerApp().main((grid, { artifacts }) => {
       const bytes = new Uint8Array(10_000_000);
       bytes[9_999_999] = 7;
       void artifacts.save("dir/large.bin", bytes);
       void artifacts.save("small.txt", "text");
     });`,
      {
        handlers: {
          pushArtifact: ({ name, size, offset, content }) => {
            pieces.push([name, size, offset, content.length, content.at(-1)!]);
            return Promise.resolve({ complete: offset + BigInt(content.length) === size });
          },
        },
      },
    );
    assert.deepEqual(end, { outcome: "completed", details: "" });
    const piece = 4 * 1024 * 1024;
    assert.deepEqual(pieces, [
      ["dir/large.bin", 10_000_000n, 0n, piece, 0],
      ["dir/large.bin", 10_000_000n, BigInt(piece), piece, 0],
      ["dir/large.bin", 10_000_000n, 2n * BigInt(piece), 10_000_000 - 2 * piece, 7],
      ["small.txt", 4n, 0n, 4, "t".charCodeAt(0)],
    ]);
    assert.match(log, /Saved dir\/large\.bin, 10\.0 MB\nSaved small\.txt, 4 B\n/);
  },
);

testWithAllRights(
  "a call that exceeds its method's limit is refused, and its body is discarded",
  async () => {
    const { end, log } = await play(
      `import { ServerApp } from "flwr";
     const heard = Promise.withResolvers();
     const hear = self.onmessage;
     self.onmessage = (event) => event.data.id === 9 ? heard.resolve(event.data) : hear(event);
     export const app = new ServerApp().main(async (grid) => {
       const bytes = new Uint8Array(64 * 1024 + 1);
       self.postMessage({ kind: "call", id: 9, method: "GetNodes", bytes });
       console.log("large:", (await heard.promise).error.code);
       console.log("nodes:", (await grid.nodeIds()).join());
     });`,
      { handlers: { getNodes: () => Promise.resolve({ nodes: [{ nodeId: 9n }] }) } },
    );
    assert.deepEqual(end, { outcome: "completed", details: "" });
    assert.match(log, /large: resource-exhausted\nnodes: 9\n/);
  },
);

testWithAllRights("an app whose file is refused fails its run with the reason", async () => {
  const { end, log } = await play(
    `import { ServerApp } from "flwr";
     export const app = new ServerApp().main(async (grid, { artifacts }) => {
       await artifacts.save("../../etc/passwd", "x").catch(({ message }) => console.log(message));
       await artifacts.save("model", "x");
     });`,
    {
      handlers: {
        pushArtifact: () =>
          Promise.reject(new FlwrError("resource-exhausted", "There is no room for it")),
      },
    },
  );
  assert.deepEqual(end, { outcome: "failed", details: "There is no room for it" });
  assert.match(log, /"\.\.\/\.\.\/etc\/passwd"/);
  assert.match(log, /Hint: Save under an existing name/);
});

testWithAllRights(
  "an app that throws fails its run with the error, and the log has the position",
  async () => {
    const { end, log } = await play(
      `import { ServerApp } from "flwr";
     export const app = new ServerApp().main(() => {
       console.log("before");
       throw new RangeError("no such round");
     });`,
    );
    assert.deepEqual(end, { outcome: "failed", details: "no such round" });
    assert.match(log, /before\nRangeError: no such round\n.*server\.ts:4:/);
    assert.match(log, /\nError: no such round\n$/);
  },
);

testWithAllRights(
  "an export that is not a ServerApp is reported, and so is a module that cannot be loaded",
  async () => {
    const none = await play(`export const app = 1;`);
    assert.match(none.end!.details, /"app" of ".*server\.ts" is not a ServerApp/);
    const broken = await play(`import "./missing.ts"; export const app = 1;`);
    assert.match(broken.end!.details, /server\.ts" could not be loaded/);
  },
);

testWithAllRights("an app that would end its worker ends its run alone", async () => {
  const app = (statement: string) =>
    `import { ServerApp } from "flwr";
     export const app = new ServerApp().main(async () => {
       ${statement}
       await new Promise(() => {});
     });`;
  const exit = await play(app("Deno.exit(0);"));
  assert.match(exit.end!.details, /called Deno\.exit\(0\)/);
  const close = await play(app("self.close();"));
  assert.match(close.end!.details, /closed its worker/);
  const unhandled = await play(app(`Promise.reject(new Error("forgotten"));`));
  assert.equal(unhandled.end!.details, "forgotten");
});

testWithAllRights(
  "an app that ends its process or uses all memory ends only its own run",
  async () => {
    const app = (statement: string) =>
      `import { ServerApp } from "flwr";
     export const app = new ServerApp().main(async () => {
       console.log("before");
       ${statement}
       await new Promise(() => {});
     });`;
    const killed = await play(app(`Deno.kill(Deno.pid, "SIGKILL");`));
    assert.match(killed.end!.details, /^The ServerApp crashed: its process ended \(SIGKILL\)/);
    const memoryBytes = 400 * 2 ** 20;
    const hungry = await play(
      app("const kept = []; for (;;) { kept.push(new Uint8Array(2 ** 24).fill(1)); }"),
      { memoryBytes },
    );
    assert.match(hungry.end!.details, /^The ServerApp crashed: it used \d+ MiB of memory/);
    assert.match(hungry.log, /^Error: The ServerApp crashed/m);
  },
);

testWithAllRights("a run whose process cannot be started fails, and its log says why", async () => {
  const { execPath } = Deno;
  // An upgrade removes the file of the running program.
  Deno.execPath = () => "/nowhere/deno";
  try {
    const { end, log } = await play(`import { ServerApp } from "flwr";
      export const app = new ServerApp().main(() => {});`);
    assert.equal(end?.outcome, "failed");
    assert.match(end.details, /^The ServerApp crashed: it cannot be started: /);
    assert.match(log, /^Error: The ServerApp crashed: it cannot be started: /m);
  } finally {
    Deno.execPath = execPath;
  }
});

testWithAllRights(
  "the last output of an app's process cannot imitate lines of the log",
  async () => {
    const { log } = await play(`import { ServerApp } from "flwr";
    export const app = new ServerApp().main(async () => {
      self.postMessage({ kind: "crashed", reason: "broken\\nRun 99 was stopped by its owner" });
      await new Promise(() => {});
    });`);
    assert.match(log, /^Error: The ServerApp crashed: broken$/m);
    assert.doesNotMatch(log, /^Run 99/m);
    assert.match(log, /^ {25}Run 99/m);
  },
);

testWithAllRights("a ServerApp evaluates models, though it may not load native code", async () => {
  const { end, log } = await play(
    `import { dense, meanSquaredError, Model, sequential, ServerApp, sgd, tensor } from "flwr";
     export const app = new ServerApp().main(async () => {
       await using model = new Model({
         network: sequential(dense({ name: "fc", in: 1, out: 1 })),
         input: { shape: [1], dtype: "float32" },
         loss: meanSquaredError(),
         optimizer: sgd({ learningRate: 0.1 }),
         batchSize: 2,
       });
       model.setParameters(new Map([
         ["fc.weight", tensor("float32", [1, 1], new Float32Array([2]))],
         ["fc.bias", tensor("float32", [1], new Float32Array([1]))],
       ]));
       const column = (values) => tensor("float32", [2, 1], new Float32Array(values));
       const { loss } = await model.evaluate({ x: column([1, 2]), y: column([3, 3]) });
       console.log("loss", loss);
     });`,
  );
  assert.equal(end!.outcome, "completed", log);
  // 2·1 + 1 = 3 and 2·2 + 1 = 5 against 3 and 3: the mean of 0 and 4.
  assert.match(log, /^loss 2$/m);
});

testWithAllRights(
  "an app reads its own folder and granted paths, and has no other access to this machine",
  async () => {
    const granted = await Deno.realPath(await Deno.makeTempDir());
    const secret = await Deno.makeTempFile();
    try {
      await Deno.writeTextFile(`${granted}/data.csv`, "1,2");
      const { end, log } = await play(
        `import { ServerApp } from "flwr";
       const attempts = {
         own: () => Deno.readTextFileSync(new URL("./lib/answer.ts", import.meta.url)),
         granted: () => Deno.readTextFileSync("${granted}/data.csv"),
         secret: () => Deno.readTextFileSync("${secret}"),
         write: () => Deno.writeTextFileSync(new URL("./x", import.meta.url), ""),
         net: () => Deno.listen({ port: 0 }),
         fetch: () => fetch("http://127.0.0.1:9/"),
         env: () => Deno.env.get("HOME"),
         run: () => new Deno.Command("true").outputSync(),
         ffi: () => Deno.dlopen("libc.so.6", {}),
         sys: () => Deno.hostname(),
         remote: () => import("http://127.0.0.1:9/x.ts"),
         worker: () => new Worker("data:text/javascript,", {
           type: "module", deno: { permissions: { net: true } },
         }),
         signal: () => Deno.kill(Deno.ppid, "SIGTERM"),
         permission: () => Deno.permissions.requestSync({ name: "net" }).state === "granted",
       };
       export const app = new ServerApp().main(async () => {
         for (const [name, attempt] of Object.entries(attempts)) {
           try { console.log(name, (await attempt()) === false ? "refused" : "done"); }
           catch (error) { console.log(name, "refused", error.name); }
         }
       });`,
        { allowRead: [granted] },
      );
      assert.equal(end!.outcome, "completed");
      const outcomes = [...log.matchAll(/^(\w+) (done|refused)/gm)].map((
        [, name, how],
      ) => [name, how]);
      assert.deepEqual(outcomes, [
        ["own", "done"],
        ["granted", "done"],
        ...["secret", "write", "net", "fetch", "env", "run", "ffi", "sys"].map((
          n,
        ) => [n, "refused"]),
        ["remote", "refused"],
        ["worker", "refused"],
        ["signal", "refused"],
        ["permission", "refused"],
      ]);
    } finally {
      await Deno.remove(granted, { recursive: true });
      await Deno.remove(secret);
    }
  },
);

testWithAllRights(
  "a stopped run leaves no process, call or folder, whatever its app does",
  async () => {
    const folders = await appFoldersOf(async () => {
      const busy = await play(
        `import { ServerApp } from "flwr";
     export const app = new ServerApp().main(() => { console.log("busy"); for (;;); });`,
        {
          during: async (link, stop) => {
            await link.waitForState(7n, "running");
            stop();
          },
        },
      );
      assert.equal(busy.end, undefined);
      let held: AbortSignal | undefined;
      const asked = Promise.withResolvers<void>();
      const waiting = await play(
        `import { ServerApp } from "flwr";
     export const app = new ServerApp().main((grid) => grid.nodeIds());`,
        {
          handlers: {
            getNodes: (_request, { signal }) => {
              held = signal;
              asked.resolve();
              return new Promise((resolve) => signal.addEventListener("abort", () => resolve({})));
            },
          },
          during: async (_link, stop) => {
            await asked.promise;
            stop();
          },
        },
      );
      assert.deepEqual([waiting.end, held?.aborted], [undefined, true]);
    });
    assert.ok(folders.length >= 2, "each run has a folder");
    for (const folder of folders) {
      await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);
    }
  },
);
