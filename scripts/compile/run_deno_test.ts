import assert from "node:assert/strict";
import { explainFailure } from "./run_deno.ts";

Deno.test("a denort that cannot be downloaded is recognised, and the error has its address", () => {
  const error = explainFailure(
    "compile",
    [
      "error: Writing deno compile executable to temporary file 'dist/flwr.tmp-1'",
      "",
      "Caused by:",
      "    0: Setting up base binary.",
      "    1: error sending request for url (https://example.org/v2.9.3/denort-x86_64.zip): dns error",
    ].join("\n"),
    "2.9.3",
  );
  assert.equal(error.code, "unavailable");
  assert.match(error.message, /needs denort 2\.9\.3.*cannot download/);
  assert.match(error.hints[0]!, /unpack https:\/\/example\.org\/v2\.9\.3\/denort-x86_64\.zip$/);
  assert.match(error.hints[1]!, /DENORT_BIN=/);
});

Deno.test("another failure shows the end of Deno's output", () => {
  const words = Array.from({ length: 100 }, (_, i) => `line ${i}`).join("\n");
  const error = explainFailure("info", `${words}\nerror: Module not found\n`, "2.9.3");
  assert.match(error.message, /^"deno info" failed: line 61\n[^]*error: Module not found$/);
  assert.deepEqual(error.hints, []);
});
