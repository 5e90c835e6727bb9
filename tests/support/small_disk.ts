import type { Stage } from "./stage.ts";

/** Whether this machine lets a test mount a small file system: Linux, as root. */
export function canMountSmallDisk(): boolean {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  const folder = Deno.makeTempDirSync();
  try {
    if (!mount(folder, 1)) return false;
    unmount(folder);
    return true;
  } finally {
    Deno.removeSync(folder);
  }
}

/** A file system of a few MiB in memory, below a stage's folder, which can be filled and freed. */
export class SmallDisk implements Disposable {
  readonly path: string;

  constructor(stage: Stage, mebibytes: number) {
    this.path = stage.path("small-disk");
    Deno.mkdirSync(this.path);
    if (!mount(this.path, mebibytes)) throw new Error(`Nothing can be mounted on ${this.path}`);
  }

  /** Takes all the room that is left. */
  fill(): void {
    using file = Deno.openSync(this.#filler, { create: true, append: true });
    const block = new Uint8Array(4096).fill(1);
    try {
      for (;;) file.writeSync(block);
    } catch {
      // full
    }
  }

  /** Gives back what {@link fill} took. */
  free(): void {
    Deno.removeSync(this.#filler);
  }

  [Symbol.dispose](): void {
    unmount(this.path);
  }

  get #filler(): string {
    return `${this.path}/filler`;
  }
}

function mount(folder: string, mebibytes: number): boolean {
  try {
    return new Deno.Command("mount", {
      args: ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "none", folder],
      stderr: "null",
    }).outputSync().success;
  } catch {
    return false; // no such program
  }
}

/** Lazily: a process may still have a file open there. */
function unmount(folder: string): void {
  new Deno.Command("umount", { args: ["-l", folder], stderr: "null" }).outputSync();
}
