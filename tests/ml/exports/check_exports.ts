/**
 * Compares what exported models predict here with what they predicted where they came from:
 * `deno run -A tests/ml/exports/check_exports.ts FOLDER`, a folder that `export_all.py` has written.
 */
import { FlwrError } from "../../../base/error.ts";
import { meanSquaredError, Model, onnxNetwork, sgd } from "../../../ml/mod.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { decodeNpy } from "../../../tensor/npy.ts";
import type { Tensor } from "../../../tensor/tensor.ts";

/** What became of an export. */
export interface ExportResult {
  readonly kind: "right" | "refused" | "raw" | "wrong";
  readonly what: string;
  readonly detail: string;
}

const TOLERANCE = 1e-3;

function differs(got: Tensor, expected: Tensor): string | undefined {
  if (got.data.length !== expected.data.length) {
    return `[${got.shape}] instead of [${expected.shape}]`;
  }
  for (let i = 0; i < got.data.length; i++) {
    const [a, b] = [Number(got.data[i]), Number(expected.data[i])];
    const isSame = Object.is(a, b) || a === b || Math.abs(a - b) <= TOLERANCE * (1 + Math.abs(b));
    if (!isSame) return `${a} instead of ${b} at ${i} of [${got.shape}]`;
  }
  return undefined;
}

async function outcomeOf(folder: string): Promise<Omit<ExportResult, "what">> {
  const [x, y] = ["x", "y"].map((name) => decodeNpy(Deno.readFileSync(`${folder}/${name}.npy`)));
  try {
    await using model = new Model({
      network: onnxNetwork(`${folder}/model.onnx`),
      input: { shape: x!.shape.slice(1), dtype: x!.dtype },
      loss: meanSquaredError(),
      optimizer: sgd({ learningRate: 0.1 }),
      createEngine: () => LocalEngine.create(1),
    });
    const difference = differs(await model.predict(x!), y!);
    return difference === undefined
      ? { kind: "right", detail: "" }
      : { kind: "wrong", detail: difference };
  } catch (error) {
    const isOurs = error instanceof FlwrError && error.code !== "internal" &&
      !error.message.startsWith("ONNX Runtime");
    return { kind: isOurs ? "refused" : "raw", detail: (error as Error).message };
  }
}

/** Checks all exports below a folder. */
export async function checkExports(folder: string): Promise<ExportResult[]> {
  const names = [...Deno.readDirSync(folder)].filter(({ isDirectory }) => isDirectory)
    .map(({ name }) => name).sort();
  const results: ExportResult[] = [];
  for (const name of names) {
    const kind = Deno.readTextFileSync(`${folder}/${name}/kind.txt`);
    const exporter = name.split("-")[0];
    results.push({ what: `${exporter}: ${kind}`, ...await outcomeOf(`${folder}/${name}`) });
  }
  return results;
}

if (import.meta.main) {
  const results = await checkExports(Deno.args[0]!);
  const counts: Record<string, number> = {};
  for (const { kind, what, detail } of results) {
    const key = `${what.split(":")[0]} ${kind}`;
    counts[key] = (counts[key] ?? 0) + 1;
    if (kind !== "right") console.log(kind, what, "|", detail.replace(/^"[^"]*": /, ""));
  }
  console.log(counts);
}
