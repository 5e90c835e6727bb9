import { printMessage } from "../../output/print_line.ts";
import { basename } from "node:path";
import { Command } from "commander";
import { FlwrError } from "../../../base/error.ts";
import { type CheckedFab, shortHash } from "../../../fab/fab.ts";
import { flwrHome } from "../../../fab/home.ts";
import { installFab } from "../../../fab/install.ts";
import { DownloadedApps } from "../../../fab/downloaded_apps.ts";
import { MAX_FAB_BYTES } from "../../../fab/limits.ts";
import { readFab } from "../../../fab/read.ts";
import { formatBytes } from "../../../base/readable.ts";
import { formatOption, type Output, type OutputFormat, printOutput } from "../../output/format.ts";

const EXAMPLE = `
The command verifies the whole bundle before it writes anything.

Example:
  flwr install tester.my-app.1-0-0.3ffe67cf.fab
`;

const GET_AGAIN = "Get the bundle again, or rebuild it with: flwr build";

interface InstallFlags {
  readonly flwrDir?: string;
  readonly format: OutputFormat;
}

/** The `install` command. */
export function command(): Command {
  return new Command("install")
    .description("Install an app from a bundle (FAB).")
    .argument("<fab>", 'bundle file, made by "flwr build"')
    .option(
      "--flwr-dir <folder>",
      "Flower's folder, in which the app is installed (default: $FLWR_HOME or ~/.flwr)",
    )
    .addOption(formatOption())
    .addHelpText("after", EXAMPLE)
    .action((file: string, { flwrDir, format }: InstallFlags) =>
      printOutput(format, () => install(file, flwrDir ?? flwrHome()))
    );
}

async function install(file: string, home: string): Promise<Output> {
  const fab = readChecked(file, await readBundle(file));
  checkFileName(basename(file), fab);
  const { folder, config, hash, wasThere } = await installFab(fab, home);
  // The app may already be installed for a run, and would then be removed when unused.
  await new DownloadedApps(home).own(basename(folder));
  const { fabId, name, version } = config;
  printMessage(
    wasThere ? `${fabId} ${version} is already installed` : `Installed ${fabId} ${version}`,
  );
  for (const { path, size } of fab.attachments) {
    printMessage(
      `Warning: ${path} (${
        formatBytes(size)
      }) is an attachment: it is not in the bundle and was not ` +
        "installed. Get it from the person who gave you the bundle",
    );
  }
  return {
    json: {
      "fab-id": fabId,
      "fab-name": name,
      "fab-version": version,
      "fab-hash": hash,
      folder,
      "was-installed": wasThere,
      ...(fab.attachments.length > 0 &&
        { "not-installed": fab.attachments.map(({ path }) => path) }),
    },
    lines: [folder],
  };
}

function readChecked(file: string, content: Uint8Array): CheckedFab {
  try {
    return readFab(content);
  } catch (cause) {
    const { code, message, hints } = FlwrError.from(cause);
    throw new FlwrError(code, `"${file}": ${message}`, { hints: [...hints, GET_AGAIN], cause });
  }
}

async function readBundle(file: string): Promise<Uint8Array> {
  let size: number;
  try {
    const info = await Deno.stat(file);
    if (!info.isFile) throw new Deno.errors.IsADirectory(file);
    size = info.size;
    // The size is checked before the file is read into memory.
    if (size <= MAX_FAB_BYTES) return await Deno.readFile(file);
  } catch (cause) {
    throw new FlwrError("not-found", `Cannot read bundle "${file}"`, {
      cause,
      hints: ["To make a bundle from an app's folder, run: flwr build"],
    });
  }
  throw new FlwrError(
    "resource-exhausted",
    `Bundle "${file}" is too large: ${size} bytes (limit: ${MAX_FAB_BYTES})`,
  );
}

/** Checks a file name of Flower's form, which ends in the first digits of the bundle's hash. Other names are accepted. */
function checkFileName(name: string, { hash }: CheckedFab): void {
  const named = /\.([0-9a-f]{8})\.fab$/.exec(name)?.[1];
  if (named === undefined || named === shortHash(hash)) return;
  throw new FlwrError(
    "data-loss",
    `The content of "${name}" does not match its name: its hash begins with ${shortHash(hash)}`,
    { hints: [GET_AGAIN] },
  );
}
