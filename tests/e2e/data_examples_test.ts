/** The examples with data of their own, run as their READMEs say, on small data that is made up here. */
import assert from "node:assert/strict";
import { encode as encodeJpeg } from "jpeg-js";
import { seededRandom } from "../../base/random.ts";
import { joined, startFlwr, startSuperLink } from "../support/flwr.ts";
import { repositoryPath } from "../support/repository.ts";
import { scenario, type Stage } from "../support/stage.ts";

/** Runs an example with one node for each configuration. @returns the history, and the folder of its artifacts */
async function runExample(stage: Stage, name: string, configs: readonly string[], rounds: number) {
  const folder = repositoryPath(`examples/${name}`);
  const { driver, fleet } = await startSuperLink({ stage });
  const common = ["--dir", folder, "--insecure"];
  const nodes = configs.map((config, i) =>
    startFlwr(stage, `supernode ${i}`, [
      ...["supernode", "client:app", ...common, "--server", fleet, "--node-config", config],
    ])
  );
  await Promise.all(nodes.map(joined));
  const [artifacts, history] = [stage.path("artifacts"), stage.path("history.json")];
  const run = startFlwr(stage, "run", [
    ...[
      "run",
      "server:app",
      "--server",
      driver,
      ...common,
      "--json",
      history,
      "--artifacts",
      artifacts,
    ],
    ...["--run-config", `num-rounds=${rounds}`],
  ]);
  assert.equal((await run.ended(90)).code, 0, run.tail());
  return { history: JSON.parse(await Deno.readTextFile(history)), artifacts };
}

/** The values of a metric over the rounds. */
function valuesOf(history: unknown, name: string): number[] {
  const found: number[] = [];
  const search = (value: unknown) => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key === name && typeof inner === "number") found.push(inner);
      else search(inner);
    }
  };
  search(history);
  assert(found.length > 0, `no ${name} in ${JSON.stringify(history).slice(0, 500)}`);
  return found;
}

scenario(
  "hospitals with different patients train one model, with an AUC at each",
  async (stage) => {
    const configs: string[] = [];
    for (
      const [i, { mean, wards }] of [
        { mean: 45, wards: ["A", "B"] },
        { mean: 60, wards: ["B", "C"] },
        { mean: 72, wards: ["C"] },
      ].entries()
    ) {
      const random = seededRandom(i);
      const lines = Array.from({ length: 80 }, (_, row) => {
        const age = Math.round(mean + 30 * (random.uniform() - 0.5));
        const weight = random.uniform() < 0.1 ? "" : Math.round(60 + 40 * random.uniform());
        const risk = (age - 60) / 8 + (Number(weight || 80) - 80) / 10 + random.uniform() - 0.5;
        return `${age},${weight},${wards[row % wards.length]},${risk > 0 ? "yes" : "no"}`;
      });
      const path = stage.path(`hospital-${i}.csv`);
      await Deno.writeTextFile(path, ["age,weight,ward,outcome", ...lines].join("\n"));
      configs.push(`table="${path}"`);
    }
    const { history, artifacts } = await runExample(stage, "hospitals", configs, 4);
    assert(valuesOf(history, "risk-auc").at(-1)! > 0.85, JSON.stringify(history));
    const [least, most] = ["auc-min", "auc-max"].map((name) => valuesOf(history, name).at(-1)!);
    assert(least! > 0.5 && least! <= most! && most! <= 1);
    assert(valuesOf(history, "risk-nodes").every((nodes) => nodes === 3));
    assert((await Deno.stat(`${artifacts}/model.npz`)).size > 0);
  },
);

scenario(
  "a network from an ONNX file gets a new head from folders of JPEG images",
  async (stage) => {
    const configs: string[] = [];
    for (const node of [0, 1]) {
      const random = seededRandom(node);
      const folder = stage.path(`images-${node}`);
      for (const [kind, name] of ["damaged", "sound"].entries()) {
        await Deno.mkdir(`${folder}/${name}`, { recursive: true });
        for (let n = 0; n < 16; n++) {
          const data = new Uint8Array(32 * 32 * 4).fill(255);
          const brightness = 60 + 60 * random.uniform();
          for (let i = 0; i < 32 * 32; i++) {
            // Damaged leaves have stripes.
            const stripe = kind === 0 ? 70 * Math.sin(i % 32) : 0;
            const noise = 20 * random.uniform();
            data.set([brightness / 2 + noise, brightness + stripe + noise, brightness / 2], i * 4);
          }
          const { data: bytes } = encodeJpeg({ width: 32, height: 32, data }, 90);
          await Deno.writeFile(`${folder}/${name}/${n}.jpg`, bytes);
        }
      }
      configs.push(`images="${folder}"`);
    }
    const { history, artifacts } = await runExample(stage, "transfer-learning", configs, 4);
    assert(valuesOf(history, "accuracy").at(-1)! > 0.8, JSON.stringify(history));
    assert((await Deno.stat(`${artifacts}/leaves.onnx`)).size > 0);
  },
);

scenario("nodes classify texts with a vocabulary of all nodes", async (stage) => {
  const words = {
    billing: ["invoice", "refund", "price", "paid", "twice"],
    delivery: ["parcel", "late", "courier", "address", "box"],
    login: ["password", "account", "locked", "code", "mail"],
  };
  const configs: string[] = [];
  for (const node of [0, 1]) {
    const random = seededRandom(node + 7);
    const pick = (list: readonly string[]) => list[Math.floor(random.uniform() * list.length)]!;
    const lines = Object.entries(words).flatMap(([label, own]) =>
      Array.from({ length: 30 }, () => {
        const text = ["my", pick(own), "is", pick(["the", "a"]), pick(own), "today", pick(own)];
        return `${label}\t${text.join(" ")}!`;
      })
    );
    const path = stage.path(`texts-${node}.tsv`);
    await Deno.writeTextFile(path, lines.join("\n"));
    configs.push(`texts="${path}"`);
  }
  const { history } = await runExample(stage, "text-classification", configs, 4);
  assert(valuesOf(history, "accuracy").at(-1)! > 0.9, JSON.stringify(history));
});
