/** What a run reported about itself. */
export interface RunHistory {
  readonly rounds: number;
  /** From the start of the first round to the end of the last. */
  readonly seconds: number;
  /** The accuracy on the test images after each round; empty when the app does not measure it. */
  readonly accuracies: readonly number[];
}

/** The name, in both apps, of the accuracy on the test images. */
const ACCURACY = "val_accuracy";

/**
 * Reads what `flwr run --json` wrote.
 *
 * @throws SyntaxError when it is no JSON, TypeError when it is not the history of one strategy
 */
export function parseFlwrHistory(text: string): RunHistory {
  const [history] = JSON.parse(text).histories;
  const rounds: { train: { metrics?: Record<string, number> } }[] = history.rounds;
  return {
    rounds: rounds.length,
    seconds: history.seconds,
    accuracies: rounds.flatMap(({ train }) => train.metrics?.[ACCURACY] ?? []),
  };
}

/**
 * Reads what a ServerApp of Flower 1.9 printed: its summary, and the lines `metrics {…}` of the benchmarks' apps.
 *
 * @throws Error when there is no summary: the run did not end
 */
export function parsePythonHistory(lines: readonly string[]): RunHistory {
  const summary = find(lines, /Run finished (\d+) round\(s\) in ([\d.]+)s/);
  if (summary === undefined) throw new Error("The ServerApp printed no summary of its run");
  return {
    rounds: Number(summary[1]),
    seconds: Number(summary[2]),
    accuracies: lines
      .filter((line) => line.startsWith("metrics "))
      .flatMap((line) => JSON.parse(line.slice("metrics ".length))[ACCURACY] ?? []),
  };
}

function find(lines: readonly string[], pattern: RegExp): RegExpExecArray | undefined {
  for (const line of lines) {
    const match = pattern.exec(line);
    if (match !== null) return match;
  }
  return undefined;
}
