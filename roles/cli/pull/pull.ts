import { resolve } from "node:path";
import type { RunId } from "../../../entities/metadata.ts";
import { printable } from "../../../base/printable.ts";
import { FileFetcher } from "../../../rpc/http/fetch_files.ts";
import { chooseSuperLink } from "../config/choose_superlink.ts";
import type { ControlFlags } from "../config/options.ts";
import { channelOptions, withControl } from "../config/with_control.ts";
import type { Output, OutputFormat } from "../../output/format.ts";
import { runFolder } from "../../output/run_folder.ts";
import { stdoutScreen } from "../../output/screen.ts";
import { tableLines } from "../../output/table.ts";
import { requireNewFolder } from "../../output/artifact_folder.ts";
import { formatBytes } from "../../../base/readable.ts";
import { onShutdown } from "../../flags/shutdown.ts";
import { fetchArtifacts } from "./fetch_artifacts.ts";
import type { ListedArtifact } from "./index_file.ts";

/** Flags of `flwr pull`. */
export interface PullFlags extends ControlFlags {
  readonly output?: string;
  readonly force: boolean;
  readonly urlOnly: boolean;
  readonly format: OutputFormat;
}

/**
 * Downloads a finished run's artifacts to a folder. With `--url-only`, or if another server has them, it only returns
 * their URL.
 *
 * @throws FlwrError naming the fault
 */
export async function pull(
  runId: RunId,
  superlink: string | undefined,
  flags: PullFlags,
): Promise<Output> {
  const output = flags.output ?? runFolder(runId);
  if (!flags.urlOnly && !flags.force) await requireNewFolder(output, "--output");
  const connection = await chooseSuperLink(superlink, flags);
  const url = await withControl(connection, (control) => control.pullArtifacts(runId));
  const json = { "run-id": String(runId), url };
  if (flags.urlOnly) return { json, lines: [printable(url)] };
  const { address, insecure } = connection;
  const folder = ownFolder(url, runId, { server: address, insecure });
  if (folder === undefined) {
    return {
      json,
      lines: [
        `This SuperLink does not store the artifacts of run ${runId}. Download them from:`,
        printable(url),
      ],
    };
  }
  using shutdown = onShutdown();
  const { tls } = await channelOptions(connection);
  using fetcher = new FileFetcher(folder, tls, shutdown.signal);
  const artifacts = await fetchArtifacts(
    (file, maxBytes) => fetcher.read(file, maxBytes),
    folder,
    output,
  );
  return fetched(runId, output, artifacts);
}

function fetched(runId: RunId, output: string, artifacts: readonly ListedArtifact[]): Output {
  const columns = [
    { title: "Name", cell: ({ name }: ListedArtifact) => name },
    { title: "Size", cell: ({ size }: ListedArtifact) => formatBytes(size) },
  ];
  return {
    json: {
      "run-id": String(runId),
      folder: resolve(output),
      artifacts: artifacts.map(({ name, size, sha256 }) => ({ name, size, sha256 })),
    },
    lines: [
      ...tableLines(columns, artifacts, stdoutScreen()),
      `The artifacts of run ${runId} are in ${output}`,
    ],
  };
}

/** Path of an artifact URL from one of our SuperLinks. */
const PATH = /^(\/artifacts\/[0-9a-f]{64}\/)run-(\d{1,20})\.zip$/;

/**
 * Returns the base URL of a run's artifacts, from the URL that PullArtifacts returned. The list is at `index.json`, the
 * files are below `files/`.
 *
 * @param server "host:port" of the SuperLink
 * @returns undefined for a URL of another server, such as one of Flower's artifact providers
 */
export function ownFolder(
  url: string,
  runId: bigint,
  { server, insecure }: { readonly server: string; readonly insecure: boolean },
): URL | undefined {
  const scheme = insecure ? "http:" : "https:";
  if (!URL.canParse(url) || !URL.canParse(`${scheme}//${server}`)) return undefined;
  const given = new URL(url);
  const asked = new URL(`${scheme}//${server}`);
  const [, folder, id] = PATH.exec(given.pathname) ?? [];
  const own = folder !== undefined && id === String(runId) && given.search === "" &&
    given.protocol === scheme && given.hostname === asked.hostname;
  return own ? new URL(folder, given) : undefined;
}
