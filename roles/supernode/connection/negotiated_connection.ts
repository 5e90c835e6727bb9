import type { AppBundle, FleetConnection, RunInfo } from "../../../app/connection.ts";
import type { Message } from "../../../app/message.ts";
import type { NodeId, RunId } from "../../../entities/metadata.ts";
import { type ErrorCode, FlwrError } from "../../../base/error.ts";
import { log } from "../../../base/log.ts";
import { ApiError } from "../../../rpc/api_error.ts";
import type { Retry } from "../../../rpc/retry.ts";

/** A dialect: one generation of Flower's wire over one transport. */
export interface Dialect {
  /** Its name in log texts: "Flower's current wire over HTTP". */
  readonly name: string;
  /** Its stable name in log events: "current-http". */
  readonly wire: string;
  /**
   * Error codes of the newest dialect after which this one is tried. Default: those for an unknown call.
   */
  readonly after?: ReadonlySet<ErrorCode>;
  /** Opens a connection. @param onRetry called for each failed call that will be repeated */
  open(onRetry: (retry: Retry) => void): FleetConnection;
}

/** Options of {@link NegotiatedConnection}. */
export interface NegotiationOptions {
  /** Address of the SuperLink, for the log. */
  readonly superLink: string;
  /**
   * Returns the dialects to try, the newest first, at least one.
   *
   * @param signal aborted when the connection is closed
   * @throws FlwrError when the SuperLink cannot be reached, or no dialect is possible
   */
  readonly dialects: (signal: AbortSignal) => Promise<readonly Dialect[]>;
  readonly onRetry: (retry: Retry) => void;
}

/**
 * Error codes of a SuperLink for an unknown call. Flower 1.9's own answers "internal" if it authenticates nodes, because
 * its authentication fails on the unknown name.
 */
const UNKNOWN_CALL: ReadonlySet<ErrorCode> = new Set(["unimplemented", "internal"]);

/** Error codes of calls when another program at the address no longer speaks the negotiated dialect. */
const DIALECT_GONE: ReadonlySet<ErrorCode> = new Set(["unimplemented", "failed-precondition"]);

/** Whether a dialect should be tried after the newest one was refused with an error. */
function mayFollow({ after = UNKNOWN_CALL }: Dialect, refusal: FlwrError): boolean {
  return isOneOf(after, refusal);
}

/** Whether an error has one of the codes. An ApiError never counts, because it is an answer in the dialect itself. */
function isOneOf(codes: ReadonlySet<ErrorCode>, error: FlwrError): boolean {
  return codes.has(error.code) && !(error instanceof ApiError);
}

/**
 * A connection to a SuperLink in the newest dialect that it understands. The dialect is negotiated with the first join,
 * and again with the next join after the SuperLink was unreachable, because its version may have changed.
 */
export class NegotiatedConnection implements FleetConnection {
  readonly #options: NegotiationOptions;
  readonly #log = log("supernode");
  #negotiated: { readonly dialect: Dialect; readonly connection: FleetConnection } | undefined;
  /** Whether the SuperLink was unreachable since the last join. */
  #wasUnreachable = false;
  readonly #closing = new AbortController();

  constructor(options: NegotiationOptions) {
    this.#options = options;
  }

  async join(heartbeatInterval: number): Promise<NodeId> {
    if (this.#negotiated !== undefined && !this.#wasUnreachable) {
      return await this.#negotiated.connection.join(heartbeatInterval);
    }
    const dialects = await this.#options.dialects(this.#closing.signal);
    let firstRefusal: FlwrError | undefined;
    for (const dialect of dialects) {
      if (firstRefusal !== undefined && !mayFollow(dialect, firstRefusal)) continue;
      const { connection } = this.#open(dialect);
      try {
        const nodeId = await connection.join(heartbeatInterval);
        this.#log.info("Using {dialect} with {superLink}", {
          event: "wire-chosen",
          wire: dialect.wire,
          dialect: dialect.name,
          superLink: this.#options.superLink,
        });
        return nodeId;
      } catch (thrown) {
        const error = FlwrError.from(thrown);
        this.#drop();
        this.#log.debug("{superLink} does not speak {dialect}: {reason}", {
          superLink: this.#options.superLink,
          dialect: dialect.name,
          reason: error.message,
        });
        const isFirst = firstRefusal === undefined;
        const goesOn = isOneOf(UNKNOWN_CALL, error) ||
          isFirst && dialects.some((other) => mayFollow(other, error));
        if (!goesOn) throw error;
        firstRefusal ??= error;
      }
    }
    throw firstRefusal ?? new FlwrError("internal", "No dialect to try");
  }

  heartbeat(heartbeatInterval: number): Promise<boolean> {
    return this.#call((connection) => connection.heartbeat(heartbeatInterval));
  }

  pull(signal?: AbortSignal): Promise<Message | undefined> {
    return this.#call((connection) => connection.pull(signal));
  }

  push(reply: Message, clientAppSeconds?: number): Promise<void> {
    return this.#call((connection) => connection.push(reply, clientAppSeconds));
  }

  run(runId: RunId): Promise<RunInfo | undefined> {
    return this.#call((connection) => connection.run(runId));
  }

  fab(run: RunInfo): Promise<AppBundle> {
    return this.#call((connection) => connection.fab(run));
  }

  piece(run: RunInfo, hash: string): Promise<Uint8Array> {
    return this.#call((connection) => connection.piece(run, hash));
  }

  async leave(): Promise<void> {
    await this.#negotiated?.connection.leave();
  }

  close(): void {
    this.#closing.abort();
    this.#drop();
  }

  #open(dialect: Dialect): { readonly connection: FleetConnection } {
    this.#drop();
    if (this.#closing.signal.aborted) throw new FlwrError("cancelled", "The connection is closed");
    this.#wasUnreachable = false;
    const connection = dialect.open((retry) => {
      this.#wasUnreachable = true;
      this.#options.onRetry(retry);
    });
    this.#negotiated = { dialect, connection };
    return this.#negotiated;
  }

  #drop(): void {
    this.#negotiated?.connection.close();
    this.#negotiated = undefined;
  }

  /** Makes a call. @throws FlwrError "not-found", which makes the node join again, if the dialect is no longer understood */
  async #call<T>(call: (connection: FleetConnection) => Promise<T>): Promise<T> {
    const negotiated = this.#negotiated;
    if (negotiated === undefined) {
      throw new FlwrError("not-found", "The node has not joined the SuperLink");
    }
    try {
      return await call(negotiated.connection);
    } catch (error) {
      if (!isOneOf(DIALECT_GONE, FlwrError.from(error))) throw error;
      this.#wasUnreachable = true;
      throw new FlwrError(
        "not-found",
        `${this.#options.superLink} no longer speaks ${negotiated.dialect.name}`,
        { cause: error },
      );
    }
  }
}
