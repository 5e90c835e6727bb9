import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { baseRevision, versionOf } from "./base_revision.ts";

/** A git that answers command lines that begin in a certain way. */
const git = (answers: Record<string, string>) => (...args: readonly string[]) => {
  const line = args.join(" ");
  const found = Object.entries(answers).find(([start]) => line.startsWith(start));
  return Promise.resolve(found?.[1]);
};

const NAMED = {
  "log -1": "c0ffee00c0ffee",
  "show c0ffee00c0ffee:deno.json": '  "version": "0.3.0",',
};

Deno.test("compare: a revision that was asked for is taken, one that git does not know is refused", async () => {
  const ask = git({ "rev-parse --verify --quiet abc^{commit}": "abcdef" });
  assert.deepEqual(await baseRevision("abc", ask), { commit: "abcdef", name: "abc" });
  await assert.rejects(
    baseRevision("other", ask),
    (error) => error instanceof FlwrError && error.code === "invalid-argument",
  );
});

Deno.test("compare: otherwise the last tag, or the last commit that gave the program a version", async () => {
  const full = { "rev-parse --is-shallow-repository": "false", ...NAMED };
  assert.deepEqual(
    await baseRevision(
      undefined,
      git({
        "describe": "v0.2.0",
        "rev-parse --verify --quiet v0.2.0^{commit}": "abcdef",
        ...full,
      }),
    ),
    { commit: "abcdef", name: "v0.2.0" },
  );
  assert.deepEqual(await baseRevision(undefined, git(full)), {
    commit: "c0ffee00c0ffee",
    name: "0.3.0",
  });
});

Deno.test("compare: a shallow copy, one without a release, and a folder without git have nothing", async () => {
  const shallow = git({ "rev-parse --is-shallow-repository": "true", ...NAMED });
  assert.equal(await baseRevision(undefined, shallow), undefined);
  const unnamed = git({ "rev-parse --is-shallow-repository": "false", "log -1": "" });
  assert.equal(await baseRevision(undefined, unnamed), undefined);
  assert.equal(await baseRevision(undefined, git({})), undefined);
});

Deno.test("compare: the version stands in deno.json", () => {
  assert.equal(versionOf('{\n  "name": "flwr",\n  "version": "0.3.0",\n}'), "0.3.0");
  assert.equal(versionOf(undefined), undefined);
});
