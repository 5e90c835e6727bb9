import assert from "node:assert/strict";
import { ClosedMachine } from "../support/closed_machine.ts";
import type { Process } from "../support/process.ts";
import type { Stage } from "../support/stage.ts";
import { type Outcome, runCommand } from "./command.ts";
import { executable, HAS_EXECUTABLE } from "./made_executable.ts";

/** Whether there is an executable, and can be a machine to run it on. */
export const POSSIBLE: boolean = HAS_EXECUTABLE && ClosedMachine.possible();

/** Where one command line runs. */
interface Place {
  /** FLWR_CACHE; not set by default. */
  readonly cache?: string;
  /** The file that is run; the executable by default. */
  readonly file?: string;
  readonly cwd?: string;
}

/** A machine that has nothing but the executable: no network, no Node.js, npm or Deno, and an empty home folder. */
export class Site implements AsyncDisposable {
  private constructor(
    readonly stage: Stage,
    readonly machine: ClosedMachine,
    /** The executable. */
    readonly file: string,
    /** A folder to work in. */
    readonly folder: string,
  ) {}

  static async make(stage: Stage): Promise<Site> {
    const file = await executable();
    const folder = stage.path("work");
    await Deno.mkdir(folder);
    return new Site(stage, await ClosedMachine.make(stage.path("machine")), file, folder);
  }

  /** The cache folder, unless FLWR_CACHE says otherwise. */
  get cache(): string {
    return `${this.machine.home}/.cache/flwr`;
  }

  /** The folder that the executable has unpacked into, which must be the only one. */
  async program(): Promise<string> {
    const programs = await namesIn(`${this.cache}/programs`);
    assert.equal(programs.length, 1, `${programs}`);
    return `${this.cache}/programs/${programs[0]}`;
  }

  /** Runs a command line to its end. */
  async run(args: readonly string[], place: Place = {}): Promise<Outcome> {
    const line = this.#line(args, place);
    return await runCommand(line.command, line.args);
  }

  start(name: string, ...args: string[]): Process {
    return this.stage.start({ name, ...this.#line(args) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine[Symbol.asyncDispose]();
  }

  #line(args: readonly string[], { cache, file = this.file, cwd = this.folder }: Place = {}) {
    const env: Record<string, string> = cache === undefined ? {} : { FLWR_CACHE: cache };
    return this.machine.within(file, args, { cwd, env });
  }
}

/** The names in a folder, sorted. */
export async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).toSorted();
}
