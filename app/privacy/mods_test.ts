import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { gaussianNoise } from "../../privacy/accounting/gaussian_mechanism.ts";
import { addLaplaceNoise } from "../../privacy/noise/laplace.ts";
import { forTestsSeededEntropy } from "../../privacy/noise/for_tests.ts";
import { tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import { ClientApp } from "../client_app.ts";
import type { ClientMod } from "../client_mod.ts";
import { ConfigRecord } from "../config_record.ts";
import type { Context } from "../context.ts";
import { MetricRecord } from "../metric_record.ts";
import { RecordDict } from "../record_dict.ts";
import { instruction } from "../testing.ts";
import { adaptiveClippingMod, fixedClippingMod } from "./clipping_mods.ts";
import { localDpMod, type LocalDpOptions } from "./local_dp.ts";
import { normOf, updateOf } from "./model_update.ts";
import {
  assertModel,
  camelCase,
  configOf,
  forTestsRecordedNoise,
  metricsOf,
  MOD_CASES,
  type ModCase,
  recordOf,
} from "./testing/vectors.ts";

const context: Context = {
  runId: 7n,
  nodeId: 5n,
  nodeConfig: new ConfigRecord(),
  state: new RecordDict(),
  runConfig: new ConfigRecord(),
};

/** Deliberate differences from Flower. */
const DEVIATIONS: { readonly [name: string]: "options refused" | "unchanged" | "scalar scaled" } = {
  "fixed: scalars and float16": "scalar scaled",
  "local: epsilon 0 is not refused": "options refused",
  "local: delta above 1.25 makes NaN": "options refused",
  "fixed: no change at all": "unchanged",
};

function modOf({ mod, options, normal_draws: draws = [] }: ModCase): ClientMod {
  if (mod === "fixedclipping_mod") return fixedClippingMod;
  if (mod === "adaptiveclipping_mod") return adaptiveClippingMod;
  return localDpMod({
    ...camelCase(options) as unknown as LocalDpOptions,
    flowerCompatible: true,
    forTestsNoise: forTestsRecordedNoise(draws),
  });
}

for (const golden of MOD_CASES) {
  Deno.test(`as Flower's mod: ${golden.name}`, async () => {
    const deviation = DEVIATIONS[golden.name];
    if (deviation === "options refused") {
      assert.throws(
        () => modOf(golden),
        (error) => (error as FlwrError).code === "invalid-argument",
      );
      return;
    }
    const reply = await train(golden, modOf(golden));
    const code = golden.error_code ?? (golden.raises === "UFuncTypeError" ? 6 : undefined);
    assert.equal(reply.error?.code, code);
    if (code !== undefined) return;
    const trained = reply.content.arrayRecord("arrays").tensors();
    assert.deepEqual(
      reply.content.metricRecord("metrics"),
      metricsOf(golden.metrics ?? golden.reply_metrics),
    );
    if (deviation === "scalar scaled") {
      const update = updateOf(recordOf(golden.sent).tensors(), trained);
      assert.ok(Math.abs(normOf(update, "l2") - golden.config.clipping_norm!.float!) < 1e-3);
    } else assertModel(trained, deviation === "unchanged" ? golden.reply : golden.arrays!);
    for (const [name, { dtype }] of Object.entries(golden.reply)) {
      assert.equal(trained.get(name)!.dtype, dtype);
    }
  });
}

function train(
  golden: Pick<ModCase, "sent" | "reply" | "config" | "reply_metrics">,
  mod: ClientMod,
) {
  const app = new ClientApp().train(
    () => ({ arrays: recordOf(golden.reply), metrics: metricsOf(golden.reply_metrics) }),
    { mods: [mod] },
  );
  const content = new RecordDict([
    ["arrays", recordOf(golden.sent)],
    ["config", configOf(golden.config)],
  ]);
  return app.handle(instruction({}, content), context);
}

const vector = (values: readonly number[], dtype = "float64") => ({
  w: { dtype, shape: [values.length], data: values },
});
const reply_metrics = { "num-examples": { int: 1 } };

Deno.test("the mods of privacy act on every kind of training and on nothing else", async () => {
  const arrays = recordOf(vector([3, 4]));
  const app = new ClientApp({ mods: [fixedClippingMod] })
    .train("more", () => ({ arrays: recordOf(vector([6, 8])) }))
    .evaluate(() => ({ metrics: new MetricRecord({ loss: 1 }) }));
  const config = new ConfigRecord({ clipping_norm: 1 });
  const more = instruction({ messageType: "train.more" }, new RecordDict({ arrays, config }));
  assertModel(
    (await app.handle(more, context)).content.arrayRecord("arrays").tensors(),
    vector([3.6, 4.8]),
    1e-15,
  );
  const evaluate = await app.handle(instruction({ messageType: "evaluate" }), context);
  assert.equal(evaluate.hasContent, true);
});

Deno.test("an update that is not finite never leaves the node", async () => {
  const config = { clipping_norm: { float: 1 } };
  for (const odd of [NaN, Infinity]) {
    const golden = { sent: vector([0, 0]), reply: vector([odd, 1]), config, reply_metrics };
    for (const mod of [fixedClippingMod, adaptiveClippingMod, localDpMod(OPTIONS)]) {
      assert.equal((await train(golden, mod)).error?.code, 6);
    }
  }
});

Deno.test("an app's error passes through the mods of privacy", async () => {
  const app = new ClientApp().train((message) => message.replyError(2, "no data"), {
    mods: [localDpMod(OPTIONS)],
  });
  const arrays = recordOf(vector([1]));
  const reply = await app.handle(instruction({}, new RecordDict({ arrays })), context);
  assert.equal(reply.error?.reason, "no data");
});

const OPTIONS: LocalDpOptions = { clippingNorm: 1, epsilon: 2, delta: 1e-5 };

Deno.test("localDpMod refuses options without a guarantee", () => {
  const refused: [string, object][] = [
    ["clippingNorm", { clippingNorm: 0 }],
    ["clippingNorm", { clippingNorm: NaN }],
    ["epsilon", { epsilon: 0 }],
    ["epsilon", { epsilon: Infinity }],
    ["delta", { delta: 0 }],
    ["delta", { delta: 1 }],
    ["delta", { delta: undefined }],
    ["delta", { mechanism: "laplace" }],
    ["sensitivity", { sensitivity: 1.9 }],
    ["mechanism", { mechanism: "uniform" }],
    ["mechanism", { mechanism: "laplace", delta: undefined, flowerCompatible: true }],
  ];
  for (const [name, options] of refused) {
    assert.throws(
      () => localDpMod({ ...OPTIONS, ...options }),
      (error) => error instanceof FlwrError && error.message.startsWith(name),
      JSON.stringify(options),
    );
  }
});

Deno.test("localDpMod: Gaussian noise is that of the analytic mechanism, for twice the clipping norm", async () => {
  const deviations: number[] = [];
  const mod = localDpMod({
    ...OPTIONS,
    forTestsNoise: {
      gaussian(values, deviation) {
        deviations.push(deviation);
        values.fill(0);
      },
      laplace: () => assert.fail(),
    },
  });
  const golden = { sent: vector([0, 0]), reply: vector([1, 1]), config: {}, reply_metrics };
  await train(golden, mod);
  assert.deepEqual(deviations, [2 * gaussianNoise(2, 1e-5)]);
});

Deno.test("localDpMod: Laplace noise follows the L1 norm, for scalars as well", async () => {
  const scales: number[] = [];
  const mod = localDpMod({
    clippingNorm: 2,
    epsilon: 0.5,
    mechanism: "laplace",
    forTestsNoise: {
      gaussian: () => assert.fail(),
      laplace(values, scale) {
        scales.push(scale);
        addLaplaceNoise(values, 1e-30, forTestsSeededEntropy(1));
      },
    },
  });
  const scalar = { s: { dtype: "float64", shape: [], data: [-2] } };
  const golden = {
    sent: { ...vector([0, 0]), s: { ...scalar.s, data: [0] } },
    reply: { ...vector([4, 2]), ...scalar },
    config: {},
    reply_metrics,
  };
  const reply = await train(golden, mod);
  assertModel(
    reply.content.arrayRecord("arrays").tensors(),
    { ...vector([1, 0.5]), s: { ...scalar.s, data: [-0.5] } },
    1e-12,
  );
  assert.deepEqual(scales, [8, 8]);
});

Deno.test("localDpMod: noise in production differs from reply to reply", async () => {
  const golden = { sent: vector([0, 0]), reply: vector([1, 1]), config: {}, reply_metrics };
  const mod = localDpMod(OPTIONS);
  const [a, b] = await Promise.all([train(golden, mod), train(golden, mod)]);
  assert.notDeepEqual(
    a.content.arrayRecord("arrays").tensors(),
    b.content.arrayRecord("arrays").tensors(),
  );
});

Deno.test("the mods keep the node's types, where the server sent wider ones", async () => {
  const config = { clipping_norm: { float: 1 } };
  const golden = { sent: vector([0, 0]), reply: vector([3, 4], "float32"), config, reply_metrics };
  const reply = await train(golden, fixedClippingMod);
  const [w] = reply.content.arrayRecord("arrays").tensors().values();
  assert.deepEqual(w, tensor("float32", [2], Float32Array.of(0.6, 0.8)));
  assert.ok(reply.content.arrayRecord("arrays") instanceof ArrayRecord);
});
