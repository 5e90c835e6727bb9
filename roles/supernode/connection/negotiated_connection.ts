import type { AppBundle, FleetConnection, RunInfo } from "../../../app/connection.ts";
import type { Message } from "../../../app/message.ts";
import type { NodeId, RunId } from "../../../entities/metadata.ts";
import { type ErrorCode, FlwrError } from "../../../base/error.ts";
import { log } from "../../../base/log.ts";
import { ApiError } from "../../../rpc/api_error.ts";
import type { Retry } from "../../../rpc/retry.ts";

/** One way of speaking to a SuperLink. */
export interface Dialect {
  /** As the log names it: "Flower's current wire over HTTP". */
  readonly name: string;
  /** As events of the log name it, whatever its words: "current-http". */
  readonly wire: string;
  /**
   * How a SuperLink that may speak this one refuses the newest; as a call that it does not know by default. After other
   * refusals this one is not tried.
   */
  readonly after?: ReadonlySet<ErrorCode>;
  /** @param onRetry told of each call that failed and is going to be repeated */
  open(onRetry: (retry: Retry) => void): FleetConnection;
}

/** How a connection is agreed on. */
export interface NegotiationOptions {
  /** Where the SuperLink is, for the log. */
  readonly superLink: string;
  /**
   * The dialects to try at this SuperLink, the newest first, at least one.
   *
   * @param signal aborted when the connection is closed
   * @throws FlwrError when the SuperLink cannot be reached, or none is left that can be spoken
   */
  readonly dialects: (signal: AbortSignal) => Promise<readonly Dialect[]>;
  readonly onRetry: (retry: Retry) => void;
}

/**
 * How a SuperLink refuses a call that it does not know. Flower 1.9's own says "internal" where it authenticates nodes:
 * its authentication fails over the unknown name.
 */
const UNKNOWN_CALL: ReadonlySet<ErrorCode> = new Set(["unimplemented", "internal"]);

/** How calls fail when what stands at the address now does not speak the dialect that was agreed on. */
const DIALECT_GONE: ReadonlySet<ErrorCode> = new Set(["unimplemented", "failed-precondition"]);

/** Whether a SuperLink that so refuses the newest dialect may speak another. */
function mayFollow({ after = UNKNOWN_CALL }: Dialect, refusal: FlwrError): boolean {
  return isOneOf(after, refusal);
}

/** Whether an error is one of the given kinds; an error that has Flower's number was answered in the dialect. */
function isOneOf(codes: ReadonlySet<ErrorCode>, error: FlwrError): boolean {
  return codes.has(error.code) && !(error instanceof ApiError);
}

/**
 * A line to a SuperLink in the newest dialect that it understands. What was agreed on is kept; once the SuperLink was
 * away, for it may have been another version that came back, the next join agrees anew.
 */
export class NegotiatedConnection implements FleetConnection {
  readonly #options: NegotiationOptions;
  readonly #log = log("supernode");
  #agreed: { readonly dialect: Dialect; readonly connection: FleetConnection } | undefined;
  /** Whether the SuperLink was out of reach since the last join. */
  #wasAway = false;
  readonly #closing = new AbortController();

  constructor(options: NegotiationOptions) {
    this.#options = options;
  }

  async join(heartbeatInterval: number): Promise<NodeId> {
    if (this.#agreed !== undefined && !this.#wasAway) {
      return await this.#agreed.connection.join(heartbeatInterval);
    }
    const dialects = await this.#options.dialects(this.#closing.signal);
    let firstRefusal: FlwrError | undefined;
    for (const dialect of dialects) {
      if (firstRefusal !== undefined && !mayFollow(dialect, firstRefusal)) continue;
      const { connection } = this.#open(dialect);
      try {
        const nodeId = await connection.join(heartbeatInterval);
        this.#log.info("Speaking {dialect} with {superLink}", {
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
    throw firstRefusal ?? new FlwrError("internal", "There is no dialect to speak");
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
    await this.#agreed?.connection.leave();
  }

  close(): void {
    this.#closing.abort();
    this.#drop();
  }

  #open(dialect: Dialect): { readonly connection: FleetConnection } {
    this.#drop();
    if (this.#closing.signal.aborted) throw new FlwrError("cancelled", "The connection is closed");
    this.#wasAway = false;
    const connection = dialect.open((retry) => {
      this.#wasAway = true;
      this.#options.onRetry(retry);
    });
    this.#agreed = { dialect, connection };
    return this.#agreed;
  }

  #drop(): void {
    this.#agreed?.connection.close();
    this.#agreed = undefined;
  }

  /** @throws FlwrError "not-found", which makes the node join again, when the dialect is not understood any more */
  async #call<T>(call: (connection: FleetConnection) => Promise<T>): Promise<T> {
    const agreed = this.#agreed;
    if (agreed === undefined) {
      throw new FlwrError("not-found", "The node has not joined the SuperLink");
    }
    try {
      return await call(agreed.connection);
    } catch (error) {
      if (!isOneOf(DIALECT_GONE, FlwrError.from(error))) throw error;
      this.#wasAway = true;
      throw new FlwrError(
        "not-found",
        `${this.#options.superLink} no longer speaks ${agreed.dialect.name}`,
        { cause: error },
      );
    }
  }
}
