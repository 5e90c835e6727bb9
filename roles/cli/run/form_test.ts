import assert from "node:assert/strict";
import { type RunCommandLine, runForm } from "./form.ts";

function form(line: Partial<RunCommandLine>, folders: readonly string[] = []) {
  return runForm(
    { app: undefined, superlink: undefined, flags: [], ...line },
    (path) => folders.includes(path),
  );
}

Deno.test("run: a folder is submitted, to the default or a named SuperLink", () => {
  assert.deepEqual(form({}), { kind: "submit", folder: ".", superlink: undefined });
  const flags = ["--stream", "--insecure", "--run-config", "--format"];
  for (const app of [".", "my-app", "apps/my-app", "./a:b/", "C:\\apps", "C:/apps:x/"]) {
    assert.deepEqual(form({ app, superlink: "mine", flags }), {
      kind: "submit",
      folder: app,
      superlink: "mine",
    });
  }
});

Deno.test("run: module:name is run in this process", () => {
  const flags = ["--server", "--run-config", "--dir", "--json", "--root-certificates"];
  for (const app of ["server:app", "pkg.server:app", "./pkg/server.ts:app"]) {
    assert.deepEqual(form({ app, flags }), { kind: "here", spec: app });
  }
});

Deno.test("run: an ambiguous or mixed command line is refused with hints for both forms", () => {
  assert.throws(
    () => form({ app: "a:b" }, ["a:b"]),
    /"a:b" is ambiguous/,
  );
  assert.throws(
    () => form({ app: "server:app", superlink: "mine" }),
    /SUPERLINK "mine" works only with an app in a/,
  );
  const flags = [
    "--stream",
    "--federation",
    "--federation-config",
    "--format",
    "--node-table",
    "--nodes",
  ];
  for (const flag of flags) {
    assert.throws(
      () => form({ app: "server:app", flags: [flag] }),
      new RegExp(`${flag} works only with an app`),
    );
  }
  for (const flag of ["--server", "--dir", "--json", "--max-retries", "--verbose"]) {
    assert.throws(
      () => form({ app: "my-app", flags: [flag] }),
      new RegExp(`${flag} works only with module:name`),
    );
  }
  assert.throws(() => form({ app: "@flwrlabs/quickstart" }), /Flower's hub/);
});
