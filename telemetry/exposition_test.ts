import assert from "node:assert/strict";
import fc from "fast-check";
import { anyCharacter } from "../base/testing/texts.ts";
import { Counter } from "./counter.ts";
import { writeExposition } from "./exposition.ts";
import { Gauge, single } from "./gauge.ts";
import { Histogram } from "./histogram.ts";
import { readOpenMetrics } from "./testing/read_openmetrics.ts";

Deno.test("both formats, to the letter", () => {
  const calls = new Counter({ name: "calls", help: "Calls", labels: ["method", "code"] });
  calls.add(["Ping", "ok"]);
  calls.add(["Ping", "ok"], 2);
  const seconds = new Histogram({ name: "wait_seconds", help: "Waits" }, [0.5, 2]);
  for (const value of [0.1, 0.5, 1, 7, NaN, Infinity, -1]) seconds.observe([], value);
  const gauge = new Gauge({ name: "free", help: "Free" }, () => single(-1.5));
  const none = new Gauge({ name: "none", help: "None" }, () => single(undefined));
  const metrics = [calls, seconds, gauge, none];
  assert.equal(
    writeExposition(metrics, "openmetrics"),
    `# TYPE calls counter
# HELP calls Calls
calls_total{method="Ping",code="ok"} 3
# TYPE wait_seconds histogram
# UNIT wait_seconds seconds
# HELP wait_seconds Waits
wait_seconds_bucket{le="0.5"} 3
wait_seconds_bucket{le="2.0"} 4
wait_seconds_bucket{le="+Inf"} 5
wait_seconds_sum 8.6
wait_seconds_count 5
# TYPE free gauge
# HELP free Free
free -1.5
# TYPE none gauge
# HELP none None
# EOF
`,
  );
  const plain = writeExposition(metrics, "prometheus");
  assert.ok(plain.startsWith("# TYPE calls_total counter\n# HELP calls_total Calls\n"));
  assert.ok(!plain.includes("UNIT") && !plain.includes("EOF"));
});

Deno.test("any label is read as it was, except for control characters", () => {
  fc.assert(fc.property(fc.string({ unit: anyCharacter }), (text) => {
    const gauge = new Gauge({ name: "g", help: "G", labels: ["node", "b"] }, () => [
      { labels: [text, ""], value: 1 },
    ]);
    const [sample] = readOpenMetrics(writeExposition([gauge], "openmetrics")).get("g")!.samples;
    // deno-lint-ignore no-control-regex -- these are replaced
    const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/g;
    assert.equal(sample!.labels.node, text.toWellFormed().replace(control, "\ufffd"));
  }));
});

Deno.test("a family never has more series than its limit and one more", () => {
  const counter = new Counter({ name: "c", help: "C", labels: ["a", "b"] }, 3);
  for (let i = 0; i < 100; i++) counter.add([`${i}`, "x"]);
  counter.add(["0", "x"]);
  const samples = [...counter.samples()];
  assert.deepEqual(samples.map(({ labels, value }) => [...labels, value]), [
    ["0", "x", 2],
    ["1", "x", 1],
    ["2", "x", 1],
    ["other", "other", 97],
  ]);
  // Also if a series of this name was there before.
  const named = new Counter({ name: "c", help: "C", labels: ["a"] }, 1);
  for (const label of ["other", "x", "y"]) named.add([label]);
  assert.deepEqual([...named.samples()].map(({ value }) => value), [3]);
});

Deno.test("the strict reader refuses what is wrong", () => {
  const good = '# TYPE a counter\n# HELP a A\na_total{x="1"} 1\n# EOF\n';
  readOpenMetrics(good);
  for (
    const bad of [
      good.replace("# EOF\n", ""),
      good.replace("a_total", "a"),
      good.replace('a_total{x="1"} 1\n', 'a_total{x="1"} 1\na_total{x="1"} 1\n'),
      good.replace('"1"', '"\\q"'),
      good.replace("} 1", "} one"),
      good.replace("# HELP a A\n", ""),
      good.replace("} 1", "} -1"),
      good.replace("# EOF", "# TYPE a counter\n# HELP a A\n# EOF"),
      '# TYPE h histogram\n# HELP h H\nh_bucket{le="1.0"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n# EOF\n',
    ]
  ) {
    assert.throws(() => readOpenMetrics(bad), Error, bad);
  }
});
