import { Process } from "./process.ts";

/** Programs of any Linux that a start script may use, and nothing else: no Node.js, npm or Deno. */
const TOOLS: readonly string[] = [
  ...["cat", "find", "gzip", "head", "ls", "mkdir", "mktemp", "rm", "sha256sum", "stat", "tail"],
  ...["tar", "uname", "wc"],
];

/**
 * A machine that has just been installed, as far as a process can tell: no network but its own loopback, mounts of its own,
 * an empty home folder, an empty environment, and on the PATH only a few tools. Linux.
 */
export class ClosedMachine implements AsyncDisposable {
  readonly home: string;
  readonly #folder: string;
  readonly #holder: Process;

  private constructor(folder: string, holder: Process) {
    this.#folder = folder;
    this.home = `${folder}/home`;
    this.#holder = holder;
  }

  /** Whether there can be one here. */
  static possible(): boolean {
    if (Deno.build.os !== "linux") return false;
    try {
      const args = [...SPACES, "sh", "-c", LOOPBACK];
      const options = { stdout: "null", stderr: "null" } as const;
      return new Deno.Command("unshare", { args, ...options }).outputSync().success &&
        new Deno.Command("nsenter", { args: ["--version"], ...options }).outputSync().success;
    } catch {
      return false; // no such program
    }
  }

  /** @param folder a new folder for its home and PATH */
  static async make(folder: string): Promise<ClosedMachine> {
    const holder = new Process({
      name: "closed machine",
      command: "unshare",
      args: [...SPACES, "sh", "-c", `${LOOPBACK} && echo up && exec sleep infinity`],
    });
    const machine = new ClosedMachine(folder, holder);
    try {
      await holder.waitForLine(/^up$/);
      await Deno.mkdir(machine.home, { recursive: true });
      await Deno.mkdir(`${folder}/bin`);
      for (const tool of TOOLS) {
        const path = ["/usr/bin", "/bin"].map((bin) => `${bin}/${tool}`).find(exists);
        if (path !== undefined) await Deno.symlink(path, `${folder}/bin/${tool}`);
      }
      return machine;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A command line that runs there. @param env all of its environment but HOME and PATH */
  within(
    command: string,
    args: readonly string[],
    { cwd = this.home, env = {} }: { cwd?: string; env?: Readonly<Record<string, string>> } = {},
  ): { command: string; args: string[] } {
    const variables = { HOME: this.home, PATH: `${this.#folder}/bin`, ...env };
    return {
      command: "nsenter",
      args: [
        ...this.#entering(),
        ...["/usr/bin/env", "-i", "-C", cwd],
        ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
        ...[command, ...args],
      ],
    };
  }

  /** Mounts a file system in memory there. @param options such as "noexec,size=20m" */
  async mount(path: string, options: string): Promise<void> {
    await Deno.mkdir(path, { recursive: true });
    await this.#asRoot("mount", "-t", "tmpfs", "-o", options, "none", path);
  }

  async remount(path: string, options: string): Promise<void> {
    await this.#asRoot("mount", "-o", `remount,${options}`, path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#holder[Symbol.asyncDispose]();
  }

  async #asRoot(command: string, ...words: string[]): Promise<void> {
    const args = [...this.#entering(), command, ...words];
    const { success, stderr } = await new Deno.Command("nsenter", { args }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  }

  #entering(): string[] {
    const user = ROOT ? [] : ["--user", "--preserve-credentials"];
    return ["--target", String(this.#holder.pid), "--net", "--mount", ...user, "--"];
  }
}

const ROOT = Deno.uid() === 0;
const SPACES = ["--net", "--mount", ...(ROOT ? [] : ["--map-root-user"])];
const LOOPBACK = "PATH=$PATH:/usr/sbin:/sbin ip link set lo up";

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
