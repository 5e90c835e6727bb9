import type { SignalLine, SignalListener, Signals } from "../../transactions/signals.ts";
import type { Sessions, SessionsLook } from "../../transactions/sessions.ts";
import type { Topic } from "../../transactions/wakes.ts";
import { fromId, id } from "../sql/rows.ts";
import { Connection, ConnectionLost, type Result } from "./connection.ts";
import { postgresError } from "./error.ts";
import type { PostgresTarget } from "./target.ts";

/** Longest list of topics in bytes. The server refuses messages of 8,000 bytes, and the sender's id needs 37. */
const MAX_TOPICS = 7_900;
/** Number of topics that may wait. For more, the others read everything again. */
const MAX_PENDING = 2_000;
/** Instead of a list of topics: anything may have changed. */
const ALL = "*";
/** Seconds between two attempts to connect: the first and the longest pause. */
const FIRST_PAUSE = 0.25;
const LONGEST_PAUSE = 5;
/** Seconds between two checks of the connection, which the network can lose without notice. */
const CHECK_SECONDS = 15;

/**
 * Wake-ups over LISTEN and NOTIFY, on a connection of its own and after the commit: a NOTIFY inside a transaction makes
 * all commits of the server wait for each other. Each message begins with the id of its sender, which ignores it.
 *
 * The session of this connection has an advisory lock with the id of each SuperLink that it announces. It is shared,
 * because a session that was lost without notice keeps it for a while.
 */
export class PostgresSignals implements Signals, Sessions {
  readonly #target: PostgresTarget;
  readonly #channel: string;
  readonly #id = crypto.randomUUID();
  readonly #lines = new Set<Line>();
  readonly #announced = new Set<bigint>();
  readonly #pending = new Set<Topic>();
  /** Whether topics were dropped, so that the others must read everything again. */
  #hasDropped = false;
  #connection: Connection | undefined;
  #isSending = false;
  #isClosed = false;
  #pause = FIRST_PAUSE;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #connecting: Promise<void> | undefined;

  /** @param channel name of the channel, which all SuperLinks of the tables share */
  constructor(target: PostgresTarget, channel: string) {
    this.#target = target;
    this.#channel = channel;
  }

