import assert from "node:assert/strict";
import { FakeClock } from "../../../base/clock.ts";
import { HAS_ALL_RIGHTS } from "../../../base/testing/all_rights.ts";
import { eventually } from "../../../tests/support/deadline.ts";
import { ServerAppProcess } from "./server_app_process.ts";
import { ANNOUNCED_SECONDS, ProcessPool, SPARE_SECONDS } from "./process_pool.ts";
import type { ServerAppEvent } from "./thread/worker_protocol.ts";

const OPTIONS = { allowRead: [], memoryBytes: 1024 ** 3, requestBytes: () => 0 };

/** Ids of this process' children that are sandboxes of ServerApps. */
async function sandboxes(): Promise<number[]> {
  const found: number[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    const read = (file: string) => Deno.readTextFile(`/proc/${name}/${file}`).catch(() => "");
    if (!/^\d+$/.test(name)) continue;
    const [, parent] = /\) \S (\d+)/.exec(await read("stat")) ?? [];
    if (Number(parent) === Deno.pid && /flwr-serverapp-/.test(await read("cmdline"))) {
      found.push(Number(name));
    }
  }
  return found;
}

/** Whether a process has ended: its folder goes with it. */
function hasEnded({ folder }: ServerAppProcess): Promise<boolean> {
  return Deno.stat(folder).then(() => false, () => true);
}

/** Keeps the processes that are started while something is done. */
async function startedDuring(act: (started: readonly ServerAppProcess[]) => Promise<void>) {
  const started: ServerAppProcess[] = [];
  const { start } = ServerAppProcess;
  ServerAppProcess.start = async (options) => {
    const process = await start.call(ServerAppProcess, options);
    started.push(process);
    return process;
  };
  try {
    await act(started);
  } finally {
    ServerAppProcess.start = start;
  }
}

const linux = { ignore: !HAS_ALL_RIGHTS || Deno.build.os !== "linux" };

Deno.test(
  "process pool: a spare that ended while it waited is replaced",
  linux,
  async () => {
    const started: ServerAppProcess[] = [];
    const { start } = ServerAppProcess;
    ServerAppProcess.start = async (options) => {
      const process = await start.call(ServerAppProcess, options);
      started.push(process);
      return process;
    };
    try {
      await using pool = new ProcessPool(OPTIONS);
      pool.warm();
      await eventually(async () => (await sandboxes()).length === 1, 20, "the spare to start");
      Deno.kill((await sandboxes())[0]!, "SIGKILL");
      await eventually(() => Promise.resolve(started[0]!.crashed), 20, "the spare to end");

      await using process = await pool.acquire();
      const events: ServerAppEvent["kind"][] = [];
      await process.awaitReady(({ kind }) => void events.push(kind));
      assert.deepEqual([events, process.crashed], [["ready"], false]);
      assert.deepEqual([started.length, started[1] === process], [2, true]);
    } finally {
      ServerAppProcess.start = start;
    }
  },
);

Deno.test(
  "process pool: a spare that could not be started is replaced",
  linux,
  async () => {
    await using pool = new ProcessPool(OPTIONS);
    const { makeTempDir } = Deno;
    let refused = 0;
    Deno.makeTempDir = () => (refused++, Promise.reject(new Deno.errors.NotFound("/nowhere")));
    pool.warm();
    Deno.makeTempDir = makeTempDir;
    assert.equal(refused, 1);
    await using process = await pool.acquire();
    await process.awaitReady(() => {});
    assert.equal(process.crashed, false);
  },
);

Deno.test(
  "process pool: a process for an app that was announced and never comes ends soon",
  linux,
  () =>
    startedDuring(async (started) => {
      const clock = new FakeClock();
      await using pool = new ProcessPool({ ...OPTIONS, clock });
      pool.expect();
      await eventually(() => Promise.resolve(started.length === 1), 20, "the spare to start");
      await clock.advance(ANNOUNCED_SECONDS - 1);
      // It is announced once more.
      pool.expect();
      await clock.advance(ANNOUNCED_SECONDS - 1);
      assert.equal(await hasEnded(started[0]!), false);
      await clock.advance(1);
      await eventually(() => hasEnded(started[0]!), 20, "the spare to end");
      await using process = await pool.acquire();
      assert.deepEqual([started.length, process === started[1]], [2, true]);
    }),
);

Deno.test(
  "process pool: a spare of a run is kept as long as ever when an app is announced",
  linux,
  () =>
    startedDuring(async (started) => {
      const clock = new FakeClock();
      await using pool = new ProcessPool({ ...OPTIONS, clock });
      pool.expect();
      pool.warm();
      pool.expect();
      await eventually(() => Promise.resolve(started.length === 1), 20, "the spare to start");
      await clock.advance(SPARE_SECONDS - 1);
      assert.equal(await hasEnded(started[0]!), false);
      await clock.advance(1);
      await eventually(() => hasEnded(started[0]!), 20, "the spare to end");
    }),
);

Deno.test(
  "process pool: its end waits for the end of a spare that was let go",
  linux,
  () =>
    startedDuring(async (started) => {
      const clock = new FakeClock();
      {
        await using pool = new ProcessPool({ ...OPTIONS, clock });
        pool.expect();
        await clock.advance(ANNOUNCED_SECONDS);
      }
      assert.deepEqual(await Promise.all(started.map(hasEnded)), [true]);
    }),
);

Deno.test(
  "app process: a listener that is added after its end is called with the crash",
  linux,
  async () => {
    await using process = await ServerAppProcess.start(OPTIONS);
    const [pid] = await sandboxes();
    Deno.kill(pid!, "SIGKILL");
    await eventually(() => Promise.resolve(process.crashed), 20, "the process to end");
    const events: ServerAppEvent["kind"][] = [];
    await process.awaitReady(({ kind }) => void events.push(kind));
    assert.deepEqual(events, ["crashed"]);
  },
);

Deno.test(
  "process pool: a released process has ended when the pool is closed, and its folder is gone",
  linux,
  async () => {
    await startedDuring(async (started) => {
      {
        await using pool = new ProcessPool(OPTIONS);
        const process = await pool.acquire();
        await process.awaitReady(() => {});
        pool.release(process);
        // The next one is started when the first has ended.
        assert.equal(started.length, 1);
        await eventually(() => Promise.resolve(started.length === 2), 20, "the spare");
        assert.ok(await hasEnded(process));
        pool.release(await pool.acquire());
      }
      for (const process of started) assert.ok(await hasEnded(process));
    });
  },
);
