import { repositoryPath } from "../../tests/support/repository.ts";
import type { Contestant } from "../support/contestant.ts";
import { flwrContestant } from "../support/flwr_contestant.ts";
import { pythonContestant } from "../support/python_contestant.ts";

/** CIFAR-10 has one test image for five training images. */
const TRAIN_PER_TEST = 5;

/** The job. */
export interface JobOptions {
  /** Training images of each node. */
  readonly images: number;
  readonly rounds: number;
  readonly nodes: number;
  /** PyTorch's threads in each SuperNode. This project shares the cores out by itself. */
  readonly torchThreads: number | "default";
  /** The Python of an environment with Flower 1.9.0 and PyTorch. */
  readonly python: string;
  /** CIFAR-10 as .npy files. */
  readonly dataDir: string;
}

/** This project's example, and the same work as a user of Python writes it. */
export function jobContestants(options: JobOptions): [Contestant, Contestant] {
  const { images, rounds, nodes, torchThreads, python, dataDir } = options;
  const testImages = Math.ceil(images / TRAIN_PER_TEST);
  return [
    flwrContestant({
      folder: repositoryPath("examples/flower-authentication"),
      nodeConfig: `train-limit=${images} test-limit=${testImages}`,
      runConfig: `num-rounds=${rounds} min-nodes=${nodes}`,
    }),
    pythonContestant({
      python,
      folder: repositoryPath("bench/job/python"),
      env: {
        DATA_DIR: dataDir,
        TRAIN_IMAGES: String(images),
        TEST_IMAGES: String(testImages),
        ROUNDS: String(rounds),
        NODES: String(nodes),
        ...torchThreads === "default" ? {} : { TORCH_THREADS: String(torchThreads) },
      },
    }),
  ];
}
