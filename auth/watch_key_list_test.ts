import assert from "node:assert/strict";
import type { Clock } from "../base/clock.ts";
import type { FlwrError } from "../base/error.ts";
import { watchKeyList } from "./watch_key_list.ts";
import { session } from "./testing/vectors.ts";
import { inTemporaryFolder } from "../base/testing/temporary_folder.ts";

const A = session().client.openssh_public;
const B = session().other.openssh_public;

/** A clock on which the test ends one sleep at a time. */
class SteppingClock implements Clock {
  #asleep = Promise.withResolvers<() => void>();

  now(): number {
    return 0;
  }

  sleep(_seconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      signal?.addEventListener("abort", () => resolve());
      this.#asleep.resolve(resolve);
    });
  }

  /** Ends the sleep and waits for the next one. */
  async step(): Promise<void> {
    const wake = await this.#asleep.promise;
    this.#asleep = Promise.withResolvers();
    wake();
    await this.#asleep.promise;
  }
}

/** Watches a list that starts with key A, and records the reports in a journal. */
async function watching(
  body: (file: string, steps: (count: number) => Promise<string[]>) => Promise<void>,
): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const file = `${folder}/list.csv`;
    await Deno.writeTextFile(file, A);
    const [clock, stop] = [new SteppingClock(), new AbortController()];
    let journal: string[] = [];
    const watched = await watchKeyList({ file }, {
      clock,
      signal: stop.signal,
      onChange: (added, removed) =>
        journal.push(
          ...added.map(({ openssh }) => `+${openssh === A ? "A" : "B"}`),
          ...removed.map(({ openssh }) => `-${openssh === A ? "A" : "B"}`),
          `${watched.current.size}`,
        ),
      onError: (error: FlwrError) => journal.push(error.code, `${watched.current.size}`),
    });
    await body(file, async (count) => {
      journal = [];
      for (let step = 0; step < count; step++) await clock.step();
      return journal;
    });
    stop.abort();
    await watched.done;
  });
}

Deno.test("an unchanged file is never reported", () =>
  watching(async (_file, steps) => {
    assert.deepEqual(await steps(4), []);
  }));

Deno.test("a file written in place is read once, when it no longer changes", () =>
  watching(async (file, steps) => {
    await Deno.writeTextFile(file, `${A},${B}`);
    assert.deepEqual(await steps(1), []);
    assert.deepEqual(await steps(1), ["+B", "2"]);
    assert.deepEqual(await steps(3), []);
  }));

Deno.test("a file replaced by renaming is read", () =>
  watching(async (file, steps) => {
    await Deno.writeTextFile(`${file}.new`, B);
    await Deno.rename(`${file}.new`, file);
    assert.deepEqual(await steps(2), ["+B", "-A", "1"]);
  }));

Deno.test("an invalid or missing version is reported once, and the last valid one kept", () =>
  watching(async (file, steps) => {
    await Deno.writeTextFile(file, `${A},`);
    assert.deepEqual(await steps(4), ["invalid-argument", "1"]);
    await Deno.remove(file);
    assert.deepEqual(await steps(4), ["not-found", "1"]);
    await Deno.writeTextFile(file, "");
    assert.deepEqual(await steps(4), ["-A", "0"]);
  }));

Deno.test("a version still being written is not read", () =>
  watching(async (file, steps) => {
    for (const text of ["", A.slice(0, 50), `${A},`]) {
      await Deno.writeTextFile(file, text);
      assert.deepEqual(await steps(1), []);
    }
    await Deno.writeTextFile(file, `${A},${B}`);
    assert.deepEqual(await steps(2), ["+B", "2"]);
  }));

Deno.test("an unreadable first version is an error", async () => {
  const { signal } = new AbortController();
  const options = { signal, onChange: () => {}, onError: () => {} };
  await assert.rejects(watchKeyList({ file: "/nowhere/list.csv", flag: "--list" }, options), {
    code: "not-found",
    message: 'Key list file "/nowhere/list.csv" (--list) does not exist',
  });
});
