import { FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import { causedBy } from "../../base/log_limiter.ts";
import { NodeLabels, shownName } from "../../base/node_labels.ts";
import type { LinkEvent } from "../../link/events.ts";
import type { InstructionFacts } from "../../link/messages/events.ts";

const logger = log("superlink");

/**
 * Writes what happens in the SuperLink to the log, in the words of whoever runs it.
 *
 * @param labels what nodes are called
 */
export function logLinkEvent(told: LinkEvent, labels = new NodeLabels()): void {
  const event = told.kind.startsWith("node-")
    // Where nobody has to be known, anyone can make nodes.
    ? { ...told, ...nodeOf(told, labels), ...causedBy(`"${told.kind}" events`) }
    : { ...told, ...nodeOf(told, labels) };
  const facts = (instruction: InstructionFacts): Record<string, unknown> => ({
    ...instruction,
    node: labels.of(instruction.nodeId),
  });
  switch (event.kind) {
    case "node-joined":
      return logJoin(event);
    case "node-offline":
      return logger.warn("Node {node} is offline: its heartbeat is overdue", { ...event });
    case "node-returned":
      return logger.info("Node {node} is back", event);
    case "node-left":
      return logger.info("Node {node} left", event);
    case "node-forgotten":
      return logger.info(
        "Node {node} was removed: it had registered itself and was offline for too long",
        event,
      );
    case "node-deactivated":
      return logger.info("Node {node} left", event);
    case "node-registered":
      return logger.info("Node {node} was registered", event);
    case "node-unregistered":
      return logger.info("Node {node} was unregistered: its key is never admitted again", event);
    case "run-created":
      return logger.info("Run {runId} was created", event);
    case "run-claimed":
      return logger.info("Starting run {runId}", event);
    case "run-released":
      return logger.warn(
        "Run {runId} is waiting again, because the program that took it did not start it",
        event,
      );
    case "run-began":
      return logger.info("Run {runId} runs", event);
    case "run-finished":
      return logRunEnd(event);
    case "run-logs-removed":
      return logger.info(
        "Removed the logs of {count} finished runs, because newer logs use all of --run-log-retention-mib: {runs}",
        removed(event.runIds),
      );
    case "run-artifacts-removed":
      return logger.info(
        "Removed the artifacts of {count} finished runs, because newer ones use all of --run-artifact-retention-mib: {runs}",
        removed(event.runIds),
      );
    case "runs-removed":
      return logger.info(
        "Removed {count} finished runs, because --finished-run-retention-count newer ones exist: {runs}",
        removed(event.runIds),
      );
    case "artifact-saved":
      return logger.info("Run {runId} saved {name}, {size} bytes", event);
    case "push-expired":
      return logger.warn(
        "Run {runId}: the objects of {messages} messages from node {node} did not arrive",
        event,
      );
    case "instruction-pushed":
      return logger.debug(
        `Instruction ${factsOf(event.instruction)} waits`,
        facts(event.instruction),
      );
    case "instruction-refused":
      return logger.warn("Run {runId}: rejected an instruction for node {node}: {reason}", {
        ...event,
      });
    case "instruction-handed-out": {
      const { instruction, delivery } = event;
      return delivery === 1
        ? logger.info(`Instruction ${factsOf(instruction)} handed out`, facts(instruction))
        : logger.warn(`Instruction ${factsOf(instruction)} handed out again, delivery {delivery}`, {
          ...facts(instruction),
          delivery,
        });
    }
    case "instruction-requeued":
      return logger.debug(`Instruction ${factsOf(event.instruction)} waits again: {cause}`, {
        ...facts(event.instruction),
        cause: event.cause,
      });
    case "instruction-answered":
      return logger.info(
        `Instruction ${factsOf(event.instruction)} answered`,
        facts(event.instruction),
      );
    case "instruction-failed":
      return logger.warn(`Instruction ${factsOf(event.instruction)} failed: {reason}`, {
        ...facts(event.instruction),
        reason: event.reason,
      });
    case "reply-refused":
      return logger.warn("Rejected a reply of node {node} to {replyToMessageId}: {reason}", {
        ...event,
      });
    case "housekeeping-failed":
      // A full disk is reported by the store itself.
      if (FlwrError.from(event.error).code === "unavailable") return;
      return logger.error("The database failed. Retrying: {error}", { error: event.error });
    case "store-failed": {
      const { message, hints } = event.error;
      return logger.error(
        "{message}. Nodes and apps retry until the database can write again. {hint}",
        {
          message,
          hint: hints.join(". "),
        },
      );
    }
    case "store-recovered":
      return logger.info("The database can write again");
  }
}

function logRunEnd(event: Extract<LinkEvent, { kind: "run-finished" }>): void {
  const { runId, details } = event;
  const outcome = event.state.replace("finished:", "");
  const words = details === "" ? "Run {runId} {outcome}" : "Run {runId} {outcome}: {details}";
  if (outcome === "failed") logger.warn(words, { runId, outcome, details });
  else logger.info(words, { runId, outcome, details });
}

function removed(runIds: readonly bigint[]): Record<string, unknown> {
  return { count: runIds.length, runs: runIds.join(", ") };
}

/** The template of an instruction's facts. An instruction outside the rounds, as for initial arrays, has no group. */
function factsOf({ groupId }: InstructionFacts): string {
  const round = groupId === "" ? "" : "round {groupId}, ";
  return `{messageId} (run {runId}, ${round}{messageType}, node {node})`;
}

/** What lines call the node of an event. */
function nodeOf(event: LinkEvent, labels: NodeLabels): { readonly node?: string } {
  return "nodeId" in event ? { node: labels.of(event.nodeId) } : {};
}

/** The one line that has a node's id also where its name would do: it says which is which. */
function logJoin(event: Extract<LinkEvent, { kind: "node-joined" }>): void {
  const { name, takeover } = event;
  const as = name === undefined ? "" : " as {name}";
  const facts = { ...event, ...(name !== undefined && { name: shownName(name) }) };
  if (takeover) {
    logger.info(`Node {nodeId} joined again${as} and took over from its earlier session`, facts);
  } else logger.info(`Node {nodeId} joined${as}`, facts);
}
