import type { Logger } from "@logtape/logtape";
import { FlwrError } from "../../base/error.ts";
import { logOutcome } from "../answer.ts";
import type { ByteBudget } from "../byte_budget.ts";
import type { CallHead } from "../call.ts";
import type { Origin } from "../proxies/origin.ts";
import type { Connection } from "./connections.ts";
import { HttpCall } from "./http_call.ts";
import { errorResponse, methodNotAllowed } from "./refusal.ts";

/** Files that one server sends at the same time, each with a piece of a few MiB in memory. */
export const MAX_DOWNLOADS = 16;

/** A file to send while it is read. */
export interface FileResponse {
  readonly headers: Readonly<Record<string, string>>;
  /** In bytes. */
  readonly length: number;
  /** Opens its bytes, piece by piece; called when they are about to be sent. */
  content(): AsyncIterable<Uint8Array>;
}

/** Serves files for GET and HEAD of all paths with a prefix. */
export interface FileDownload {
  /** Ends with a slash. */
  readonly prefix: string;
  /**
   * Opens the file of a path.
   *
   * @param path the part after the prefix
   * @throws FlwrError to refuse
   */
  open(path: string, call: CallHead): Promise<FileResponse>;
}

/**
 * Sends files, at most {@link MAX_DOWNLOADS} at a time, as fast as clients read them. One piece of each is in memory.
 */
export class Downloads {
  readonly #downloads: readonly FileDownload[];
  readonly #responses: ByteBudget;
  readonly #log: Logger;
  #open = 0;

  /** @param responses budget for large responses */
  constructor(downloads: readonly FileDownload[], responses: ByteBudget, log: Logger) {
    this.#downloads = downloads;
    this.#responses = responses;
    this.#log = log;
  }

  /** The download that serves a path, if any. */
  find(path: string): FileDownload | undefined {
    return this.#downloads.find(({ prefix }) => path.startsWith(prefix));
  }

  async answer(
    download: FileDownload,
    path: string,
    request: Request,
    connection: Connection,
    origin: Origin,
  ): Promise<Response> {
    // Paths of files may be secrets, so they are not logged.
    const call = new HttpCall(download.prefix, request, connection, origin, this.#responses);
    if (request.method !== "GET" && request.method !== "HEAD") {
      return call.refuse(errorResponse(methodNotAllowed("GET, HEAD")), true);
    }
    this.#open++;
    const ended = (error?: unknown) => {
      this.#open--;
      logOutcome(this.#log, call, error);
    };
    try {
      if (this.#open > MAX_DOWNLOADS) {
        throw new FlwrError(
          "unavailable",
          `${MAX_DOWNLOADS} files are already being sent. Try again later`,
        );
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
      return call.refuse(errorResponse(error), true);
    }
  }
}

function send(
  { length, content }: FileResponse,
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
    throw new FlwrError("data-loss", `The file should have ${length} bytes, but ${sent} were read`);
  };
  return call.answerPieces(headers, next, (error) => {
    pieces.return?.()?.catch(() => {}); // releases the file
    ended(error);
  });
}
