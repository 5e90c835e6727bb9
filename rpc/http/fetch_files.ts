import { FlwrError } from "../../base/error.ts";
import type { ClientTls } from "../client_tls.ts";
import { Deadline } from "./deadline.ts";
import { openClient } from "./http_transport.ts";
import { readErrorBody } from "./error_body.ts";

/** Seconds without a byte after which a download is given up. */
const FILE_SILENCE_SECONDS = 60;

/** Fetches files from one server with GET requests. */
export class FileFetcher implements Disposable {
  readonly #client: Deno.HttpClient;
  readonly #signal: AbortSignal;

  /**
   * @param origin any URL of the server
   * @param signal cancels all downloads
   * @throws FlwrError "invalid-argument" for malformed root certificates
   */
  constructor(origin: URL, tls: ClientTls, signal: AbortSignal) {
    const { hostname, port, protocol } = origin;
    this.#client = openClient({
      host: hostname.replace(/^\[(.*)\]$/, "$1"),
      port: Number(port || (protocol === "https:" ? 443 : 80)),
    }, tls);
    this.#signal = signal;
  }

  /**
   * Yields a file's bytes as they arrive.
   *
   * @throws FlwrError with the server's message when it refuses; "data-loss" for more than `maxBytes`; "unavailable"
   *   when the connection breaks or stalls; "cancelled" by the signal
   */
  async *read(url: URL, maxBytes: number): AsyncGenerator<Uint8Array, void, void> {
    using deadline = new Deadline(FILE_SILENCE_SECONDS);
    const signal = AbortSignal.any([this.#signal, deadline.signal]);
    try {
      const answer = await fetch(url, { client: this.#client, redirect: "manual", signal });
      if (answer.status !== 200) throw await refusalOf(answer);
      let received = 0;
      for await (const part of answer.body ?? []) {
        received += part.length;
        if (received > maxBytes) {
          throw new FlwrError("data-loss", `The file is larger than ${maxBytes} bytes`);
        }
        yield part;
        deadline.set(FILE_SILENCE_SECONDS);
      }
    } catch (error) {
      if (error instanceof FlwrError) throw error;
      if (this.#signal.aborted) throw new FlwrError("cancelled", "The download was stopped");
      throw new FlwrError(
        "unavailable",
        deadline.expired === undefined
          ? `The download from "${url.host}" was interrupted`
          : `"${url.host}" sent nothing for ${FILE_SILENCE_SECONDS} s`,
        { cause: error, hints: ["Try again: the download starts over"] },
      );
    }
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

async function refusalOf(answer: Response): Promise<FlwrError> {
  const { status } = answer;
  const why = (await readErrorBody(answer))?.detail ?? `it answered with HTTP status ${status}`;
  const message = `The file cannot be fetched: ${why}`;
  return new FlwrError(status === 404 ? "not-found" : "unavailable", message);
}
