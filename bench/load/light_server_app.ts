import type { DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { type NodeId, type RunId, SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import { FlwrError } from "../../base/error.ts";
import { Runtime } from "../../proto/gen/current/runtime_pb.ts";
import { idsOfTree, treeFromWire, treeToWire } from "../../rpc/dialects/current/object_tree.ts";
import { messageToWire } from "../../rpc/dialects/current/message.ts";
import { messageObject } from "../../rpc/objects/message.ts";
import { callOn } from "./call.ts";
import type { HttpLine } from "./http_line.ts";
import type { LightModel } from "./light_model.ts";
import { overLines } from "./over_lines.ts";
import { pause } from "./pause.ts";
import type { Persistence } from "./persist.ts";

/** How long an instruction is valid, in seconds, as in Flower. */
const TTL_SECONDS = 43_200;

/** A simulated ServerApp of a run that nothing else works on, over HTTP. */
export class LightServerApp {
  readonly #lines: readonly HttpLine[];
  readonly #persistence: Persistence;
  #headers = "";
  #runId: RunId = 0n;

  /** @param lines objects are transferred on all of them */
  constructor(lines: readonly HttpLine[], persistence: Persistence) {
    this.#lines = lines;
    this.#persistence = persistence;
  }

  /** Takes on the run that waits. */
  async begin(): Promise<RunId> {
    const { token } = await this.#call(Runtime.method.acquireTask, {
      supportedTaskTypes: ["flwr-serverapp"],
    });
    if (token === "") throw new FlwrError("internal", "The SuperLink has no run that waits");
    this.#headers = `flwr-task-token: ${token}\r\n`;
    const { run } = await this.#call(Runtime.method.pullTaskInput, {});
    return this.#runId = run!.runId;
  }

  /** Says that it is alive, which it has to say once a minute. */
  async heartbeat(line: HttpLine): Promise<void> {
    await this.#call(Runtime.method.sendTaskHeartbeat, {}, line);
  }

  /** Sends one model to every node. @returns the messages' ids */
  async send(model: LightModel, nodes: readonly NodeId[]): Promise<string[]> {
    const roots = new Map<string, Uint8Array>();
    const messages = nodes.map((dstNodeId) => {
      const metadata = {
        runId: this.#runId,
        srcNodeId: SUPERLINK_NODE_ID,
        dstNodeId,
        replyToMessageId: "",
        groupId: "",
        ttl: TTL_SECONDS,
        createdAt: Date.now() / 1000,
        messageType: "train",
      };
      const root = messageObject({ ...metadata, content: model.content });
      roots.set(root.id, root.bytes);
      const tree = new Map([...model.tree, [root.id, [model.content]]]);
      return {
        wire: messageToWire({ ...metadata, messageId: root.id }),
        tree: treeToWire(root.id, tree),
      };
    });
    const { objectsToPush, sessionId } = await this.#call(Runtime.method.pushMessages, {
      messagesList: messages.map(({ wire }) => wire),
      messageObjectTrees: messages.map(({ tree }) => tree),
    });
    await overLines(this.#lines, objectsToPush, async (line, objectId) => {
      const objectContent = roots.get(objectId) ?? await model.bytes(objectId);
      const { stored } = await this.#call(Runtime.method.pushObject, {
        node: { nodeId: SUPERLINK_NODE_ID },
        runId: this.#runId,
        objectId,
        objectContent,
        sessionId,
      }, line);
      if (!stored) throw new FlwrError("internal", `Object ${objectId} was not stored`);
    });
    return [...roots.keys()];
  }

  /** Waits for the replies to messages and takes every object of each. */
  async receive(messageIds: readonly string[]): Promise<void> {
    const open = new Set(messageIds);
    while (open.size > 0) {
      const { messagesList, messageObjectTrees } = await this.#call(
        Runtime.method.pullMessages,
        { messageIds: [...open] },
      );
      for (const [place, { metadata, error }] of messagesList.entries()) {
        if (error !== undefined) throw new FlwrError("internal", `A node failed: ${error.reason}`);
        const root = messageObjectTrees[place]!;
        const ids = idsOfTree(root.objectId, treeFromWire(root));
        await overLines(this.#lines, ids, (line, id) => this.#take(line, id));
        await this.#call(Runtime.method.confirmMessageReceived, {
          node: { nodeId: SUPERLINK_NODE_ID },
          runId: this.#runId,
          messageObjectId: root.objectId,
        });
        open.delete(metadata!.replyToMessageId);
      }
      if (messagesList.length === 0) await pause();
    }
  }

  async #take(line: HttpLine, objectId: string): Promise<void> {
    const request = { node: { nodeId: SUPERLINK_NODE_ID }, runId: this.#runId, objectId };
    // Flower's SuperLink hands a reply out before its node has pushed all of it.
    while (!(await this.#call(Runtime.method.pullObject, request, line)).objectAvailable) {
      await pause();
    }
  }

  #call<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    line: HttpLine = this.#lines[0]!,
  ): Promise<MessageShape<M["output"]>> {
    return this.#persistence.call(() => callOn(line, method, request, this.#headers));
  }
}
