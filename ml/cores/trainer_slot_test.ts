import assert from "node:assert/strict";
import { join } from "node:path";
import { FlwrError } from "../../base/error.ts";
import { countTrainers, registerTrainer, runtimeFolder, trainerThreads } from "./trainer_slot.ts";
import { testWithAllRights } from "../../base/testing/all_rights.ts";
import { inTemporaryFolder } from "../../base/testing/temporary_folder.ts";

const PROCESS = new URL("./trainer_process_fixture.ts", import.meta.url).pathname;

/** A trainer in another process. */
class TrainerProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  private constructor(folder: string, kind: string) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", PROCESS, folder, "12", kind],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#input = this.#child.stdin.getWriter();
  }

  static async start(folder: string, kind = "training"): Promise<TrainerProcess> {
    const started = new TrainerProcess(folder, kind);
    assert.equal((await started.#lines.read()).value, "registered\n");
    return started;
  }

  async threads(): Promise<number> {
    await this.#input.write(new TextEncoder().encode("?\n"));
    return Number((await this.#lines.read()).value);
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    await this.#child.status;
    await this.#lines.cancel();
  }
}

const inFolder = (test: (folder: string) => void | Promise<void>) =>
  inTemporaryFolder((folder) => test(join(folder, "trainers")));

const filesIn = (folder: string) => [...Deno.readDirSync(folder)].length;

Deno.test("trainer slots: cores are divided by the live trainers, at least one each", () =>
  inFolder((folder) => {
    assert.equal(trainerThreads({ folder, cores: 5 }), 5, "nobody trains");
    using first = registerTrainer({ folder, cores: 5 });
    assert.equal(first.threads(), 5);
    using second = registerTrainer({ folder, cores: 5 });
    assert.deepEqual([first.threads(), second.threads()], [2, 2]);
    {
      using third = registerTrainer({ folder, cores: 2 });
      assert.equal(third.threads(), 1);
    }
    assert.equal(first.threads(), 2);
    second.release();
    second.release();
    assert.equal(first.threads(), 5);
    assert.equal(filesIn(folder), 1);
  }));

Deno.test("trainer slots: a trainer with an override gets its threads, and still counts for the others", () =>
  inFolder((folder) => {
    using fixed = registerTrainer({ folder, cores: 4, override: 3 });
    using other = registerTrainer({ folder, cores: 4 });
    assert.deepEqual([fixed.threads(), other.threads()], [3, 2]);
    for (const override of [0, -1, 1.5, NaN]) {
      assert.throws(() => registerTrainer({ folder, override }), FlwrError);
      assert.throws(() => trainerThreads({ folder, override }), FlwrError);
    }
    assert.equal(filesIn(folder), 2);
  }));

Deno.test("trainer slots: an owner's trainers fill its reservations", () => {
  const reserved = (owner: string) => ({ owner, kind: "reserved" as const });
  const training = (owner: string) => ({ owner, kind: "training" as const });
  assert.equal(countTrainers([]), 0);
  assert.equal(countTrainers([reserved("a"), training("a")]), 1);
  assert.equal(countTrainers([reserved("a"), training("a"), training("a")]), 2);
  assert.equal(countTrainers([reserved("a"), reserved("b"), training("b")]), 2);
  assert.equal(countTrainers([training("a"), training("a"), training("b")]), 3);
});

testWithAllRights(
  "trainer slots: processes see each other come, go and die",
  () =>
    inFolder(async (folder) => {
      using own = registerTrainer({ folder, cores: 12 });
      await using first = await TrainerProcess.start(folder);
      await using node = await TrainerProcess.start(folder, "reserved");
      const killed = await TrainerProcess.start(folder);
      await using _killed = killed;
      assert.deepEqual(
        [own.threads(), await first.threads(), await node.threads(), await killed.threads()],
        [3, 3, 3, 3],
      );
      await killed.kill();
      assert.deepEqual([own.threads(), await first.threads()], [4, 4]);
      assert.equal(filesIn(folder), 3, "what the dead process left is cleaned up");
      await first[Symbol.asyncDispose]();
      assert.equal(own.threads(), 6);
      assert.equal(filesIn(folder), 2);
    }),
);

Deno.test("trainer slots: workers of one process count separately", () =>
  inFolder(async (folder) => {
    const slotModule = new URL("./trainer_slot.ts", import.meta.url).href;
    const code = `import { registerTrainer } from ${JSON.stringify(slotModule)};
      const slot = registerTrainer({ folder: ${JSON.stringify(folder)}, cores: 6 });
      self.onmessage = () => { self.postMessage(slot.threads()); };
      self.postMessage("registered");`;
    const url = `data:application/javascript,${encodeURIComponent(code)}`;
    const next = (worker: Worker) =>
      new Promise<unknown>((resolve) => {
        worker.onmessage = ({ data }) => resolve(data);
      });
    const workers = [1, 2].map(() => new Worker(url, { type: "module" }));
    try {
      assert.deepEqual(await Promise.all(workers.map(next)), ["registered", "registered"]);
      using own = registerTrainer({ folder, cores: 6 });
      const asked = next(workers[0]!);
      workers[0]!.postMessage("?");
      assert.deepEqual([await asked, own.threads()], [2, 2]);
    } finally {
      for (const worker of workers) worker.terminate();
    }
  }));

Deno.test("trainer slots: other files in the folder are ignored", () =>
  inFolder((folder) => {
    using own = registerTrainer({ folder, cores: 4 });
    for (const name of ["notes.txt", "a.b", "x.new", ".hidden"]) {
      Deno.writeTextFileSync(join(folder, name), "");
    }
    assert.equal(own.threads(), 4);
    assert.equal(filesIn(folder), 5);
  }));

Deno.test("trainer slots: if the folder cannot be used, a trainer counts as the only one", () =>
  inFolder((folder) => {
    Deno.writeTextFileSync(folder, "a file where the folder should be");
    using slot = registerTrainer({ folder, cores: 4 });
    assert.equal(slot.threads(), 4);
  }));

Deno.test("trainer slots: an owner that is not a plain word is refused", () => {
  for (const owner of ["", "../x", "a.b", "a b"]) {
    assert.throws(() => registerTrainer({ owner, folder: "unused" }), FlwrError);
  }
});

Deno.test("runtime folder: a user's own, not in the home folder", () => {
  const environment = (os: "linux" | "windows", variables: Record<string, string>) => ({
    os,
    get: (name: string) => variables[name],
  });
  const { HOME, ...set } = { HOME: "/home/u", TMPDIR: "/var/tmp" };
  assert.equal(runtimeFolder(environment("linux", { HOME }), 7), join("/tmp", "flwr-7"));
  assert.equal(runtimeFolder(environment("linux", set), 7), join("/var/tmp", "flwr-7"));
  assert.equal(runtimeFolder(environment("linux", { FLWR_RUNTIME_DIR: "/r" }), 7), "/r");
  assert.equal(
    runtimeFolder(environment("windows", { TEMP: "/temp" }), null),
    join("/temp", "flwr"),
  );
});
