import { createHash } from "node:crypto";
import type { RunId } from "../../../entities/metadata.ts";
import { FlwrError } from "../../../base/error.ts";
import type { ControlClient } from "../../../rpc/dialects/current/client/control_client.ts";
import { FileFetcher } from "../../../rpc/http/fetch_files.ts";
import type { SuperLinkConnection } from "../config/connection.ts";
import { channelOptions } from "../config/with_control.ts";
import { listArtifacts, readAll } from "./fetch_artifacts.ts";
import { ownFolder } from "./pull.ts";

/** An artifact to fetch. */
export interface WantedArtifact {
  readonly runId: RunId;
  readonly name: string;
  /** Most bytes that it may have. */
  readonly maxBytes: number;
}

/**
 * Fetches one artifact of a finished run.
 *
 * @param signal cancels the download
 * @returns undefined if the run has no such artifact, or its SuperLink keeps no artifacts
 * @throws FlwrError "data-loss" if it is damaged or too large; as `FileFetcher.read`
 */
export async function fetchArtifact(
  control: Pick<ControlClient, "pullArtifacts">,
  connection: SuperLinkConnection,
  { runId, name, maxBytes }: WantedArtifact,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const url = await control.pullArtifacts(runId).catch((error) => {
    if (NONE.has(FlwrError.from(error).code)) return undefined;
    throw error;
  });
  const { address: server, insecure } = connection;
  const folder = url === undefined ? undefined : ownFolder(url, runId, { server, insecure });
  if (folder === undefined) return undefined;
  const { tls } = await channelOptions(connection);
  using fetcher = new FileFetcher(folder, tls, signal);
  const read = (file: URL, most: number) => fetcher.read(file, most);
  const artifact = (await listArtifacts(read, folder)).find((one) => one.name === name);
  if (artifact === undefined) return undefined;
  if (artifact.size > maxBytes) {
    throw new FlwrError("data-loss", `"${name}" of run ${runId} is larger than ${maxBytes} bytes`);
  }
  const bytes = await readAll(read(new URL(`files/${name}`, folder), maxBytes));
  if (createHash("sha256").update(bytes).digest("hex") === artifact.sha256) return bytes;
  throw new FlwrError("data-loss", `"${name}" of run ${runId} is damaged: the hash does not match`);
}

/** Codes of a SuperLink that has no artifacts of the run. */
const NONE: ReadonlySet<string> = new Set(["failed-precondition", "not-found", "unimplemented"]);
