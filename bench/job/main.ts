/**
 * The whole job against the real Flower 1.9.0 with PyTorch 2.13.0, taking turns: keys, a SuperLink with TLS and
 * authentication, SuperNodes, a ServerApp, the example's CNN on CIFAR-10 with federated averaging.
 *
 *     deno task bench job [--repeat 3] [--images 50000] [--rounds 3] [--nodes 2] [--torch-threads 1] [--python PATH]
 */
import { Command, Option } from "commander";
import { reportError } from "../../roles/report_error.ts";
import { makeCredentials } from "../../tests/support/credentials.ts";
import { TempDir } from "../../tests/support/tempdir.ts";
import { measureRounds } from "../roles/rounds.ts";
import { cifar10Arrays } from "../support/cifar10_arrays.ts";
import { federatedRun } from "../support/federated_run.ts";
import { describeMachine } from "../support/machine.ts";
import { pythonOption, repeatOption, wholeNumber } from "../support/options.ts";
import { printComparisons } from "../support/print_comparisons.ts";
import { benchPython } from "../support/python_environment.ts";
import { takeTurns } from "../support/turns.ts";
import { compareJobs } from "./compare_jobs.ts";
import { jobContestants } from "./job_contestants.ts";

/** All images for training that CIFAR-10 has. */
const ALL_IMAGES = 50_000;
/** After so many seconds a run is given up: three times what PyTorch has been seen to take with its default threads. */
const LIMIT_SECONDS = 1800;

interface JobFlags {
  repeat: number;
  images: number;
  rounds: number;
  nodes: number;
  torchThreads: number | "default";
  python?: string;
}

async function bench(flags: JobFlags): Promise<void> {
  const { images, rounds, nodes, repeat, torchThreads } = flags;
  const python = await benchPython(flags.python);
  const dataDir = await cifar10Arrays();
  await using folder = await TempDir.make();
  const credentials = await makeCredentials(folder.path, nodes);
  console.log(`${describeMachine()}; ${repeat} turns of each side`);

  const contestants = jobContestants({ images, rounds, nodes, torchThreads, python, dataDir });
  const turns = await takeTurns(contestants, repeat, async (contestant, turn) => {
    const options = { credentials, nodes, limitSeconds: LIMIT_SECONDS };
    const run = await federatedRun(contestant, options);
    console.log(`turn ${turn + 1}: ${contestant.side} took ${run.wallSeconds.toFixed(1)} s`);
    return run;
  });
  const threads = torchThreads === "default" ? "default threads" : `threads: ${torchThreads}`;
  printComparisons(
    "job",
    `${rounds} rounds, ${nodes} nodes with ${images} images each, ` +
      `against Flower 1.9.0 with PyTorch 2.13.0 (${threads})`,
    compareJobs(turns.map(([flwr]) => flwr!), turns.map(([, python]) => python!)),
  );
  printComparisons(
    "job",
    "The same without training: clients that answer at once",
    await measureRounds(python, credentials, repeat),
  );
}

function readThreads(text: string): number | "default" {
  return text === "default" ? text : wholeNumber(1)(text);
}

try {
  await new Command("job")
    .description("Measure the whole job against the real Flower 1.9.0 with PyTorch 2.13.0.")
    .addOption(repeatOption(3))
    .addOption(
      new Option(
        "--images <n>",
        "first n training images of each node, and a fifth as many test images",
      ).argParser(wholeNumber(32)).default(ALL_IMAGES),
    )
    .addOption(new Option("--rounds <n>", "rounds to train").argParser(wholeNumber(1)).default(3))
    .addOption(new Option("--nodes <n>", "SuperNodes").argParser(wholeNumber(1)).default(2))
    .addOption(
      new Option("--torch-threads <n>", 'PyTorch\'s threads in each SuperNode, or "default"')
        .argParser(readThreads).default(1),
    )
    .addOption(pythonOption())
    .exitOverride()
    .action(bench)
    .parseAsync(Deno.args, { from: "user" });
} catch (error) {
  Deno.exit(reportError(error));
}
