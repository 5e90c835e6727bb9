import type { Logger } from "@logtape/logtape";
import { FlwrError } from "../../base/error.ts";
import { logOutcome } from "../answer.ts";
import type { ByteBudget } from "../byte_budget.ts";
import type { CallHead } from "../call.ts";
import type { Connection } from "./connections.ts";
import { HttpCall } from "./http_call.ts";
import { methodNotAllowed, refusalOf } from "./refusal.ts";

/** Files that one server sends at the same time, each with a piece of a few MiB in memory. */
export const MAX_DOWNLOADS = 16;

/** A file that is sent as it is read. */
export interface FileAnswer {
  readonly headers: Readonly<Record<string, string>>;
  /** In bytes. */
  readonly length: number;
  /** Its bytes, piece by piece; asked for when they are to be sent. */
  content(): AsyncIterable<Uint8Array>;
}

/** Answers GET and HEAD of all paths that begin alike with files. */
export interface DownloadRoute {
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
  readonly #downloads: readonly DownloadRoute[];
  readonly #answers: ByteBudget;
  readonly #log: Logger;
  #open = 0;

  /** @param answers what bounds large answers */
  constructor(downloads: readonly DownloadRoute[], answers: ByteBudget, log: Logger) {
    this.#downloads = downloads;
    this.#answers = answers;
    this.#log = log;
  }

  /** What answers a path, if anything does. */
  find(path: string): DownloadRoute | undefined {
    return this.#downloads.find(({ prefix }) => path.startsWith(prefix));
  }

  async answer(
    download: DownloadRoute,
    path: string,
    request: Request,
    connection: Connection,
  ): Promise<Response> {
    // Paths of files may be secrets: they are not logged.
    const call = new HttpCall(download.prefix, request, connection, this.#answers);
    if (request.method !== "GET" && request.method !== "HEAD") {
      return call.refuse(refusalOf(methodNotAllowed("GET, HEAD")), true);
    }
    this.#open++;
    const ended = (error?: unknown) => {
      this.#open--;
      logOutcome(this.#log, call, error);
    };
    try {
      if (this.#open > MAX_DOWNLOADS) {
        throw new FlwrError("unavailable", `${MAX_DOWNLOADS} files are being sent already`);
      }
      const file = await download.open(path.slice(download.prefix.length), call);
      const headers = {
        ...file.headers,
        "content-length": String(file.length),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
      };
      if (request.method === "GET") return send(file, headers, call, ended);
      ended();
      return call.answerHead(headers);
    } catch (error) {
      ended(error);
      return call.refuse(refusalOf(error), true);
    }
  }
}

function send(
  { length, content }: FileAnswer,
  headers: Readonly<Record<string, string>>,
  call: HttpCall,
  ended: (error?: unknown) => void,
): Response {
  const pieces = content()[Symbol.asyncIterator]();
  let sent = 0;
  const next = async () => {
    const { done, value } = await pieces.next();
    sent += done ? 0 : value.length;
    if (done ? sent === length : sent <= length) return done ? undefined : value;
    throw new FlwrError("data-loss", `A file of ${length} bytes was not there whole: ${sent}`);
  };
  return call.answerPieces(headers, next, (error) => {
    pieces.return?.()?.catch(() => {}); // what it holds is let go of
    ended(error);
  });
}
