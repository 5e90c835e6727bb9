import { within } from "./deadline.ts";
import { Process, type ProcessOptions } from "./process.ts";
import { processesOf } from "./processes_of.ts";
import { assertNoSecrets } from "./secrets.ts";
import { TempDir } from "./tempdir.ts";

/** How long a whole scenario may take when it does not say, in seconds. */
const SCENARIO_SECONDS = 120;

/** Where one scenario plays: its folder and its processes, all gone at its end. */
export class Stage implements AsyncDisposable {
  readonly #processes: Process[] = [];

  private constructor(readonly folder: TempDir) {}

  static async open(): Promise<Stage> {
    return new Stage(await TempDir.make());
  }

  /** A path in the stage's own folder. */
  path(name: string): string {
    return `${this.folder.path}/${name}`;
  }

  /** Starts a process that does not outlive the stage. */
  start(options: ProcessOptions): Process {
    // Nothing of a test stays in Flower's folder of whoever runs it, and nothing there changes a test.
    const env = { FLWR_HOME: this.path("home"), ...options.env };
    const process = new Process({ ...options, env });
    this.#processes.push(process);
    return process;
  }

  /** Drops a process that has ended, with its output, which must not contain secrets: for tests that start hundreds. */
  async forget(process: Process): Promise<void> {
    await process.exit;
    await assertNoSecrets(this.folder.path, [process]);
    this.#processes.splice(this.#processes.indexOf(process), 1);
  }

  /** Asserts that no process printed a line of a private key that lies in the stage's folder. */
  async assertNoSecrets(): Promise<void> {
    await assertNoSecrets(this.folder.path, this.#processes);
  }

  /**
   * Ends processes that Flower's processes have started. They would hold the output of their killed parents open, for
   * as long as they train.
   */
  async #endOrphans(): Promise<void> {
    if (Deno.build.os !== "linux") return;
    for (const pid of (await processesOf(this.path("home"))).keys()) {
      try {
        Deno.kill(pid, "SIGKILL");
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
  }

  /** The last lines of every process, in the order of their start. */
  tails(): string {
    return this.#processes.map((process) => process.tail()).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.#processes.map((process) => process[Symbol.asyncDispose]());
    await this.#endOrphans();
    await Promise.all(ended);
    await this.folder[Symbol.asyncDispose]();
  }
}

/** How a scenario is run. */
export interface ScenarioOptions {
  /** How long all of it may take, in seconds. */
  seconds?: number;
  ignore?: boolean;
}

/**
 * A test with processes: it gets a stage, has a deadline, and shows the last lines of every process when it fails. It
 * also fails when a process prints part of a private key.
 */
export function scenario(
  name: string,
  body: (stage: Stage) => Promise<void>,
  { seconds = SCENARIO_SECONDS, ignore = false }: ScenarioOptions = {},
): void {
  Deno.test({ name, ignore, fn: () => play(name, body, seconds) });
}

/**
 * Scenarios that play at the same time, each on a stage of its own, as the steps of one test: for those that wait for
 * most of their time.
 */
export function scenariosTogether(
  name: string,
  bodies: Readonly<Record<string, (stage: Stage) => Promise<void>>>,
  { seconds = SCENARIO_SECONDS, ignore = false }: ScenarioOptions = {},
): void {
  Deno.test(name, { ignore }, async (test) => {
    await Promise.all(
      Object.entries(bodies).map(([name, body]) =>
        test.step({
          name,
          fn: () => play(name, body, seconds),
          // Whose resources are whose cannot be told.
          sanitizeExit: false,
          sanitizeOps: false,
          sanitizeResources: false,
        })
      ),
    );
  });
}

async function play(
  name: string,
  body: (stage: Stage) => Promise<void>,
  seconds: number,
): Promise<void> {
  await using stage = await Stage.open();
  try {
    await within(body(stage), seconds, `"${name}" to end`);
    await stage.assertNoSecrets();
  } catch (error) {
    console.error(stage.tails());
    throw error;
  }
}
