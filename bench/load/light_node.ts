import type { DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { NodeId } from "../../entities/metadata.ts";
import { FlwrError } from "../../base/error.ts";
import { Fleet } from "../../proto/gen/current/fleet_pb.ts";
import { callOn } from "./call.ts";
import type { HttpLine } from "./http_line.ts";
import type { CallCredentials, LoadIdentity } from "./identity.ts";

/** Seconds within which simulated nodes promise a heartbeat, as all of Flower's do. */
const HEARTBEAT_INTERVAL_SECONDS = 30;

/** A simulated SuperNode that speaks Fleet over HTTP, on lines that it is given. */
export class LightNode {
  readonly identity: LoadIdentity;
  #nodeId: NodeId = 0n;

  constructor(identity: LoadIdentity) {
    this.identity = identity;
  }

  /** The id that it got when it was activated. */
  get nodeId(): NodeId {
    return this.#nodeId;
  }

  async activate(line: HttpLine): Promise<void> {
    const { nodeId } = await this.call(line, Fleet.method.activateNode, {
      publicKey: this.identity.publicKey,
      heartbeatInterval: HEARTBEAT_INTERVAL_SECONDS,
    });
    this.#nodeId = nodeId;
  }

  /** @throws FlwrError "internal" when the SuperLink does not know the node */
  async heartbeat(line: HttpLine, credentials?: CallCredentials): Promise<void> {
    const request = this.heartbeatRequest();
    const answer = await this.call(line, Fleet.method.sendNodeHeartbeat, request, credentials);
    if (!answer.success) throw new FlwrError("internal", "A node that sent a heartbeat is unknown");
  }

  heartbeatRequest(): MessageInitShape<typeof Fleet.method.sendNodeHeartbeat.input> {
    return { node: { nodeId: this.#nodeId }, heartbeatInterval: HEARTBEAT_INTERVAL_SECONDS };
  }

  /**
   * Makes a call.
   *
   * @param credentials signed ahead; signed now without
   * @throws ServerFailure, FlwrError "internal" for any answer but a message
   */
  async call<M extends DescMethod>(
    line: HttpLine,
    method: M,
    request: MessageInitShape<M["input"]>,
    credentials?: CallCredentials,
  ): Promise<MessageShape<M["output"]>> {
    const { lines } = credentials ?? await this.identity.sign();
    return await callOn(line, method, request, lines);
  }
}
