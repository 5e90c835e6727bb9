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
    const name = `flwr-test-probe-${Deno.pid}`;
    try {
      await command("tc", "-V");
      await command("ip", "netns", "add", name);
      await command("ip", "netns", "del", name);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
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

  /** Makes what this machine sends on the line bad. @param rule as tc's netem has it: "loss", "50%" */
  async spoilSent(...rule: string[]): Promise<void> {
    await command("tc", "qdisc", "replace", "dev", this.#line, "root", "netem", ...rule);
  }

  /** Makes what the namespace sends bad. */
  async spoilReceived(...rule: string[]): Promise<void> {
    const far = ["dev", `${this.#line}b`];
    await command("tc", "-n", this.#name, "qdisc", "replace", ...far, "root", "netem", ...rule);
  }

  /** Makes the line good again. */
  async heal(): Promise<void> {
    await this.spoilSent("delay", "0ms");
    await this.spoilReceived("delay", "0ms");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Both are gone where the test failed early.
    await command("ip", "netns", "del", this.#name).catch(() => {});
    await command("ip", "link", "del", this.#line).catch(() => {});
  }
}

/** @throws Error with what the command says when it fails, or when there is none */
async function command(name: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(name, { args, stdout: "null" }).output();
  if (success) return;
  throw new Error(`${name} ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
}
