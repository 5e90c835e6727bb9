import assert from "node:assert/strict";
import { FlwrError } from "../../../base/error.ts";
import { AppCheck } from "./app_check.ts";

Deno.test("app check: an error is thrown when it is requested, and is not an unhandled rejection", async () => {
  await using passing = new AppCheck(() => Promise.resolve());
  assert.equal(await passing.passed, true);
  assert.equal(passing.refused.aborted, false);

  await using failing = new AppCheck(() => Promise.reject(new FlwrError("not-found", "No types")));
  assert.equal(await failing.passed, false);
  assert.equal(failing.refused.aborted, true);
  await assert.rejects(failing.refusal, { code: "not-found" });
});

Deno.test("app check: disposing of it stops it and waits for its end", async () => {
  let ended = false;
  {
    await using _ = new AppCheck(async (signal) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => resolve(), { once: true });
      await promise;
      await Promise.resolve();
      ended = true;
      signal.throwIfAborted();
    });
  }
  assert.equal(ended, true);
});
