import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { baseRevision, versionOf } from "./base_revision.ts";

/** A git that answers command lines that begin in a certain way. */
const git = (answers: Record<string, string>) => (...args: readonly string[]) => {
  const line = args.join(" ");
  const found = Object.entries(answers).find(([start]) => line.startsWith(start));
  return Promise.resolve(found?.[1]);
};

const RELEASES = [{ version: "0.3.0", commit: "c0ffee" }, { version: "0.2.0", commit: "bead" }];

Deno.test("compare: a revision that was asked for is taken, one that git does not know is refused", async () => {
  const ask = git({ "rev-parse --verify --quiet abc^{commit}": "abcdef" });
  assert.deepEqual(await baseRevision("abc", ask), { commit: "abcdef", name: "abc" });
  await assert.rejects(
    baseRevision("other", ask),
    (error) => error instanceof FlwrError && error.code === "invalid-argument",
  );
});

Deno.test("compare: otherwise the last tag, or the newest release that this copy has", async () => {
  const known = { "rev-parse --verify --quiet bead^{commit}": "bead00" };
  const tagged = {
    "describe": "v0.2.0",
    "rev-parse --verify --quiet v0.2.0^{commit}": "abcdef",
    ...known,
  };
  assert.deepEqual(await baseRevision(undefined, git(tagged), RELEASES), {
    commit: "abcdef",
    name: "v0.2.0",
  });
  assert.deepEqual(await baseRevision(undefined, git(known), RELEASES), {
    commit: "bead00",
    name: "0.2.0",
  });
});

Deno.test("compare: a copy without history, or a folder without git, has nothing", async () => {
  assert.equal(await baseRevision(undefined, git({}), RELEASES), undefined);
  assert.equal(await baseRevision(undefined, git({}), []), undefined);
});

Deno.test("compare: the version stands in deno.json", () => {
  assert.equal(versionOf('{\n  "name": "flwr",\n  "version": "0.3.0",\n}'), "0.3.0");
  assert.equal(versionOf(undefined), undefined);
});
