/** Everything that an app can import from "flwr" is explained where it stands. */
import assert from "node:assert/strict";
import { runCommand } from "../packaging/command.ts";
import { repositoryPath } from "../support/repository.ts";

Deno.test("every public symbol, and every member of one, has a doc comment", async () => {
  const { stderr } = await runCommand(
    Deno.execPath(),
    ["doc", "--lint", repositoryPath("mod.ts")],
    { env: { NO_COLOR: "1" } },
  );
  // Types that only public signatures name need not be public: a private one behind a type's name is no fault.
  const faults = [...stderr.matchAll(/^error\[(?!private-type-ref)(.*)\n *--> (.*)$/gm)]
    .map(([, fault, place]) => `${place}: ${fault}`);
  assert.deepEqual(faults, []);
  assert.match(stderr, /Checked \d+ file|error\[private-type-ref\]/, "it was looked at");
});
