import { KeyList } from "../../../../auth/key_list.ts";
import type { PrivateKey } from "../../../../auth/private_key.ts";
import type { PublicKey } from "../../../../auth/public_key.ts";
import { RateLimiter } from "../../../../auth/rate_limiter.ts";
import { Message } from "../../../../app/message.ts";
import type { RecordDictInit } from "../../../../app/record_dict.ts";
import { FakeClock } from "../../../../base/clock.ts";
import { seededRandom } from "../../../../base/random.ts";
import { createLink } from "../../../../link/create_link.ts";
import type { Link } from "../../../../link/link.ts";
import type { LinkRun } from "../../../../entities/run.ts";
import { MemoryStore } from "../../../../link/store/memory.ts";
import { pushComplete } from "../../../../tests/link/push_complete.ts";
import { Fleet } from "../../../../proto/gen/current/fleet_pb.ts";
import { Fleet as OlderFleet } from "../../../../proto/gen/flwr-1.15/fleet_pb.ts";
import { messageObject, parseMessageObject } from "../../../objects/message.ts";
import { bindService, joinServices, type ServiceBinding } from "../../../service.ts";
import { CurrentFleetConnection } from "../client/fleet_connection.ts";
import { deflateMessages, inflateMessage } from "../client/message_objects.ts";
import { BegunRuns } from "../server/begun_runs.ts";
import { currentFleetHandlers } from "../server/fleet_service.ts";
import type { NodeDenial } from "../../admission.ts";
import { nodeAuthentication } from "../server/node_authentication.ts";
import { olderFleetHandlers } from "../../flwr-1.15/server/fleet_service.ts";
import { DirectChannel } from "./direct_channel.ts";

/** A SuperLink's Fleet API as over gRPC, on an in-memory domain, without a network, on a stopped clock. */
export class FleetStage implements AsyncDisposable {
  readonly link: Link;
  readonly clock: FakeClock;
  readonly binding: ServiceBinding;
  /** Tells nodes of runs that begin. Runs of the stage are not reported by themselves. */
  readonly begunRuns = new BegunRuns();
  /** Refused calls, with the reasons. */
  readonly denials: NodeDenial[] = [];
  /** Nodes whose Flower 1.19 was refused. */
  readonly nodes119: bigint[] = [];
  /** Resolves when the first node pulls. */
  readonly pulling: Promise<void>;
  readonly #revocations = new Map<string, AbortController>();
  #listed = new KeyList();

  private constructor(link: Link, clock: FakeClock, knownKeysOnly: boolean) {
    this.link = link;
    this.clock = clock;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.pulling = promise;
    const watched: Link = {
      ...link,
      messages: {
        ...link.messages,
        pullInstruction(nodeId, options) {
          resolve();
          return link.messages.pullInstruction(nodeId, options);
        },
      },
    };
    const authentication = nodeAuthentication({
      link,
      clock,
      joinLimiter: new RateLimiter({ burst: 5, perSecond: 1, clock }),
      onDenied: (denial) => this.denials.push(denial),
      ...(knownKeysOnly && {
        known: { listed: () => this.#listed, revoked: (key) => this.#revocationOf(key).signal },
      }),
    });
    const onError = (error: unknown) => {
      throw error;
    };
    const current = currentFleetHandlers(watched, {
      knownKeysOnly,
      onError,
      begunRuns: this.begunRuns,
    });
    const older = olderFleetHandlers(watched, {
      current,
      clock,
      onError,
      on119: (nodeId) => this.nodes119.push(nodeId),
    });
    this.binding = joinServices(
      bindService(OlderFleet, { ...authentication, handlers: older }),
      bindService(Fleet, { ...authentication, handlers: current }),
    );
  }

  static async start({ knownKeysOnly = false } = {}): Promise<FleetStage> {
    const clock = new FakeClock();
    const store = new MemoryStore();
    const link = await createLink({ store, clock, random: seededRandom(1), messageObject });
    return new FleetStage(link, clock, knownKeysOnly);
  }

  /** Replaces the keys of the list; nodes whose keys are removed are disconnected. */
  list(...keys: readonly PublicKey[]): void {
    const next = new KeyList(keys);
    for (const key of this.#listed.without(next)) this.#revocationOf(key).abort();
    this.#listed = next;
  }

  /** Opens a node's connection. */
  node(
    key?: PrivateKey,
    channel: DirectChannel = this.channel(),
    onRunBegun?: (runId: bigint) => void,
  ): CurrentFleetConnection {
    const { clock } = this;
    const random = seededRandom(2);
    return new CurrentFleetConnection({
      ...{ channel, clock, random },
      ...(key && { key }),
      ...(onRunBegun && { onRunBegun }),
    });
  }

  channel(options?: ConstructorParameters<typeof DirectChannel>[1]): DirectChannel {
    return new DirectChannel(this.binding, options);
  }

  /** Creates a running run. */
  async run(): Promise<LinkRun> {
    const { run } = await this.link.runs.start({
      fabId: "",
      fabVersion: "",
      lifeSign: "instructions",
    });
    return run;
  }

  /** Pushes an instruction for a node, as a ServerApp does. @returns its id */
  async instruct(
    runId: bigint,
    dstNodeId: bigint,
    content: RecordDictInit,
    messageType = "train",
  ): Promise<string> {
    const { clock } = this;
    const message = Message.create({ content, dstNodeId, messageType, clock })
      .withMetadata({ runId });
    const [deflated] = await deflateMessages([message]);
    const objects = [...deflated!.objects.values()];
    const instruction = parseMessageObject(deflated!.objects.get(deflated!.id)!);
    const [refusal] = await pushComplete(this.link, [instruction], objects);
    if (refusal !== undefined) throw new Error(refusal.reason);
    return deflated!.id;
  }

  /** Returns the reply to an instruction, as its ServerApp gets it. */
  async reply(messageId: string): Promise<Message | undefined> {
    const [reply] = await this.link.messages.pullReplies([messageId]);
    if (reply === undefined) return undefined;
    const { objects } = await this.link.objects.pullTogether(
      { nodeId: reply.dstNodeId, runId: reply.runId },
      { messageIds: [reply.messageId], maxBytes: 2 ** 40, maxObjects: 2 ** 20 },
    );
    const byId = new Map(objects.map((object) => [object.id, object]));
    return inflateMessage(byId.get(reply.messageId)!, (id) => byId.get(id));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.link.close();
  }

  #revocationOf(key: PublicKey): AbortController {
    const known = this.#revocations.get(key.pem);
    if (known !== undefined && !known.signal.aborted) return known;
    const made = new AbortController();
    this.#revocations.set(key.pem, made);
    return made;
  }
}
