import { fromBinary, toJson } from "@bufbuild/protobuf";
import type { Link } from "../../../link/link.ts";
import { SUPERLINK_NODE_ID } from "../../../entities/metadata.ts";
import { readObject } from "../../../rpc/objects/object.ts";
import type { RecordedRandom } from "./recorded_random.ts";
import { answerOf, type RecordedMessage, type Recording } from "./recording.ts";
import type { Exchange } from "./transcript.ts";

/** Does what must have happened and is not in the recording, which leaves out some of what comes again and again. */
export class Unrecorded {
  /** Instructions that no node is seen to get, with their nodes. */
  readonly #waiting = new Map<string, bigint>();

  constructor(
    readonly recording: Recording,
    readonly link: Link,
    readonly random: RecordedRandom,
  ) {}

  /** What comes after an exchange. */
  async follow(exchange: Exchange): Promise<void> {
    const { method, road, status } = exchange;
    if (status !== 200) return;
    if (method.name === "StartRun") await this.#claim(String(answerOf(exchange)["runId"]));
    if (method.name === "PushMessages") await this.#pushObjects(exchange);
    if (road === "serverapp-runtime" && method.name.startsWith("Push")) await this.#pull();
  }

  async #claim(runId: string): Promise<void> {
    const { acquired, tasks } = this.recording;
    if (acquired.has(runId)) return;
    this.random.drawToken(tasks.get(runId)!.token);
    await this.link.runs.claim();
  }

  async #pushObjects(exchange: Exchange): Promise<void> {
    const { method, request, road } = exchange;
    const asked = toJson(method.input, fromBinary(method.input, request)) as unknown as {
      node?: { nodeId: string };
      messagesList: RecordedMessage[];
    };
    const { sessionId, objectsToPush } = answerOf(exchange) as {
      sessionId: string;
      objectsToPush: string[];
    };
    const nodeId = BigInt(asked.node?.nodeId ?? SUPERLINK_NODE_ID);
    for (const { metadata } of asked.messagesList) {
      if (road !== "serverapp-runtime" || this.recording.wasPulled(metadata.messageId)) continue;
      this.#waiting.set(metadata.messageId, BigInt(metadata.dstNodeId));
    }
    const runId = BigInt(asked.messagesList[0]!.metadata.runId);
    for (const id of objectsToPush) {
      const bytes = this.recording.objects.get(id);
      if (bytes === undefined || this.recording.wasPushed(sessionId, id)) continue;
      await this.link.messages.putObject({ nodeId, runId, sessionId }, await readObject(id, bytes));
    }
  }

  async #pull(): Promise<void> {
    for (const [messageId, nodeId] of this.#waiting) {
      const pulled = await this.link.messages.pullInstruction(nodeId);
      if (pulled?.messageId === messageId) this.#waiting.delete(messageId);
    }
  }
}
