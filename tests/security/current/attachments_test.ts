/** Attachments cannot harm the SuperLink that stores them, or reach other runs. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { ConfigRecord } from "../../../app/config_record.ts";
import { buildFab } from "../../../fab/build/build.ts";
import type { Fab } from "../../../fab/fab.ts";
import { sha256Hex } from "../../../base/platform.ts";
import { ATTACHMENTS_PATH } from "../../../fab/attachments.ts";
import { appFiles, withApp } from "../../../fab/testing/app_files.ts";
import { archive } from "../../../fab/testing/archives.ts";
import { DEFAULT_LINK_LIMITS } from "../../../link/limits.ts";
import { acquireTask } from "../../../rpc/dialects/current/client/acquire_task.ts";
import { RuntimeClient } from "../../../rpc/dialects/current/client/runtime_client.ts";
import { CurrentSuperLink } from "./superlink.ts";

const MODEL = new TextEncoder().encode("a model");
const PIECE = sha256Hex(MODEL);

/** An app with a small attachment. */
function build(version = "1.0.0"): Promise<Fab> {
  const files = appFiles("typescript");
  const manifest = files["pyproject.toml"]!
    .replace('version = "1.0.0"', `version = "${version}"`)
    .replace('publisher = "tester"', 'publisher = "tester"\nattachments = ["m.npz"]');
  return withApp({ ...files, "pyproject.toml": manifest, "m.npz": "a model" }, buildFab);
}

const overrideConfig = new ConfigRecord();

/** Submits an app and begins its task. */
async function begin(superLink: CurrentSuperLink, fab: { content: Uint8Array; hash: string }) {
  const { runId } = await superLink.controlClient().startRun({ fab, overrideConfig });
  const channel = superLink.open("http", superLink.control("http"));
  const { token } = (await acquireTask(channel, ["flwr-serverapp"]))!;
  const client = new RuntimeClient(channel, token);
  await client.begin();
  return { runId, client };
}

for (const transport of ["http", "grpc"] as const) {
  Deno.test(`attachments: a node can only get those of a running run, over ${transport}`, async () => {
    await using superLink = await CurrentSuperLink.start();
    const control = superLink.controlClient();
    assert.deepEqual(await control.pushAttachment([PIECE], MODEL), []);
    const { runId, client } = await begin(superLink, await build());
    const other = await superLink.task();
    const { client: node, nodeId } = await superLink.member(transport);
    const fab = await node.fab(nodeId, runId, PIECE);
    assert.deepEqual([...fab!.content], [...MODEL]);

    const denied = { code: "permission-denied" };
    await assert.rejects(node.fab(nodeId, other.runId, PIECE), denied, "of another run");
    await assert.rejects(node.fab(nodeId, runId, superLink.fabHash), denied, "another's bundle");
    await assert.rejects(node.fab(nodeId, runId, sha256Hex(new Uint8Array([1]))), denied);
    await client.finish("completed", "");
    await assert.rejects(node.fab(nodeId, runId, PIECE), denied, "of a run that is over");
  });
}

Deno.test("attachments: a run with missing pieces is not started", async () => {
  await using superLink = await CurrentSuperLink.start();
  const control = superLink.controlClient();
  const fab = await build();
  const missing = { code: "failed-precondition" };
  await assert.rejects(control.startRun({ fab, overrideConfig }), missing);
  await control.pushAttachment([], new TextEncoder().encode("a modem"));
  await assert.rejects(
    control.startRun({ fab, overrideConfig }),
    missing,
    "other bytes are not accepted",
  );
  assert.deepEqual(await control.pushAttachment([PIECE]), [PIECE]);
  await control.pushAttachment([], MODEL);
  assert.notEqual((await control.startRun({ fab, overrideConfig })).runId, undefined);
  assert.deepEqual((await control.listRuns()).items.length, 1);
});

Deno.test("attachments: a FAB whose list leads out of the app is refused", async () => {
  await using superLink = await CurrentSuperLink.start();
  const control = superLink.controlClient();
  await control.pushAttachment([], MODEL);
  for (const path of ["../m.npz", "/m.npz", "client.ts", "client.ts/m.npz"]) {
    const content = archive({
      ...appFiles("typescript"),
      [ATTACHMENTS_PATH]: `${path},${PIECE},${MODEL.length},${PIECE}`,
    });
    const hash = createHash("sha256").update(content).digest("hex");
    await assert.rejects(control.startRun({ fab: { content, hash }, overrideConfig }), {
      code: "invalid-argument",
    });
  }
});

Deno.test("attachments: pieces that are too large and malformed hashes are refused", async () => {
  await using superLink = await CurrentSuperLink.start();
  const control = superLink.controlClient();
  const { maxPieceBytes, maxNamedPieces } = DEFAULT_LINK_LIMITS;
  await assert.rejects(control.pushAttachment([], new Uint8Array(maxPieceBytes + 1)), {
    code: "invalid-argument",
  });
  // The body is not read.
  await assert.rejects(control.pushAttachment([], new Uint8Array(maxPieceBytes + 2 ** 17)));
  await assert.rejects(control.pushAttachment(["../x"]), { code: "invalid-argument" });
  const names = Array.from({ length: maxNamedPieces + 1 }, () => PIECE);
  await assert.rejects(control.pushAttachment(names), { code: "invalid-argument" });
  assert.deepEqual(await control.pushAttachment([], new Uint8Array(maxPieceBytes)), []);
});
