import type { Clock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import { VERSION } from "../../base/version.ts";
import { AuditFile } from "./audit_file.ts";
import { AuditLimiter, LIMIT_WINDOW_SECONDS } from "./audit_limiter.ts";
import { type AuditSink, STDOUT_SINK } from "./audit_sink.ts";
import type { AuditTail } from "./audit_tail.ts";
import { AuditWriter } from "./audit_writer.ts";
import type { AuditedApi } from "./audited_calls.ts";
import { CallAudit, type CallAuditOptions } from "./call_audit.ts";
import { ownRecord } from "./own_records.ts";
import { EMPTY_CHAIN } from "./record.ts";

const logger = log("audit");

const LINE_END = new Uint8Array([10]);

/** Where an audit log is written, and what it records. */
export interface AuditLogConfig {
  /** Path of a file, or standard output. */
  readonly destination: { readonly file: string } | "stdout";
  /** Size in bytes at which the next file begins. */
  readonly maxBytes: number;
  /** Whether pulls, pushes and heartbeats of nodes are recorded too. */
  readonly fleetCalls: boolean;
}

/** The audit log of a SuperLink. */
export class AuditLog implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #file: AuditFile | undefined;
  readonly #writer: AuditWriter;
  readonly #limiter = new AuditLimiter();
  readonly #config: AuditLogConfig;
  readonly #timer: ReturnType<typeof setInterval>;

  private constructor(config: AuditLogConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
    const { destination, maxBytes } = config;
    const file = destination === "stdout" ? undefined : new AuditFile(destination.file, maxBytes);
    this.#file = file;
    this.#writer = writerOf(file ?? STDOUT_SINK, file?.tail ?? {}, clock);
    this.#timer = setInterval(() => this.#endWindow(), LIMIT_WINDOW_SECONDS * 1000);
    Deno.unrefTimer(this.#timer);
  }

  /**
   * Opens the log. Continues the chain of the file, and records how the last line was torn, if it was.
   *
   * @throws FlwrError naming `--audit-log` if it cannot be written or continued
   */
  static async open(config: AuditLogConfig, clock: Clock): Promise<AuditLog> {
    const audit = new AuditLog(config, clock);
    try {
      const { torn, lacksLineEnd } = audit.#file?.tail ?? {};
      if (lacksLineEnd) audit.#writer.writeRaw(LINE_END);
      if (torn !== undefined) {
        logger.warn(
          "The last line of the audit log is incomplete ({bytes} bytes): the SuperLink was killed while it wrote it",
          { event: "audit-line-torn", bytes: torn.bytes },
        );
        audit.#writer.post(ownRecord("torn", clock.now(), torn));
      }
      const { sequence } = audit.#writer.end;
      await audit.#writer.write(
        ownRecord("started", clock.now(), { version: VERSION, pid: Deno.pid }),
      ).catch((cause) => {
        throw new FlwrError("unavailable", "--audit-log: the first record cannot be written", {
          hints: ["See the error before this one, for example a full disk"],
          cause,
        });
      });
      audit.#tellEnd(sequence === 0 ? "begins a new chain" : "continues its chain");
      return audit;
    } catch (error) {
      clearInterval(audit.#timer);
      await audit.#writer.close();
      throw error;
    }
  }

  /** The watches of an API's calls, by their method's path in gRPC. */
  watchOf(
    api: AuditedApi,
    { knownKeysOnly }: Pick<CallAuditOptions, "knownKeysOnly">,
  ): (path: string) => CallAudit | undefined {
    const options = {
      writer: this.#writer,
      limiter: this.#limiter,
      clock: this.#clock,
      fleetCalls: this.#config.fleetCalls,
      knownKeysOnly,
    };
    return (path) => CallAudit.of(options, api, path);
  }

  /** Goes on in a new file, if the file was moved away. Never rejects. */
  async reopen(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    try {
      if (!await this.#writer.between(() => file.reopenIfMoved())) return;
      this.#writer.post(ownRecord("reopened", this.#clock.now()));
      this.#tellEnd("goes on in a new file");
    } catch (error) {
      logger.error("The audit log could not be reopened, so the current file is used: {reason}", {
        event: "audit-not-reopened",
        reason: reasonOf(error),
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#endWindow();
    this.#writer.post(ownRecord("stopped", this.#clock.now()));
    await this.#writer.close();
    this.#tellEnd("ends");
  }

  /** The program's log then has a copy of the hash, so that a rewritten file is noticed. */
  #tellEnd(what: string): void {
    const { sequence, hash } = this.#writer.end;
    logger.info("The audit log {what} at record {sequence}, with hash {hash}", {
      event: "audit-chain",
      what,
      sequence,
      hash,
    });
  }

  #endWindow(): void {
    for (const { kind, omitted } of this.#limiter.endWindow()) {
      this.#writer.post(ownRecord("omitted", this.#clock.now(), { kind, omitted }));
    }
  }
}

/** Why writing fails, in words. */
function reasonOf(error: unknown): string {
  const { message } = FlwrError.from(error);
  return /os error (28|122)/.test(message) ? "its disk is full" : message;
}

function writerOf(
  sink: AuditSink,
  { end = EMPTY_CHAIN }: Pick<AuditTail, "end">,
  clock: Clock,
): AuditWriter {
  return new AuditWriter({
    sink,
    end,
    clock,
    onFailure: (error) =>
      logger.error(
        "The audit log cannot be written: {reason}. Until it can, the SuperLink refuses commands, and nodes that join",
        { event: "audit-failed", reason: reasonOf(error) },
      ),
    onRecovery: () =>
      logger.info("The audit log can be written again", { event: "audit-recovered" }),
    onRotationFailure: (error) =>
      logger.error("The audit log could not begin a new file, so the current one grows: {reason}", {
        event: "audit-not-rotated",
        reason: reasonOf(error),
      }),
  });
}
