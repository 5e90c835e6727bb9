import assert from "node:assert/strict";
import { FlwrError } from "../../../../base/error.ts";
import { FakeBackend } from "../testing/fake_backend.ts";
import { ArtifactUpload } from "./artifact_upload.ts";
import { RuntimeClient } from "./runtime_client.ts";

function start() {
  const backend = new FakeBackend();
  const client = new RuntimeClient(backend.channel(), backend.task.token);
  return { backend, upload: new ArtifactUpload(client, 4) };
}

Deno.test("artifact upload: a file is sent in pieces, in order, each with the file's size", async () => {
  const { backend, upload } = start();
  const bytes = Uint8Array.from({ length: 10 }, (_, place) => place);
  assert.equal(await upload.save("m", bytes), true);
  assert.deepEqual(
    backend.pieces,
    [0, 4, 8].map((offset) => ({
      ...{ name: "m", size: 10, offset },
      bytes: bytes.slice(offset, offset + 4),
    })),
  );
});

Deno.test("artifact upload: an empty file is one piece", async () => {
  const { backend, upload } = start();
  await upload.save("m", new Uint8Array());
  assert.deepEqual(backend.pieces, [{ name: "m", size: 0, offset: 0, bytes: new Uint8Array() }]);
});

Deno.test("artifact upload: the server's error gets a hint", async () => {
  const { backend, upload } = start();
  backend.putArtifactPiece = () => Promise.resolve(false);
  await assert.rejects(upload.save("m", new Uint8Array(1)), { code: "data-loss" });
  const refuse = (code: "unimplemented" | "resource-exhausted") => {
    backend.putArtifactPiece = () => Promise.reject(new FlwrError(code, "no"));
  };
  refuse("unimplemented");
  assert.equal(await upload.save("m", new Uint8Array(1)), false, "Flower's own keeps none");
  refuse("resource-exhausted");
  await assert.rejects(upload.save("m", new Uint8Array(1)), {
    code: "resource-exhausted",
    hints: ["Save under an existing name to replace that artifact"],
  });
});
