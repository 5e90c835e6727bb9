import assert from "node:assert/strict";
import { WarmApps } from "./warm_apps.ts";

class FakeApp implements Disposable {
  constructor(readonly name: string, readonly ended: string[]) {}

  [Symbol.dispose](): void {
    this.ended.push(this.name);
  }
}

Deno.test("apps stay ready up to a limit; the least recently used one is ended first", async () => {
  const started: string[] = [];
  const ended: string[] = [];
  const warm = new WarmApps<FakeApp>(2);
  const get = (name: string) =>
    warm.get(name, () => {
      started.push(name);
      return Promise.resolve(new FakeApp(name, ended));
    });
  await get("a");
  await get("b");
  await get("a");
  await get("c");
  assert.deepEqual(ended, ["b"]);
  await get("a");
  await get("b");
  assert.deepEqual(started, ["a", "b", "c", "b"]);
  assert.deepEqual(ended, ["b", "c"]);
  await warm[Symbol.asyncDispose]();
  assert.deepEqual(ended.slice(2).toSorted(), ["a", "b"]);
});

Deno.test("an app that failed to start is tried again, with one start at a time", async () => {
  const warm = new WarmApps<FakeApp>(2);
  const ended: string[] = [];
  let tries = 0;
  const get = () =>
    warm.get("a", () => {
      tries += 1;
      return tries === 1
        ? Promise.reject(new Error("not yet"))
        : Promise.resolve(new FakeApp("a", ended));
    });
  await assert.rejects(get(), /not yet/);
  const [one, other] = await Promise.all([get(), get()]);
  assert.equal(one, other);
  assert.equal(tries, 2);
  await warm[Symbol.asyncDispose]();
  assert.deepEqual(ended, ["a"]);
});