  connect(listener: SignalListener): SignalLine {
    const line = new Line(listener, (line, topics) => this.#publish(line, topics), this.#lines);
    this.#lines.add(line);
    if (this.#connecting === undefined) this.#connecting = this.#subscribe();
    else if (this.#connection !== undefined) {
      // After the return, because the caller may still be starting.
      queueMicrotask(() => this.#lines.has(line) && listener.lost());
    }
    return line;
  }

  /** Resolves when the server answers on the connection. @throws unavailable without a connection */
  async ping(): Promise<void> {
    await this.#ask("SELECT 1");
  }

  announce(serverId: bigint): void {
    this.#announced.add(serverId);
    // A connection that is lost is replaced by one that announces all.
    if (this.#connection !== undefined) announce(this.#connection, serverId).catch(() => {});
  }

  async look(): Promise<SessionsLook> {
    const { rows, connection } = await this.#ask(ANNOUNCED);
    return { own: connection, serverIds: new Set(rows.map((row) => id(row, "id"))) };
  }

  async #ask(text: string): Promise<Result & { connection: Connection }> {
    const connection = this.#connection;
    try {
      if (connection === undefined) throw new ConnectionLost();
      return { ...await connection.query(text), connection };
    } catch (error) {
      throw postgresError(this.#target, error);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#connecting;
    await this.#connection?.close();
  }

  async #subscribe(): Promise<void> {
    let connection: Connection | undefined;
    try {
      connection = await Connection.open(this.#target, {
        waitsForDisk: false,
        onNotify: (_, message) => this.#receive(message),
        onEnd: () => {
          if (this.#connection === connection) this.#again();
        },
      });
      await connection.query(`LISTEN ${this.#channel}`);
      for (const serverId of this.#announced) await announce(connection, serverId);
    } catch {
      await connection?.close();
      this.#again();
      return;
    }
    if (this.#isClosed) return await connection.close();
    this.#connection = connection;
    this.#pause = FIRST_PAUSE;
    for (const line of this.#lines) line.listener.lost();
    this.#check(connection);
    this.#send();
  }

  /** Connects again after a pause. */
  #again(): void {
    this.#connection = undefined;
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    this.#hasDropped ||= this.#pending.size > 0;
    this.#pending.clear();
    this.#timer = setTimeout(() => this.#connecting = this.#subscribe(), this.#pause * 1000);
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
  }

  /** Closes a connection that has become silent. */
  #check(connection: Connection): void {
    this.#timer = setTimeout(async () => {
      this.#timer = setTimeout(() => connection.close(), CHECK_SECONDS * 1000);
      const answered = await connection.query("SELECT 1").then(() => true, () => false);
      if (!answered || this.#connection !== connection) return;
      clearTimeout(this.#timer);
      if (!this.#isClosed) this.#check(connection);
    }, CHECK_SECONDS * 1000);
  }

  #publish(from: Line, topics: readonly Topic[]): void {
    for (const line of this.#lines) if (line !== from) line.listener.woken(topics);
    if (this.#isClosed) return;
    for (const topic of topics) this.#pending.add(topic);
    if (this.#pending.size > MAX_PENDING) {
      this.#pending.clear();
      this.#hasDropped = true;
    }
    this.#send();
  }

  /** Sends what waits. Topics that come meanwhile are sent together afterwards. */
  async #send(): Promise<void> {
    const connection = this.#connection;
    if (this.#isSending || connection === undefined) return;
    this.#isSending = true;
    try {
      while (this.#hasDropped || this.#pending.size > 0) {
        const messages = this.#hasDropped ? [ALL] : packed([...this.#pending]);
        this.#pending.clear();
        const wasDropped = this.#hasDropped;
        this.#hasDropped = false;
        try {
          await Promise.all(
            messages.map((message) =>
              connection.query("SELECT pg_notify($1, $2)", [
                this.#channel,
                `${this.#id} ${message}`,
              ])
            ),
          );
        } catch {
          // The next subscription tells the others.
          this.#hasDropped ||= wasDropped || messages.length > 0;
          if (!connection.isLost) await connection.close();
          return;
        }
      }
    } finally {
      this.#isSending = false;
    }
  }

  #receive(message: string): void {
    const space = message.indexOf(" ");
    if (message.slice(0, space) === this.#id) return;
    const topics = readTopics(message.slice(space + 1));
    for (const { listener } of this.#lines) {
      if (topics === undefined) listener.lost();
      else listener.woken(topics);
    }
  }
}

/**
 * The shared locks of all SuperLinks, among those of other programs. Transactions that write have another advisory lock,
 * which is not shared. A lock's number is in two columns of 32 bits.
 */
const ANNOUNCED = `SELECT (classid::int8 << 32) | objid::int8 AS id FROM pg_locks
  WHERE locktype = 'advisory' AND objsubid = 1 AND mode = 'ShareLock' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/** Locks a SuperLink's id until the end of the session. */
async function announce(connection: Connection, serverId: bigint): Promise<void> {
  await connection.query("SELECT pg_advisory_lock_shared($1)", [fromId(serverId)]);
}

/** The connection of one domain. */
class Line implements SignalLine {
  readonly #publish: (line: Line, topics: readonly Topic[]) => void;
  readonly #lines: Set<Line>;

  constructor(
    readonly listener: SignalListener,
    publish: (line: Line, topics: readonly Topic[]) => void,
    lines: Set<Line>,
  ) {
    this.#publish = publish;
    this.#lines = lines;
  }

  publish(topics: readonly Topic[]): void {
    this.#publish(this, topics);
  }

  [Symbol.dispose](): void {
    this.#lines.delete(this);
  }
}

/** Joins topics into messages below the server's limit, with room for the sender's id: JSON lists. */
export function packed(topics: readonly string[]): string[] {
  const messages: string[] = [];
  let items: string[] = [];
  let length = 0;
  for (const topic of topics) {
    const item = JSON.stringify(topic);
    const bytes = new TextEncoder().encode(item).length + 1;
    if (bytes > MAX_TOPICS) return [ALL];
    if (length + bytes > MAX_TOPICS) {
      messages.push(`[${items}]`);
      [items, length] = [[], 0];
    }
    items.push(item);
    length += bytes;
  }
  return items.length === 0 ? messages : [...messages, `[${items}]`];
}

/** The topics of a message; undefined if it does not name them. Any client of the database can send one. */
function readTopics(text: string): Topic[] | undefined {
  try {
    const topics: unknown = JSON.parse(text);
    if (Array.isArray(topics) && topics.every((topic) => typeof topic === "string")) {
      return topics as Topic[];
    }
  } catch {
    // the message for everything, or from another program
  }
  return undefined;
}
