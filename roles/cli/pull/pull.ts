import { resolve } from "node:path";
import type { RunId } from "../../../entities/metadata.ts";
import { printable } from "../../../base/printable.ts";
import { FileFetcher } from "../../../rpc/http/fetch_files.ts";
import { chooseSuperLink } from "../config/choose_superlink.ts";
import type { SuperLinkFlags } from "../config/options.ts";
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

/** What the flags of `flwr pull` give. */
export interface PullFlags extends SuperLinkFlags {
  readonly output?: string;
  readonly force: boolean;
  readonly urlOnly: boolean;
  readonly format: OutputFormat;
}

/**
 * Fetches a finished run's artifacts into a folder; or says where they are, when that is all that is asked for, or they
 * are not the asked SuperLink's to hand out.
 *
 * @throws FlwrError naming what is wrong
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
  const told = { "run-id": String(runId), url };
  if (flags.urlOnly) return { json: told, lines: [printable(url)] };
  const { address, insecure } = connection;
  const folder = ownFolder(url, runId, { server: address, insecure });
  if (folder === undefined) {
    return {
      json: told,
      lines: [
        `The artifacts of run ${runId} are not with this SuperLink. They can be downloaded from:`,
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

/** Where a SuperLink of this flwr says that artifacts are. */
const PATH = /^(\/artifacts\/[0-9a-f]{64}\/)run-(\d{1,20})\.zip$/;

/**
 * The folder of URLs in which a run's artifacts lie, by the URL that PullArtifacts gave: its list is `index.json` there,
 * each file is below `files/`.
 *
 * @param server "host:port" that was asked
 * @returns undefined for a URL that is not the asked SuperLink's own, as those of Flower's artifact providers are
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
