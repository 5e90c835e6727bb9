import type { Topic } from "./wakes.ts";

/**
 * Wake-ups between the SuperLinks that share a store. One instance belongs to a store; each domain over that store
 * connects once.
 *
 * A wake-up is a hint, never a proof: it may come late, twice, or not at all, and it carries no data. A woken call
 * reads the store. Held calls also find what is new every limits.relookSeconds, so a lost wake-up costs at most that
 * time.
 */
export interface Signals {
  /**
   * Starts to receive and to publish. Never throws or rejects: an implementation that cannot reach the others calls
   * `listener.lost` when it can again, and drops what was published in between.
   */
  connect(listener: SignalListener): SignalLine;
}

/** The connection of one domain to the others. Dispose of it when the domain closes; nothing is received after that. */
export interface SignalLine extends Disposable {
  /**
   * Wakes the topics at the other SuperLinks. The domain calls it after the commit of the transaction that changed
   * them, outside any transaction, and has already woken its own calls. So an implementation leaves out this line, but
   * may also wake it, which has no effect on the results.
   *
   * Must return at once and must not throw. An implementation may join the topics of several calls into one message. A
   * topic has an id of 20 digits or a SHA-256, so it is shorter than 100 bytes. If there are too many topics to send,
   * the implementation makes the others call `lost` instead.
   */
  publish(topics: readonly Topic[]): void;
}

/** Receiver of wake-ups. Its functions must not throw. */
export interface SignalListener {
  /** Another SuperLink has committed a transaction that changed these topics. A read of the store from now on sees it. */
  woken(topics: readonly Topic[]): void;
  /**
   * Wake-ups may have been lost: the listener must assume that every topic has changed. Called when a subscription is
   * established, the first time and after each interruption, and if a message did not name its topics.
   */
  lost(): void;
}

/** Wake-ups between the domains of one process. It delivers at once and loses nothing. */
export class LocalSignals implements Signals {
  readonly #lines = new Set<LocalLine>();

  connect(listener: SignalListener): SignalLine {
    const line = new LocalLine(this.#lines, listener);
    this.#lines.add(line);
    return line;
  }
}

class LocalLine implements SignalLine {
  readonly #lines: Set<LocalLine>;
  readonly #listener: SignalListener;

  constructor(lines: Set<LocalLine>, listener: SignalListener) {
    this.#lines = lines;
    this.#listener = listener;
  }

  publish(topics: readonly Topic[]): void {
    for (const line of this.#lines) {
      if (line !== this) line.#listener.woken(topics);
    }
  }

  [Symbol.dispose](): void {
    this.#lines.delete(this);
  }
}
