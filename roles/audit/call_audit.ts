import type { Clock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { hostOfPeer } from "../../rpc/address.ts";
import { ApiError } from "../../rpc/api_error.ts";
import type { AuthenticatedCall, CallHead } from "../../rpc/call.ts";
import { type CallOutcome, type CallWatch, refusedCallerOf } from "../../rpc/call_watch.ts";
import { RequestFault } from "../../rpc/request_fault.ts";
import { actorOf, type KnownActor, UNKNOWN_ACTOR } from "./audit_actor.ts";
import type { AuditLimiter, LimitedKind } from "./audit_limiter.ts";
import { type AuditSubject, subjectAfter, subjectOf } from "./audit_subject.ts";
import { type AuditWriter, LateRecord } from "./audit_writer.ts";
import { type AuditedApi, type Recording, recordingOf } from "./audited_calls.ts";
import { timestampOf } from "./own_records.ts";
import type { AuditActor } from "./record.ts";

/** Options of a {@link CallAudit}. */
export interface CallAuditOptions {
  readonly writer: Pick<AuditWriter, "write" | "post">;
  readonly limiter: Pick<AuditLimiter, "allows">;
  readonly clock: Clock;
  /** Whether pulls, pushes and heartbeats of nodes are recorded too. */
  readonly fleetCalls: boolean;
  /** Whether only nodes with registered or listed keys are admitted. */
  readonly knownKeysOnly: boolean;
}

/** Records the calls of an API: one record when a call begins, and one when it ends. */
export class CallAudit implements CallWatch {
  readonly #options: CallAuditOptions;
  readonly #api: AuditedApi;
  readonly #action: string;
  readonly #recording: Recording;

  /** @param path the method's path in gRPC, "/flwr.proto.Control/StartRun" */
  private constructor(options: CallAuditOptions, api: AuditedApi, path: string) {
    this.#options = options;
    this.#api = api;
    const [service = "", name = ""] = path.slice(1).split("/");
    this.#action = `${service.slice(service.lastIndexOf(".") + 1)}Servicer.${name}`;
    this.#recording = recordingOf(api, name);
  }

  /** Follows the calls of a method; undefined if they are never recorded. */
  static of(options: CallAuditOptions, api: AuditedApi, path: string): CallAudit | undefined {
    const audit = new CallAudit(options, api, path);
    return audit.#recording === "never" ? undefined : audit;
  }

  async begin(
    call: AuthenticatedCall<unknown>,
    request: unknown,
  ): Promise<((outcome: CallOutcome) => void) | undefined> {
    const isChange = this.#recording === "change";
    if (!isChange && this.#api === "fleet" && !this.#options.fleetCalls) return undefined;
    const known = actorOf(this.#api, call.caller, this.#options.knownKeysOnly);
    const actor = withAddress(known, call);
    if (!this.#allows(isChange, known, actor)) {
      if (!isChange) return undefined;
      throw tooMany();
    }
    const subject = await subjectOf(request);
    const started = await this.#writeStart(actor, subject, isChange);
    return (outcome) => this.#end(actor, subject, started, outcome);
  }

  refused(call: CallHead, error: unknown): void {
    const host = hostOfPeer(call.peer);
    if (!this.#options.limiter.allows("refused", host)) return;
    const caller = refusedCallerOf(error);
    const actor = caller === undefined && this.#api === "control"
      ? UNKNOWN_ACTOR
      : actorOf(this.#api, caller, this.#options.knownKeysOnly);
    this.#options.writer.post({
      ...this.#common(withAddress(actor, call), { run_id: null, fab_hash: null }),
      status: "failed",
      error: codeOf(error),
    });
  }

  #allows(isChange: boolean, { isProven }: KnownActor, actor: AuditActor): boolean {
    if (isChange && isProven) return true;
    const kind: LimitedKind = isChange ? "unproven" : "frequent";
    const caller = isProven ? actor.actor_id ?? actor.key : actor.ip_address;
    return this.#options.limiter.allows(kind, caller ?? "");
  }

  /** @returns the record's number; undefined if it is lost */
  async #writeStart(
    actor: AuditActor,
    subject: AuditSubject,
    mustBeWritten: boolean,
  ): Promise<number | undefined> {
    const record = { ...this.#common(actor, subject), status: "started" } as const;
    const { writer } = this.#options;
    if (!mustBeWritten) return writer.post(record);
    try {
      return await writer.write(record);
    } catch (error) {
      // Its record waits and will be written, although the act does not take place.
      if (error instanceof LateRecord) this.#end(actor, subject, error.sequence, { error });
      throw error;
    }
  }

  #end(
    actor: AuditActor,
    subject: AuditSubject,
    started: number | undefined,
    outcome: CallOutcome,
  ): void {
    const failed = "error" in outcome;
    this.#options.writer.post({
      ...this.#common(actor, failed ? subject : subjectAfter(subject, outcome.response)),
      status: failed ? "failed" : "completed",
      ...(failed && { error: codeOf(outcome.error) }),
      ...(started !== undefined && { started }),
    });
  }

  #common(actor: AuditActor, subject: AuditSubject) {
    return {
      timestamp: timestampOf(this.#options.clock.now()),
      actor,
      event: { action: this.#action, ...subject },
    };
  }
}

function withAddress(
  { actor_id, description, key }: Omit<AuditActor, "ip_address">,
  { peer }: CallHead,
): AuditActor {
  const host = hostOfPeer(peer).replace(/^::ffff:(?=\d+\.)/i, "");
  return { actor_id, description, ip_address: host, ...(key !== undefined && { key }) };
}

/** The name or code of an error, without its text. */
function codeOf(error: unknown): string {
  if (error instanceof ApiError) return error.api;
  if (error instanceof FlwrError) return error.code;
  return error instanceof RequestFault ? "invalid-argument" : "internal";
}

function tooMany(): FlwrError {
  return new FlwrError(
    "resource-exhausted",
    "The SuperLink's audit log takes no more acts from your address this minute. Try again later",
  );
}
