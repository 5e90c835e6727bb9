import type { Clock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import type { HostName } from "../../certs/host.ts";
import { LINK_KEY_BYTES, SignedLinks } from "../../auth/signed_links.ts";
import { streamZip, zipLength } from "../../base/zip/stream.ts";
import type { LinkArtifact } from "../../entities/artifact.ts";
import type { SettingTable } from "../../link/store/store.ts";
import type { Link } from "../../link/link.ts";
import { ApiError } from "../../rpc/api_error.ts";
import type { CallHead } from "../../rpc/call.ts";
import type { FileDownload, FileResponse } from "../../rpc/http/download.ts";
import { ownHost } from "./own_host.ts";

/** Seconds for which a URL of PullArtifacts is valid: enough to copy it by hand. */
export const ARTIFACT_LINK_SECONDS = 600;

/** Name of the setting with the key of links, in hexadecimal. */
const KEY_SETTING = "artifact-link-key";
const HEX_KEY = new RegExp(`^[0-9a-f]{${2 * LINK_KEY_BYTES}}$`);

/** The key of links to artifacts, which all SuperLinks on a store share. Created when it is first read. */
export async function artifactLinkKey(settings: SettingTable): Promise<Uint8Array> {
  const fresh = crypto.getRandomValues(new Uint8Array(LINK_KEY_BYTES));
  const text = await settings.readOrWrite(KEY_SETTING, fresh.toHex());
  if (!HEX_KEY.test(text)) {
    throw new FlwrError("data-loss", `Setting "${KEY_SETTING}" in the database is damaged`);
  }
  return Uint8Array.fromHex(text);
}

/** Options of {@link ArtifactDownloads}. */
export interface ArtifactDownloadsOptions {
  readonly link: { readonly artifacts: Pick<Link["artifacts"], "list" | "readPiece"> };
  readonly clock: Clock;
  /** Host names of the certificate. Undefined without TLS. */
  readonly hosts: readonly HostName[] | undefined;
  /** Signs the links; see SignedLinks. */
  readonly linkKey: Uint8Array;
}

/**
 * HTTP downloads of runs' artifacts, under a secret path per request that expires: `run-<id>.zip` with all artifacts,
 * `index.json` with their names and hashes, and each file below `files/`.
 */
export class ArtifactDownloads implements FileDownload {
  readonly prefix = "/artifacts/";
  readonly #options: ArtifactDownloadsOptions;
  readonly #links: SignedLinks;
  #listening: string | undefined;

  constructor(options: ArtifactDownloadsOptions) {
    this.#options = options;
    this.#links = new SignedLinks(options.linkKey, options.clock, ARTIFACT_LINK_SECONDS);
  }

  /** Sets the "host:port" that HTTP is served on. */
  listenOn(address: string): void {
    this.#listening = address;
  }

  /** Issues a URL for a run's artifacts. @throws ApiError "artifacts-not-offered" when HTTP is not served */
  urlFor(runId: bigint, call: CallHead): string {
    const { hosts } = this.#options;
    if (this.#listening === undefined) {
      throw new ApiError(
        "artifacts-not-offered",
        "Artifacts need the SuperLink's HTTP port, but this SuperLink was started without one",
      );
    }
    const scheme = hosts === undefined ? "http" : "https";
    const host = ownHost(call, this.#listening, hosts);
    return `${scheme}://${host}${this.prefix}${this.#links.issue(runId)}/${archiveName(runId)}`;
  }

  async open(path: string): Promise<FileResponse> {
    const slash = path.indexOf("/");
    const [token, file] = [path.slice(0, Math.max(slash, 0)), path.slice(slash + 1)];
    const runId = this.#links.runOf(token);
    if (runId === undefined) {
      throw new FlwrError(
        "not-found",
        "This link is not valid or has expired. Get a new one with: flwr pull RUN-ID --url-only",
      );
    }
    const artifacts = await this.#options.link.artifacts.list(runId);
    if (file === archiveName(runId)) return this.#archive(runId, artifacts);
    if (file === "index.json") return indexOf(runId, artifacts);
    const artifact = artifacts.find(({ name }) => file === `files/${name}`);
    if (artifact !== undefined) return this.#file(artifact);
    throw new FlwrError("not-found", `Run ${runId} has no such artifact`);
  }

  #archive(runId: bigint, artifacts: readonly LinkArtifact[]): FileResponse {
    const files = artifacts.map((artifact) => ({
      ...artifact,
      content: () => this.#content(artifact),
    }));
    return {
      headers: {
        "content-type": "application/zip",
        "content-disposition": `attachment; filename="${archiveName(runId)}"`,
      },
      length: zipLength(files),
      content: () => streamZip(files),
    };
  }

  #file(artifact: LinkArtifact): FileResponse {
    return {
      headers: {
        "content-type": "application/octet-stream",
        "content-disposition": "attachment",
      },
      length: artifact.size,
      content: () => this.#content(artifact),
    };
  }

  async *#content({ artifactId, size }: LinkArtifact): AsyncGenerator<Uint8Array, void, void> {
    for (let offset = 0; offset < size;) {
      const piece = await this.#options.link.artifacts.readPiece(artifactId, offset);
      if (piece === undefined) return;
      yield piece;
      offset += piece.length;
    }
  }
}

function archiveName(runId: bigint): string {
  return `run-${runId}.zip`;
}

function indexOf(runId: bigint, artifacts: readonly LinkArtifact[]): FileResponse {
  const list = {
    "run-id": String(runId),
    artifacts: artifacts.map(({ name, size, sha256 }) => ({ name, size, sha256 })),
  };
  const bytes = new TextEncoder().encode(JSON.stringify(list));
  return {
    headers: { "content-type": "application/json" },
    length: bytes.length,
    content: async function* () {
      yield bytes;
    },
  };
}
