import assert from "node:assert/strict";
import { jobManifest } from "./manifest.ts";

const OPTIONS = { pods: 2, slots: 1, address: "a:1", insecure: true, hasAuthority: false };

Deno.test("jobManifest: an image of any characters is one value of one line", () => {
  const odd = 'a"\n- x\r\u0085\u2028\u2029\u007f\u{1f600}\\: #';
  const lines = jobManifest({ ...OPTIONS, image: odd }).split("\n");
  const plain = jobManifest({ ...OPTIONS, image: "x" }).split("\n");
  assert.equal(lines.length, plain.length);
  const [line, ...others] = lines.filter((line, at) => line !== plain[at]);
  assert.deepEqual(others, []);
  assert.match(line!, /^[ -~]+$/);
  assert.equal(JSON.parse(line!.slice(line!.indexOf('"'))), odd);
});
