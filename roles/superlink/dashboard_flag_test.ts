import assert from "node:assert/strict";
import { UsageError } from "../flags/values.ts";
import { DEFAULT_FLAGS } from "./flags.ts";
import { readSuperLinkConfig } from "./config.ts";

const FLAGS = { ...DEFAULT_FLAGS, insecure: true, database: ":memory:" };

Deno.test("--dashboard: an address of this machine, with a default, and none without the flag", async () => {
  const addressOf = async (dashboard?: string | true) =>
    (await readSuperLinkConfig({ ...FLAGS, ...(dashboard !== undefined && { dashboard }) }))
      .dashboard;
  assert.equal(await addressOf(), undefined);
  assert.equal(await addressOf(true), "127.0.0.1:8265");
  assert.equal(await addressOf("[::1]:0"), "[::1]:0");
  await assert.rejects(addressOf("8265"), UsageError);
  for (const open of ["0.0.0.0:8265", "[::]:8265", "superlink.example.org:8265"]) {
    await assert.rejects(addressOf(open), { code: "failed-precondition" }, open);
  }
});

Deno.test("--dashboard: it cannot be combined with several processes", async () => {
  const flags = { ...FLAGS, database: "postgres://flwr@localhost/flwr", processes: 2 };
  await assert.rejects(
    readSuperLinkConfig({ ...flags, dashboard: true }),
    (error) => error instanceof Error && error.message.includes("--dashboard"),
  );
});
