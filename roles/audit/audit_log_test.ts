import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { inTemporaryFolder } from "../../base/testing/temporary_folder.ts";
import type { AuthenticatedCall } from "../../rpc/call.ts";
import { AuditLog } from "./audit_log.ts";
import { verifyFiles } from "./verify_files.ts";

Deno.test("the chain goes on over files and restarts, and a missing file is noticed", async () => {
  await inTemporaryFolder(async (folder) => {
    const file = `${folder}/audit.log`;
    const config = { destination: { file }, maxBytes: 3000, fleetCalls: false };
    for (let start = 0; start < 3; start++) {
      await using audit = await AuditLog.open(config, new FakeClock());
      const path = "/flwr.proto.Control/StopRun";
      const watch = audit.watchOf("control", { knownKeysOnly: true })(path)!;
      const call = { caller: { id: "a", name: "a" }, peer: "192.0.2.1:5" };
      for (let i = 0; i < 10; i++) {
        const end = await watch.begin(call as AuthenticatedCall<unknown>, { runId: 5n });
        end!({ response: {} });
      }
    }
    const files = [...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`).sort();
    // The current file sorts first.
    const ordered = [...files.slice(1), files[0]!];
    assert.ok(ordered.length > 5, `${files}`);
    for (const name of ordered) assert.ok(Deno.statSync(name).size <= 3000, name);
    const { faults, end } = await verifyFiles(ordered);
    assert.deepEqual([faults, end.sequence], [[], 3 * (10 * 2 + 2)]);
    const missing = await verifyFiles(ordered.toSpliced(2, 1));
    assert.deepEqual(missing.faults.map(({ kind, line }) => [kind, line]), [["removed", 1]]);
  });
});
