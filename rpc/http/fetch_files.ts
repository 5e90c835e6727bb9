import { FlwrError } from "../../base/error.ts";
import type { ClientTls } from "../client_tls.ts";
import { Deadline } from "./deadline.ts";
import { openClient } from "./http_transport.ts";
import { wordsOf } from "./words.ts";

/** Seconds without a byte after which a file that is fetched does not come any more. */
const FILE_SILENCE_SECONDS = 60;

/** Fetches files from one server, by GET. */
export class FileFetcher implements Disposable {
  readonly #client: Deno.HttpClient;
  readonly #signal: AbortSignal;

  /**
   * @param origin any URL of the server
   * @param signal ends whatever is under way
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
   * The bytes of a file as they come, no more than it may have.
   *
   * @throws FlwrError with the server's words when it refuses; "data-loss" for more bytes; "unavailable" when the
   *   connection breaks, or nothing comes for a while; "cancelled" by the signal
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
          ? `The download from "${url.host}" broke off`
          : `"${url.host}" sent nothing for ${FILE_SILENCE_SECONDS} s`,
        { cause: error, hints: ["Try again: it begins anew"] },
      );
    }
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

async function refusalOf(answer: Response): Promise<FlwrError> {
  const { status } = answer;
  const words = (await wordsOf(answer))?.detail ?? `it answered with HTTP status ${status}`;
  const message = `The file cannot be fetched: ${words}`;
  return new FlwrError(status === 404 ? "not-found" : "unavailable", message);
}
