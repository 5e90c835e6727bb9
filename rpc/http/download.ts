import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "@logtape/logtape";
import { FlwrError } from "../../base/error.ts";
import { logOutcome } from "../answer.ts";
import type { ByteBudget } from "../byte_budget.ts";
import type { CallHead } from "../call.ts";
import { Deadline } from "./deadline.ts";
import { HttpCall, sendPlain } from "./http_call.ts";
import { bodySeconds, MAX_DOWNLOADS } from "./limits.ts";
import { methodNotAllowed, refusalOf } from "./refusal.ts";

/** A file that is sent as it is read. */
export interface FileAnswer {
  readonly headers: Readonly<Record<string, string>>;
  /** In bytes. */
  readonly length: number;
  /** Its bytes, piece by piece; asked for when they are to be sent. */
  content(): AsyncIterable<Uint8Array>;
}

/** Answers GET and HEAD of all paths that begin alike with files. */
export interface Download {
  /** With a slash at its end. */
  readonly prefix: string;
  /**
   * The file of a path.
   *
   * @param path what follows the prefix
   * @throws FlwrError to refuse
   */
  open(path: string, call: CallHead): Promise<FileAnswer>;
}

/** Sends files, so many at a time, as fast as they are taken: of each no more is in memory than a piece. */
export class Downloads {
  readonly #downloads: readonly Download[];
  readonly #answers: ByteBudget;
  readonly #log: Logger;
  #open = 0;

  /** @param answers what bounds large answers */
  constructor(downloads: readonly Download[], answers: ByteBudget, log: Logger) {
    this.#downloads = downloads;
    this.#answers = answers;
    this.#log = log;
  }

  /** What answers a path, if anything does. */
  find(path: string): Download | undefined {
    return this.#downloads.find(({ prefix }) => path.startsWith(prefix));
  }

  async answer(
    download: Download,
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return sendPlain(request, response, refusalOf(methodNotAllowed("GET, HEAD")));
    }
    // Paths of files may be secrets: they are not logged.
    const call = new HttpCall(download.prefix, request, response, this.#answers);
    this.#open++;
    try {
      if (this.#open > MAX_DOWNLOADS) {
        throw new FlwrError("unavailable", `${MAX_DOWNLOADS} files are being sent already`);
      }
      const file = await download.open(path.slice(download.prefix.length), call);
      response.writeHead(200, {
        ...file.headers,
        "content-length": file.length,
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
      });
      if (request.method === "GET") await send(file, response, call.signal);
      call.end();
      logOutcome(this.#log, call);
    } catch (error) {
      logOutcome(this.#log, call, error);
      call.refuse(refusalOf(error));
    } finally {
      this.#open--;
    }
  }
}

async function send(
  { length, content }: FileAnswer,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  let sent = 0;
  for await (const piece of content()) {
    sent += piece.length;
    if (sent > length) break;
    if (!response.write(piece)) await drained(response, piece.length, signal);
    if (signal.aborted) {
      throw new FlwrError("cancelled", "The caller went before the end of the file");
    }
  }
  if (sent === length) return;
  throw new FlwrError("data-loss", `A file of ${length} bytes was not there whole: ${sent}`);
}

/** Waits until the caller has taken what was written. @throws FlwrError when that is slower than it may be */
async function drained(
  response: ServerResponse,
  bytes: number,
  signal: AbortSignal,
): Promise<void> {
  using deadline = new Deadline(bodySeconds(bytes));
  await once(response, "drain", { signal: AbortSignal.any([signal, deadline.signal]) }).catch(
    () => {
      if (deadline.expired === undefined) return;
      throw new FlwrError("deadline-exceeded", "The file was taken too slowly");
    },
  );
}
