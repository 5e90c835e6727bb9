import { FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import { causedBy } from "../../base/log_limiter.ts";
import { NodeLabels, shownName } from "../../base/node_labels.ts";
import type { LinkEvent } from "../../link/events.ts";
import type { InstructionFacts } from "../../entities/message.ts";

const logger = log("superlink");

/**
 * Logs an event of the SuperLink's domain. The line's property `event` is the event's kind.
 *
 * @param labels the names of nodes
 */
export function logLinkEvent(linkEvent: LinkEvent, labels = new NodeLabels()): void {
  const event = linkEvent.kind.startsWith("node-")
    // Rate-limited, because without authentication anyone can create nodes.
    ? { ...linkEvent, ...nodeOf(linkEvent, labels), ...causedBy(`"${linkEvent.kind}" events`) }
    : { ...linkEvent, ...nodeOf(linkEvent, labels) };
  const facts = (instruction: InstructionFacts): Record<string, unknown> => ({
    ...instruction,
    node: labels.of(instruction.nodeId),
  });
  const line = logger.with({ event: linkEvent.kind });
  switch (event.kind) {
    case "node-joined":
      return logJoin(line, event);
    case "node-offline":
      return line.warn("Node {node} is offline: its heartbeat is overdue", { ...event });
    case "node-returned":
      return line.info("Node {node} is back", event);
    case "node-left":
      return line.info("Node {node} left", event);
    case "node-forgotten":
      return line.info(
        "Node {node} was removed: it had registered itself and was offline for too long",
        event,
      );
    case "node-deactivated":
      return line.info("Node {node} left", event);
    case "node-registered":
      return line.info("Node {node} was registered", event);
    case "node-unregistered":
      return line.info("Node {node} was unregistered: its key is never admitted again", event);
    case "run-created":
      return line.info("Run {runId} was created", event);
    case "run-claimed":
      return line.info("Starting run {runId}", event);
    case "run-released":
      return line.warn(
        "Run {runId} is pending again, because the program that claimed it did not start it",
        event,
      );
    case "run-began":
      return line.info("Run {runId} is running", event);
    case "run-interrupted":
      return line.warn(
        "Run {runId} was interrupted and is pending again. It will continue from its last checkpoint: {reason}",
        event,
      );
    case "run-finished":
      return logRunEnd(line, event);
    case "run-logs-removed":
      return line.info(
        "Removed the logs of {count} finished runs, because newer logs use all of --run-log-retention-mib: {runs}",
        removed(event.runIds),
      );
    case "run-artifacts-removed":
      return line.info(
        "Removed the artifacts of {count} finished runs, because newer ones use all of --run-artifact-retention-mib: {runs}",
        removed(event.runIds),
      );
    case "runs-removed":
      return line.info(
        "Removed {count} finished runs, because --finished-run-retention-count newer ones exist: {runs}",
        removed(event.runIds),
      );
    case "artifact-saved":
      return line.info("Run {runId} saved {name}, {size} bytes", event);
    case "checkpoint-saved":
      return line.debug("Run {runId} saved a checkpoint", event);
    case "push-expired":
      return line.warn(
        "Run {runId}: the objects of {messages} messages from node {node} did not arrive",
        event,
      );
    case "instruction-pushed":
      return line.debug(
        `Instruction ${factsOf(event.instruction)} waits`,
        facts(event.instruction),
      );
    case "instruction-refused":
      return line.warn("Run {runId}: rejected an instruction for node {node}: {reason}", {
        ...event,
      });
    case "instruction-handed-out": {
      const { instruction, delivery } = event;
      return delivery === 1
        ? line.info(`Instruction ${factsOf(instruction)} handed out`, facts(instruction))
        : line.warn(`Instruction ${factsOf(instruction)} handed out again, delivery {delivery}`, {
          ...facts(instruction),
          delivery,
        });
    }
    case "instruction-requeued":
      return line.debug(`Instruction ${factsOf(event.instruction)} waits again: {cause}`, {
        ...facts(event.instruction),
        cause: event.cause,
      });
    case "instruction-answered":
      if (event.error !== undefined) {
        return line.warn(
          `Instruction ${factsOf(event.instruction)} answered with an error: {reason}`,
          {
            ...facts(event.instruction),
            reason: event.error.reason,
          },
        );
      }
      return line.info(
        `Instruction ${factsOf(event.instruction)} answered`,
        facts(event.instruction),
      );
    case "instruction-failed":
      return line.warn(`Instruction ${factsOf(event.instruction)} failed: {reason}`, {
        ...facts(event.instruction),
        reason: event.reason,
      });
    case "reply-refused":
      return line.warn("Rejected a reply of node {node} to {replyToMessageId}: {reason}", {
        ...event,
      });
    case "superlink-ended":
      return line.warn(
        "Another SuperLink on this database has ended: what it had handed out is handed out again",
        event,
      );
    case "housekeeping-failed":
      // A full disk is reported by the store itself.
      if (FlwrError.from(event.error).code === "unavailable") return;
      return line.error("The database failed. Retrying: {error}", { error: event.error });
    case "store-failed": {
      const { message, hints } = event.error;
      return line.error(
        "{message}. Nodes and apps retry until the database can write again. {hint}",
        {
          message,
          hint: hints.join(". "),
        },
      );
    }
    case "object-store-failed": {
      const { message, hints } = event.error;
      return line.error(
        "{message}. Nodes and apps retry until it can be used again. {hint}",
        { message, hint: hints.join(". ") },
      );
    }
    case "object-damaged": {
      const { message, hints } = event.error;
      return line.error("{message}. Calls that need it fail. {hint}", {
        message,
        hint: hints.join(". "),
      });
    }
    case "object-store-recovered":
      return line.info("The object store can be used again");
    case "orphans-removed":
      return line.info(
        "Removed the bytes of {objects} objects from the object store, which the database does not have",
        { ...event },
      );
    case "store-recovered":
      return line.info("The database can write again");
  }
}

function logRunEnd(line: typeof logger, event: Extract<LinkEvent, { kind: "run-finished" }>): void {
  const { runId, details } = event;
  const outcome = event.state.replace("finished:", "");
  const words = details === "" ? "Run {runId} {outcome}" : "Run {runId} {outcome}: {details}";
  if (outcome === "failed") line.warn(words, { runId, outcome, details });
  else line.info(words, { runId, outcome, details });
}

function removed(runIds: readonly bigint[]): Record<string, unknown> {
  return { count: runIds.length, runs: runIds.join(", ") };
}

/** Log template for an instruction. One outside of a round, e.g. for initial arrays, has no group. */
function factsOf({ groupId }: InstructionFacts): string {
  const round = groupId === "" ? "" : "round {groupId}, ";
  return `{messageId} (run {runId}, ${round}{messageType}, node {node})`;
}

/** The name of an event's node, for log lines. */
function nodeOf(event: LinkEvent, labels: NodeLabels): { readonly node?: string } {
  return "nodeId" in event ? { node: labels.of(event.nodeId) } : {};
}

/** Logs a join, always with the node's id, so that later lines can use the name alone. */
function logJoin(line: typeof logger, event: Extract<LinkEvent, { kind: "node-joined" }>): void {
  const { name, takeover } = event;
  const as = name === undefined ? "" : " as {name}";
  const facts = { ...event, ...(name !== undefined && { name: shownName(name) }) };
  if (takeover) {
    line.info(`Node {nodeId} joined again${as} and took over from its earlier session`, facts);
  } else line.info(`Node {nodeId} joined${as}`, facts);
}
