/** The task: tell what a message to a help desk is about. All nodes know the words of all, but not their texts. */
import * as flwr from "flwr";

/** What a message can be about. */
export const CLASSES = ["billing", "delivery", "login"];
/** Number of words of a message that the network reads. */
const LENGTH = 16;

/** Reads a file with a class, a tab and a text in each line. */
export async function readTexts(path: string) {
  const lines = (await Deno.readTextFile(path)).split("\n").filter((line) => line !== "");
  const labels = lines.map((line) => CLASSES.indexOf(line.split("\t")[0]!));
  const wrong = labels.indexOf(-1);
  if (wrong !== -1) throw new Error(`${path}: text ${wrong + 1} has none of the classes`);
  return { texts: lines.map((line) => line.slice(line.indexOf("\t") + 1)), labels };
}

/** The ids of the words of a file's texts, and their classes. */
export async function loadData(path: string, words: flwr.Vocabulary): Promise<flwr.Dataset> {
  const { texts, labels } = await readTexts(path);
  const y = flwr.tensor("int64", [labels.length], BigInt64Array.from(labels, BigInt));
  return { x: flwr.encodeTexts(texts, words, { length: LENGTH }), y };
}

/** The mean of the vectors of a text's words, and a linear classifier. */
export function createModel(words: flwr.Vocabulary): flwr.Model {
  return new flwr.Model({
    network: flwr.sequential(
      flwr.embedding({ name: "words", tokens: words.length, width: 16 }),
      flwr.layer("mean", (x) => flwr.ops.reduceMean(x, { axes: [1] })),
      flwr.dense({ name: "classifier", out: CLASSES.length }),
    ),
    input: { shape: [LENGTH], dtype: "int64" },
    loss: flwr.crossEntropy(),
    optimizer: flwr.adam({ learningRate: 0.05 }),
    batchSize: 8,
  });
}
