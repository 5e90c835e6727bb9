import assert from "node:assert/strict";
import { join } from "node:path";
import { ATTACHMENT_PIECE_BYTES, describeAttachment } from "../../../fab/attachments.ts";
import { sha256Hex } from "../../../base/platform.ts";
import type { LocalAttachment } from "../../../fab/fab.ts";
import { sendAttachments } from "./send_attachments.ts";

/** A SuperLink that stores pieces. */
class FakeControl {
  readonly kept = new Set<string>();
  /** Received bytes. */
  sent = 0;

  pushAttachment(pieces: readonly string[], content = new Uint8Array()) {
    if (content.length > 0) {
      this.sent += content.length;
      this.kept.add(sha256Hex(content));
    }
    return Promise.resolve<readonly string[] | undefined>(
      pieces.filter((piece) => !this.kept.has(piece)),
    );
  }
}

async function withModel(body: (model: LocalAttachment) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const file = join(folder, "model.onnx");
    await Deno.writeFile(
      file,
      Uint8Array.from({ length: ATTACHMENT_PIECE_BYTES + 9 }, (_, place) => place >> 10),
    );
    await body({ ...await describeAttachment("model.onnx", file), file });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("attachments are sent once, and after an interrupted upload only the missing pieces", () =>
  withModel(async (model) => {
    const control = new FakeControl();
    await sendAttachments(control, [model, { ...model, path: "copy.onnx" }]);
    assert.deepEqual([...control.kept], model.pieces);
    assert.equal(control.sent, model.size);
    await sendAttachments(control, [model]);
    assert.equal(control.sent, model.size);
    control.kept.delete(model.pieces[1]!);
    await sendAttachments(control, [model]);
    assert.equal(control.sent, model.size + 9);
  }));

Deno.test("a SuperLink without attachments is refused, and an app without any makes no call", () =>
  withModel(async (model) => {
    let asked = 0;
    const flower = { pushAttachment: () => Promise.resolve((asked++, undefined)) };
    await sendAttachments(flower, []);
    assert.equal(asked, 0);
    await assert.rejects(sendAttachments(flower, [model]), {
      code: "failed-precondition",
      message: /up to 10 MiB.*model\.onnx/,
    });
  }));

Deno.test("a file that changes during the upload is not sent", () =>
  withModel(async (model) => {
    const control = new FakeControl();
    await Deno.writeFile(model.file, new Uint8Array(model.size));
    await assert.rejects(sendAttachments(control, [model]), { code: "failed-precondition" });
    assert.equal(control.sent, 0);
  }));
