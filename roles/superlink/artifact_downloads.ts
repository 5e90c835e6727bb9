import type { Clock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import type { HostName } from "../../certs/host.ts";
import { streamZip, zipLength } from "../../base/zip/stream.ts";
import type { LinkArtifact } from "../../entities/artifact.ts";
import type { Link } from "../../link/link.ts";
import { ApiError } from "../../rpc/api_error.ts";
import type { CallHead } from "../../rpc/call.ts";
import type { Download, FileAnswer } from "../../rpc/http/download.ts";
import { ArtifactLinks } from "./artifact_links.ts";
import { ownHost } from "./own_host.ts";

/** What artifacts are served with. */
export interface ArtifactDownloadsOptions {
  readonly link: { readonly artifacts: Pick<Link["artifacts"], "list" | "readPiece"> };
  readonly clock: Clock;
  /** Those of the certificate; undefined without TLS. */
  readonly hosts: readonly HostName[] | undefined;
}

/**
 * The artifacts of runs over HTTP, each run's under a path that only who was told it knows, and for a while:
 * `run-<id>.zip` with all of them, `index.json` that lists them with their hashes, and each below `files/`.
 */
export class ArtifactDownloads implements Download {
  readonly prefix = "/artifacts/";
  readonly #options: ArtifactDownloadsOptions;
  readonly #links: ArtifactLinks;
  #listening: string | undefined;

  constructor(options: ArtifactDownloadsOptions) {
    this.#options = options;
    this.#links = new ArtifactLinks(options.clock);
  }

  /** Takes note of the "host:port" that HTTP is served on. */
  listenOn(address: string): void {
    this.#listening = address;
  }

  /** Where a caller can fetch a run's artifacts. @throws ApiError "artifacts-not-offered" when HTTP is not served */
  urlFor(runId: bigint, call: CallHead): string {
    const { hosts } = this.#options;
    if (this.#listening === undefined) {
      throw new ApiError(
        "artifacts-not-offered",
        "This SuperLink hands out artifacts over HTTP, which it was told not to serve",
      );
    }
    const scheme = hosts === undefined ? "http" : "https";
    const host = ownHost(call, this.#listening, hosts);
    return `${scheme}://${host}${this.prefix}${this.#links.issue(runId)}/${archiveName(runId)}`;
  }

  async open(path: string): Promise<FileAnswer> {
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

  #archive(runId: bigint, artifacts: readonly LinkArtifact[]): FileAnswer {
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

  #file(artifact: LinkArtifact): FileAnswer {
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

function indexOf(runId: bigint, artifacts: readonly LinkArtifact[]): FileAnswer {
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
