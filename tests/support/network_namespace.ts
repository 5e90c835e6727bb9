/** A network of its own for processes, whose line to this machine can be made bad. Linux, as root. */
export class NetworkNamespace implements AsyncDisposable {
  /** This machine's address on the line, and the other end's. */
  readonly here: string;
  readonly there: string;
  readonly #name: string;
  readonly #line: string;

  private constructor(number: number) {
    this.#name = `flwr-test-${number}`;
    this.#line = `flwr${number}`;
    this.here = `10.213.${number}.1`;
    this.there = `10.213.${number}.2`;
  }

  /** Why there can be none here; undefined where there can. */
  static async missing(): Promise<string | undefined> {
    return await failureOf(async () => {
      await using _space = await NetworkNamespace.make(255);
    });
  }

  /** Why lines cannot lose some packets, or delay them, here; undefined where they can: the kernel has netem. */
  static async netemMissing(): Promise<string | undefined> {
    return await failureOf(async () => {
      await using space = await NetworkNamespace.make(254);
      await space.spoil("delay", "1ms");
    });
  }

  /** @param number from 0 to 255, of which each is used once at a time */
  static async make(number: number): Promise<NetworkNamespace> {
    const space = new NetworkNamespace(number);
    const [name, line, far] = [space.#name, space.#line, `${space.#line}b`];
    await space[Symbol.asyncDispose]();
    await command("ip", "netns", "add", name);
    await command("ip", "link", "add", line, "type", "veth", "peer", "name", far, "netns", name);
    await command("ip", "addr", "add", `${space.here}/24`, "dev", line);
    await command("ip", "link", "set", line, "up");
    await command("ip", "-n", name, "addr", "add", `${space.there}/24`, "dev", far);
    await command("ip", "-n", name, "link", "set", far, "up");
    await command("ip", "-n", name, "link", "set", "lo", "up");
    return space;
  }

  /** A command line that runs in the namespace. */
  within(command: string, args: readonly string[]): { command: string; args: string[] } {
    return { command: "ip", args: ["netns", "exec", this.#name, command, ...args] };
  }

  /** Makes the line bad, each way. @param rule as tc's netem has it: "loss", "50%" */
  async spoil(...rule: string[]): Promise<void> {
    const far = `${this.#line}b`;
    await command("tc", "qdisc", "replace", "dev", this.#line, "root", "netem", ...rule);
    await command("tc", "-n", this.#name, "qdisc", "replace", "dev", far, "root", "netem", ...rule);
  }

  /** Loses all that this machine sends: it goes to a machine that is not there. */
  async loseSent(): Promise<void> {
    await command("ip", "neigh", "replace", this.there, ...NOBODY, "dev", this.#line);
  }

  /** Loses all that the namespace sends. */
  async loseReceived(): Promise<void> {
    const far = `${this.#line}b`;
    await command("ip", "-n", this.#name, "neigh", "replace", this.here, ...NOBODY, "dev", far);
  }

  /** Makes the line good again. */
  async heal(): Promise<void> {
    const far = `${this.#line}b`;
    for (
      const undo of [
        ["ip", "neigh", "del", this.there, "dev", this.#line],
        ["ip", "-n", this.#name, "neigh", "del", this.here, "dev", far],
        ["tc", "qdisc", "del", "dev", this.#line, "root"],
        ["tc", "-n", this.#name, "qdisc", "del", "dev", far, "root"],
      ] as const
    ) {
      const [name, ...args] = undo;
      // What was not spoilt cannot be undone.
      await command(name, ...args).catch(() => {});
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Both are gone where the test failed early.
    await command("ip", "netns", "del", this.#name).catch(() => {});
    await command("ip", "link", "del", this.#line).catch(() => {});
  }
}

/** A hardware address that is nobody's. */
const NOBODY = ["lladdr", "02:00:00:00:de:ad", "nud", "permanent"] as const;

async function failureOf(attempt: () => Promise<void>): Promise<string | undefined> {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** @throws Error with what the command says when it fails, or when there is none */
async function command(name: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(name, { args, stdout: "null" }).output();
  if (success) return;
  throw new Error(`${name} ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
}
