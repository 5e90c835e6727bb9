import assert from "node:assert/strict";
import vectors from "../../../tests/vectors/pictures/programs.json" with { type: "json" };
import { FlwrError } from "../../../base/error.ts";
import { decodePicture } from "./decode.ts";

Deno.test("picture: files of other programs have Pillow's pixels, or are refused with a hint", async () => {
  assert.equal(vectors.files.length, 23);
  for (const { name, about, file, shape, planes } of vectors.files) {
    const decoding = decodePicture(Uint8Array.fromBase64(file), "apply");
    if (shape === undefined || planes === undefined) {
      await assert.rejects(
        decoding,
        (error) => error instanceof FlwrError && error.hints.length > 0,
        `${name}: ${about}`,
      );
      continue;
    }
    const picture = await decoding;
    assert.deepEqual([picture.channels, picture.height, picture.width], shape, name);
    assert.deepEqual(picture.planes, Uint8Array.fromBase64(planes), `${name}, ${about}`);
  }
});
