/** The task: predict an outcome of patients from the tables of hospitals that differ, and that share no rows. */
import { adam, binaryCrossEntropy, dense, Model, relu, schemaColumns, sequential } from "flwr";
import type { TableSchema } from "flwr";

/** How tables are read, at all hospitals. Test rows have no part in the statistics. */
export const TABLE = { target: "outcome", split: { testFraction: 0.25, stratify: true } } as const;

/** How columns become numbers; the hospitals agree on categories, means and deviations. */
export const ENCODING = {
  classes: ["no", "yes"],
  missing: { weight: "mean" },
  categories: { ward: "one-hot" },
  standardize: true,
} as const;

/** The network for the columns of a schema: its output is the logit of the outcome "yes". */
export function createModel(schema: TableSchema): Model {
  return new Model({
    network: sequential(dense({ name: "fc1", out: 8 }), relu(), dense({ name: "fc2", out: 1 })),
    input: { shape: [schemaColumns(schema).length], dtype: "float32" },
    loss: binaryCrossEntropy(),
    optimizer: adam({ learningRate: 0.02 }),
    batchSize: 16,
  });
}
