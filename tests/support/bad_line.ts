import { within } from "./deadline.ts";
import { repositoryPath } from "./repository.ts";

/** How bad a line is. What is not given is not wrong with it. */
export interface LineFault {
  /** Share of the packets from `near` to `far` that are lost, from 0 to 1. */
  readonly lossForth?: number;
  /** The same for those from `far` to `near`. */
  readonly lossBack?: number;
  /** Seconds that each packet takes, each way. */
  readonly delay?: number;
  /** Seconds by which that varies, up and down; a packet can overtake others. */
  readonly jitter?: number;
}

/** The ends of a line, each a network of its own. */
export type LineEnd = "near" | "far";

/** Seconds that the line has to be there, or to be as bad as it is to be. */
const ANSWER_SECONDS = 10;

/**
 * Two networks and a line between them that loses and delays packets as a test says. A program in Python copies them
 * from one to the other; networks and line are gone with it. Linux, as root, with /dev/net/tun.
 */
export class BadLine implements AsyncDisposable {
  /** The addresses of each end. Who calls one of the other's comes from the own one at its place. */
  static readonly addresses: Readonly<Record<LineEnd, readonly [string, string]>> = {
    near: ["10.213.0.1", "10.213.1.1"],
    far: ["10.213.0.2", "10.213.1.2"],
  };
  readonly #child: Deno.ChildProcess;
  readonly #answers: AsyncGenerator<string, void, void>;
  readonly #commands: WritableStreamDefaultWriter<Uint8Array>;
  /** What the program said of what is wrong, at its end. */
  readonly #errors: Promise<string>;
  #networks: Readonly<Record<LineEnd, string>> = { near: "", far: "" };

  private constructor(seed: number) {
    this.#child = new Deno.Command("python3", {
      args: [repositoryPath("tests/support/bad_line.py"), String(seed)],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#answers = linesOf(this.#child.stdout);
    this.#commands = this.#child.stdin.getWriter();
    this.#errors = new Response(this.#child.stderr).text();
  }

  /** Why there can be none here; undefined where there can. */
  static async missing(): Promise<string | undefined> {
    if (Deno.build.os !== "linux") return "network namespaces need Linux";
    try {
      await using line = await BadLine.make(0);
      const { command, args } = line.inside("near", "true", []);
      const { success, stderr } = await new Deno.Command(command, { args }).output();
      return success ? undefined : new TextDecoder().decode(stderr).trim();
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /**
   * Makes a good line.
   *
   * @param seed of the loss and the delay
   * @throws Error with the reason where there can be none
   */
  static async make(seed: number): Promise<BadLine> {
    const line = new BadLine(seed);
    try {
      const [near, far] = JSON.parse(await line.#answer());
      line.#networks = { near, far };
      return line;
    } catch (error) {
      await line[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A command line that runs in the network of one end. Its process is the command's own. */
  inside(end: LineEnd, command: string, args: readonly string[]) {
    return { command: "nsenter", args: [`--net=${this.#networks[end]}`, command, ...args] };
  }

  /** Makes the line as bad as given from now on. */
  async spoil(fault: LineFault): Promise<void> {
    await this.#commands.write(new TextEncoder().encode(JSON.stringify(fault) + "\n"));
    await this.#answer();
  }

  /** Makes the line good. Packets that are under way still take their time. */
  async heal(): Promise<void> {
    await this.spoil({});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#commands.close().catch(() => {}); // it has ended already
    await this.#answers.return();
    await Promise.all([this.#errors, this.#child.status]);
  }

  async #answer(): Promise<string> {
    const { value } = await within(this.#answers.next(), ANSWER_SECONDS, "the line to answer");
    if (value !== undefined) return value;
    throw new Error((await this.#errors).trim());
  }
}

/** The lines of a stream. */
async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void, void> {
  let rest = "";
  for await (
    const text of stream.pipeThrough(
      new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>,
    )
  ) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
