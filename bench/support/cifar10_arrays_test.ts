import assert from "node:assert/strict";
import { tensor } from "../../tensor/tensor.ts";
import { channelsLast } from "./cifar10_arrays.ts";

Deno.test("channelsLast: the channels of a pixel come to lie side by side", () => {
  // Two images of 1×2 pixels with three channels: tens are the image, ones count as stored.
  const images = tensor(
    "uint8",
    [2, 3, 1, 2],
    Uint8Array.of(10, 11, 12, 13, 14, 15, 20, 21, 22, 23, 24, 25),
  );
  const turned = channelsLast(images);
  assert.deepEqual(turned.shape, [2, 1, 2, 3]);
  assert.deepEqual([...turned.data], [10, 12, 14, 11, 13, 15, 20, 22, 24, 21, 23, 25]);
});
