import { type Random, seededRandom } from "../../../base/random.ts";
import type { Exchange } from "./transcript.ts";
import { answerOf, type Recording } from "./recording.ts";

/** Hands out what the recorded SuperLink drew. */
export class RecordedRandom implements Random {
  readonly #rest = seededRandom(1);
  readonly #numbers: bigint[] = [];
  readonly #uuids: string[] = [];

  /** The next numbers. */
  draw(...numbers: readonly (bigint | undefined)[]): void {
    this.#numbers.push(...numbers.map((number) => number ?? this.#rest.uint64()));
  }

  /** The numbers that a token is put together from. */
  drawToken(token: string): void {
    this.draw(...token.match(/.{16}/g)!.map((digits) => BigInt(`0x${digits}`)));
  }

  drawUuid(uuid: string): void {
    this.#uuids.push(uuid);
  }

  uniform(): number {
    return this.#rest.uniform();
  }

  uint64(): bigint {
    return this.#numbers.shift() ?? this.#rest.uint64();
  }

  uuid(): string {
    return this.#uuids.shift() ?? this.#rest.uuid();
  }
}

/** Has our SuperLink draw what Flower's drew for this answer. */
export function prime(random: RecordedRandom, exchange: Exchange, { tasks }: Recording): void {
  if (exchange.status !== 200) return;
  const { nodeId, runId, seriesId, sessionId, token } = answerOf(exchange) as Record<
    string,
    string
  >;
  switch (exchange.path) {
    case "/v1/fleet/register-node":
    case "/v1/control/register-node":
      return random.draw(BigInt(nodeId!));
    case "/v1/control/start-run":
      return random.draw(BigInt(runId!), BigInt(seriesId!), tasks.get(runId!)!.taskId);
    case "/v1/runtime/acquire-task":
      return token === undefined ? undefined : random.drawToken(token);
    case "/v1/runtime/push-messages":
    case "/v1/fleet/push-messages":
      return random.drawUuid(sessionId!);
  }
}
