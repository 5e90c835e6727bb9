import { type Clock, systemClock } from "../base/clock.ts";
import { FlwrError } from "../base/error.ts";
import { describeType, isKind, KIND } from "./brand.ts";
import { applyMods, type ClientMod, type Respond } from "./client_mod.ts";
import { type Context, inContext } from "./context.ts";
import { errorReason } from "./error_reason.ts";
import { isMessage, type Message } from "./message.ts";
import { checkMessageType, MessageTypes } from "./message_type.ts";
import { MessageErrorCode, type MessageType } from "../entities/metadata.ts";
import type { RecordDictInit } from "./record_dict.ts";
import { asShareable } from "./shareable.ts";

/** Result of a handler: the records of the reply, or a complete reply made with `message.reply`. */
export type HandlerResult = Message | RecordDictInit;

/** Answers messages of one type. An error that it throws becomes an error reply. */
export type Handler = (
  message: Message,
  context: Context,
) => HandlerResult | Promise<HandlerResult>;

/** Options of a handler. */
export interface HandlerOptions {
  /** Modifiers of this handler only, inside those of the app. */
  readonly mods?: readonly ClientMod[];
}

/** Options of a ClientApp. */
export interface ClientAppOptions {
  /** Modifiers of all handlers; the first one is the outermost. */
  readonly mods?: readonly ClientMod[];
  /** Source of the time (default: the machine's clock). */
  readonly clock?: Clock;
}

type Registration =
  | [handler: Handler, options?: HandlerOptions]
  | [action: string, handler: Handler, options?: HandlerOptions];

/** Whether a value is a ClientApp, possibly of another copy of the module. */
export function isClientApp(value: unknown): value is ClientApp {
  return isKind(value, "ClientApp");
}

/**
 * The program of a node: a handler for each message type.
 *
 * @example
 * ```ts
 * export const app = new ClientApp()
 *   .train(async (message, context) => {
 *     const { weights, loss } = await fit(message.content.arrayRecord("arrays"), context);
 *     return {
 *       arrays: ArrayRecord.fromTensors(weights),
 *       metrics: new MetricRecord({ "num-examples": 50_000, loss }),
 *     };
 *   });
 * ```
 */
export class ClientApp {
  /** The class of the object, which other copies of this module recognise. */
  readonly [KIND] = "ClientApp";
  readonly #mods: readonly ClientMod[];
  readonly #clock: Clock;
  readonly #handlers = new Map<MessageType, Respond>();

  /** Creates an app without handlers: register them with {@link train}, {@link evaluate} and {@link query}. */
  constructor({ mods = [], clock = systemClock }: ClientAppOptions = {}) {
    this.#mods = mods;
    this.#clock = clock;
  }

  /** Registers the handler of `train`, or of `train.action` if an action is the first argument. */
  train(...registration: Registration): this {
    return this.#register(MessageTypes.Train, registration);
  }

  /** Registers the handler of `evaluate`, or of `evaluate.action` if an action is the first argument. */
  evaluate(...registration: Registration): this {
    return this.#register(MessageTypes.Evaluate, registration);
  }

  /** Registers the handler of `query`, or of `query.action` if an action is the first argument. */
  query(...registration: Registration): this {
    return this.#register(MessageTypes.Query, registration);
  }

  /**
   * Registers the handler of `get_parameters`: a ServerApp without initial arrays asks one node for them. The reply has
   * one ArrayRecord, `arrays`.
   */
  parameters(handler: Handler, options?: HandlerOptions): this {
    return this.#register(MessageTypes.GetParameters, [handler, options]);
  }

  /**
   * Registers the handler of `get_properties`, which older ServerApps send. The reply has one ConfigRecord,
   * `properties`.
   */
  properties(handler: Handler, options?: HandlerOptions): this {
    return this.#register(MessageTypes.GetProperties, [handler, options]);
  }

  /** The message types with a handler. */
  get messageTypes(): MessageType[] {
    return [...this.#handlers.keys()];
  }

  /**
   * Answers one message. It never rejects: a failure becomes an error reply with code ClientAppRaised.
   *
   * @param message an instruction
   * @param context the app's context: ids, settings and state
   * @param reasonOf the error reply's reason for a thrown value (default: its class and message, in Flower's form)
   */
  async handle(
    message: Message,
    context: Context,
    reasonOf: (thrown: unknown) => string = errorReason,
  ): Promise<Message> {
    const fail = (thrown: unknown) => {
      const reason = reasonOf(thrown);
      return message.replyError(MessageErrorCode.ClientAppRaised, reason, { clock: this.#clock });
    };
    const { messageType } = message.metadata;
    const handler = this.#handlers.get(messageType);
    if (handler === undefined) {
      const there = this.messageTypes.join(", ") || "none";
      return fail(appError(`ClientApp has no handler for "${messageType}": it has ${there}`));
    }
    try {
      const respond = applyMods(this.#mods, handler);
      const reply = await inContext(context, () => respond(message, context));
      return checkReply(reply, message);
    } catch (error) {
      return fail(error);
    }
  }

  #register(type: MessageType, registration: Registration): this {
    const [action, handler, options] = typeof registration[0] === "string"
      ? registration as [string, Handler, HandlerOptions?]
      : [undefined, ...registration as [Handler, HandlerOptions?]];
    const messageType = checkMessageType(action === undefined ? type : `${type}.${action}`);
    if (typeof handler !== "function") {
      throw new FlwrError(
        "invalid-argument",
        `The handler for "${messageType}" must be a function: got ${describeType(handler)}`,
      );
    }
    if (this.#handlers.has(messageType)) {
      throw new FlwrError("already-exists", `ClientApp already has a handler for "${messageType}"`);
    }
    const respond: Respond = async (message, context) => {
      const result = await handler(message, context);
      if (isMessage(result)) return result;
      if (typeof result !== "object" || result === null) {
        throw appError(
          `The handler for "${messageType}" must return records or a Message: got ${
            describeType(result)
          }`,
        );
      }
      return message.reply(result, { clock: this.#clock });
    };
    this.#handlers.set(messageType, applyMods(options?.mods ?? [], respond));
    return this;
  }
}

/**
 * Flower's check of a ClientApp's reply: it must answer this very instruction.
 *
 * @throws FlwrError "invalid-argument" when it does not
 */
export function checkReply(reply: Message, instruction: Message): Message {
  if (!isMessage(reply)) {
    throw appError(`The reply is not a Message: got ${describeType(reply)}`);
  }
  const { metadata: out } = reply;
  const { metadata: incoming } = instruction;
  const same = out.replyToMessageId === incoming.messageId && out.runId === incoming.runId &&
    out.srcNodeId === incoming.dstNodeId && out.dstNodeId === incoming.srcNodeId &&
    out.messageType === incoming.messageType && out.groupId === incoming.groupId &&
    out.messageId === "" && out.createdAt > incoming.createdAt;
  if (same) return reply;
  throw appError("The reply does not answer the instruction", ["Make it with message.reply(…)"]);
}

/** An error about the code of an app, for its author. */
function appError(message: string, hints: readonly string[] = []): FlwrError {
  return asShareable(new FlwrError("invalid-argument", message, { hints }));
}
