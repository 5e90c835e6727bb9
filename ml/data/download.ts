import { createHash } from "node:crypto";
import { FlwrError } from "../../base/error.ts";

/** Seconds without data after which a download fails. */
const DOWNLOAD_STALL_SECONDS = 60;

/** Interval of progress reports, in percent. */
const PROGRESS_PERCENT = 10;

/** A file to download, with what verifies it. */
export interface Download {
  readonly url: string;
  /** Its Subresource Integrity string: "sha512-" and the digest in base64. */
  readonly integrity: string;
  /** Its exact size, in bytes. */
  readonly bytes: number;
  /** Name for messages. */
  readonly title: string;
}

/**
 * Downloads a file and verifies it on the way.
 *
 * @param path destination; overwritten, and removed if the download fails
 * @param onProgress called with a line of text from time to time
 * @throws FlwrError "unavailable" when it cannot be downloaded, "data-loss" when it is not the expected file
 */
export async function download(
  what: Download,
  path: string,
  onProgress: (line: string) => void,
): Promise<void> {
  try {
    using file = await Deno.open(path, { create: true, truncate: true, write: true });
    const digest = createHash("sha512");
    let received = 0;
    let nextPercent = 0;
    for await (const chunk of receive(what)) {
      received += chunk.length;
      if (received > what.bytes) throw mismatch(what, `it is longer than ${what.bytes} bytes`);
      digest.update(chunk);
      for (let written = 0; written < chunk.length;) {
        written += await file.write(chunk.subarray(written));
      }
      const percent = 100 * received / what.bytes;
      if (percent >= nextPercent) {
        onProgress(
          `Downloading ${what.title}: ${megabytes(received)} of ${megabytes(what.bytes)} MB`,
        );
        nextPercent = percent - percent % PROGRESS_PERCENT + PROGRESS_PERCENT;
      }
    }
    checkIntegrity(what, received, digest.digest("base64"));
  } catch (error) {
    await Deno.remove(path).catch(() => {});
    throw error;
  }
}

/**
 * Verifies a file on the disk.
 *
 * @throws FlwrError "data-loss" when it is not the expected file
 */
export async function verifyDownload(what: Download, path: string): Promise<void> {
  const file = await Deno.open(path);
  const digest = createHash("sha512");
  let bytes = 0;
  for await (const chunk of file.readable) {
    digest.update(chunk);
    bytes += chunk.length;
  }
  checkIntegrity(what, bytes, digest.digest("base64"));
}

function checkIntegrity(what: Download, bytes: number, digest: string): void {
  if (bytes !== what.bytes) throw mismatch(what, `it has ${bytes} bytes instead of ${what.bytes}`);
  if (`sha512-${digest}` !== what.integrity) throw mismatch(what, "its SHA-512 differs");
}

/** The chunks of the body; fails if none arrives for a while. */
async function* receive({ url, title }: Download): AsyncGenerator<Uint8Array> {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const restart = () => {
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(), DOWNLOAD_STALL_SECONDS * 1000);
  };
  try {
    restart();
    const response = await fetch(url, { signal: abort.signal });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw unavailable(`${title} cannot be downloaded from "${url}": status ${response.status}`);
    }
    for await (const chunk of response.body) {
      restart();
      yield chunk;
    }
  } catch (error) {
    if (error instanceof FlwrError || error instanceof Deno.errors.NotCapable) throw error;
    const reason = abort.signal.aborted
      ? `no data for ${DOWNLOAD_STALL_SECONDS} seconds`
      : error instanceof Error
      ? error.message
      : String(error);
    throw unavailable(`${title} cannot be downloaded from "${url}": ${reason}`, error);
  } finally {
    clearTimeout(timer);
  }
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}

function unavailable(message: string, cause?: unknown): FlwrError {
  return new FlwrError("unavailable", message, { cause });
}

function mismatch({ title, url }: Download, how: string): FlwrError {
  return new FlwrError("data-loss", `${title} from "${url}" is not the published file: ${how}`, {
    hints: ["Try again. If it fails again, the registry or a proxy serves another file"],
  });
}
