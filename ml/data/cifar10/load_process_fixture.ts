/**
 * Loads the small data set in a process of its own, so that tests can start several at once. Prints the number of
 * images.
 */
import { FEW } from "./fixture.ts";
import { loadFrom } from "./load.ts";

const [dataDir, url, integrity, bytes] = Deno.args as [string, string, string, string];
const { train, test } = await loadFrom({ dataDir }, {
  batchImages: FEW,
  download: () => Promise.resolve({ url, integrity, bytes: Number(bytes), title: "CIFAR-10" }),
  pack: () => Promise.resolve(false),
});
console.log(train.y.data.length + test.y.data.length);
