import { FlwrError } from "../../../base/error.ts";
import { heapLines, type Launcher } from "../../install/launcher.ts";

/** The data that the start script needs about the archive behind it and the program in it. */
export interface StartScript {
  readonly version: string;
  /** A Rust triple of {@link MACHINES}. */
  readonly target: string;
  /** SHA-256 of the archive, in hexadecimal digits. */
  readonly sha256: string;
  readonly archiveBytes: number;
  /** Total size of the unpacked files, in bytes. */
  readonly unpackedBytes: number;
  /** Paths of the unpacked files. */
  readonly files: readonly string[];
  /** The program's module, and the one that moves the unpacked folder to its place. */
  readonly entry: string;
  readonly place: string;
  /** Names of the file, or of a link to it, that stand for a command. */
  readonly launchers: readonly Launcher[];
}

/** Output of `uname -s` and `uname -m` on each platform. */
export const MACHINES: Readonly<Record<string, readonly string[]>> = {
  "x86_64-unknown-linux-gnu": ["Linux x86_64", "Linux amd64"],
  "aarch64-unknown-linux-gnu": ["Linux aarch64", "Linux arm64"],
  "aarch64-apple-darwin": ["Darwin arm64"],
};

/** A word that a shell reads literally, with or without quotes. */
const PLAIN = /^[\w./@+-]+$/;

const SCRIPT = new URL("./start.sh", import.meta.url);

/**
 * The start script of the self-extracting file. It contains its own length.
 *
 * @throws FlwrError "internal" when a file's name is not literal in a shell
 */
export async function startScript(options: StartScript): Promise<Uint8Array> {
  const strange = options.files.find((file) => !PLAIN.test(file));
  if (strange !== undefined) {
    throw new FlwrError(
      "internal",
      `"${strange}" is not a valid name for a file of the executable`,
    );
  }
  const template = await Deno.readTextFile(SCRIPT);
  // The script's length depends on the number of digits of its length.
  for (let length = template.length;;) {
    const text = new TextEncoder().encode(filled(template, options, length));
    if (text.length === length) return text;
    length = text.length;
  }
}

function filled(template: string, options: StartScript, length: number): string {
  const values: Readonly<Record<string, string>> = {
    version: options.version,
    target: options.target,
    sha256: options.sha256,
    // "tail" counts from 1.
    start: String(length + 1),
    bytes: String(length + options.archiveBytes),
    mebibytes: String(Math.ceil(options.unpackedBytes / (1 << 20))),
    system: MACHINES[options.target]!.join("|"),
    files: options.files.join("\n"),
    entry: options.entry,
    place: options.place,
    names: options.launchers.filter(({ words }) => words.length > 0)
      .map(({ name, words }) => `    ${name}) set -- ${words.join(" ")} "$@" ;;`).join("\n"),
    heap: heapLines([]).map((line) => `  ${line}`).join("\n"),
  };
  return template.replaceAll(/@([a-z0-9]+)@/g, (_, name: string) => values[name]!);
}
