import type { SimulationSettings } from "../../../../entities/simulation.ts";
import { simulationFromWire } from "../simulation.ts";
import type { NodeId, RunId } from "../../../../entities/metadata.ts";
import type { Federation } from "../../../../proto/gen/current/control_pb.ts";
import type { NodeInfo } from "../../../../proto/gen/current/node_pb.ts";
import type { Run } from "../../../../proto/gen/current/run_pb.ts";
import { secondsOfIsoTime } from "../iso_time.ts";

/** A run as the SuperLink lists it. Times are Unix times in seconds; undefined for events that have not happened. */
export interface RunSummary {
  readonly runId: RunId;
  /** "publisher/name". */
  readonly fabId: string;
  readonly fabVersion: string;
  readonly fabHash: string;
  /** "pending", "starting", "running" or "finished". */
  readonly status: string;
  /** "completed", "failed" or "stopped" for a finished run, else empty. */
  readonly subStatus: string;
  /** Why it ended, as text for the user. */
  readonly details: string;
  readonly federation: string;
  readonly seriesId: bigint;
  /** 0 if the SuperLink does not send it. */
  readonly pendingAt: number;
  readonly startingAt: number | undefined;
  readonly runningAt: number | undefined;
  readonly finishedAt: number | undefined;
  /** Bytes that the SuperLink sent to, and received from, nodes and ServerApp. */
  readonly bytesSent: bigint;
  readonly bytesReceived: bigint;
  /** Total running time of the run's ClientApps, in seconds. */
  readonly clientAppSeconds: number;
  /** The account that submitted it. */
  readonly account: string;
}

/** A node as the SuperLink lists it. Times as in {@link RunSummary}. */
export interface NodeSummary {
  readonly nodeId: NodeId;
  /** "registered", "online", "offline" or "unregistered". */
  readonly status: string;
  readonly owner: string;
  readonly name: string | undefined;
  /** "latitude,longitude". */
  readonly location: string | undefined;
  readonly registeredAt: number | undefined;
  readonly activatedAt: number | undefined;
  readonly deactivatedAt: number | undefined;
  readonly unregisteredAt: number | undefined;
  readonly onlineUntil: number | undefined;
  /** Seconds. */
  readonly heartbeatInterval: number;
  /** SPKI in PEM; empty for a node without a key. */
  readonly publicKeyPem: string;
}

/** A federation as the SuperLink lists it. */
export interface FederationSummary {
  readonly name: string;
  readonly description: string;
  readonly members: readonly { readonly name: string; readonly role: string }[];
  readonly archived: boolean;
  readonly simulation: boolean;
  /** Settings of the simulated nodes, if someone has set any. */
  readonly settings?: SimulationSettings;
  readonly nodes: readonly NodeSummary[];
  readonly runs: readonly RunSummary[];
}

/** Converts a run from protobuf. */
export function runSummary(run: Run): RunSummary {
  return {
    runId: run.runId,
    fabId: run.fabId,
    fabVersion: run.fabVersion,
    fabHash: run.fabHash,
    status: run.status?.status ?? "",
    subStatus: run.status?.subStatus ?? "",
    details: run.status?.details ?? "",
    federation: run.federation,
    seriesId: run.seriesId,
    pendingAt: secondsOfIsoTime(run.pendingAt) ?? 0,
    startingAt: secondsOfIsoTime(run.startingAt),
    runningAt: secondsOfIsoTime(run.runningAt),
    finishedAt: secondsOfIsoTime(run.finishedAt),
    bytesSent: run.bytesSent,
    bytesReceived: run.bytesRecv,
    clientAppSeconds: run.clientappRuntime,
    account: run.accountName,
  };
}

/** Converts a node from protobuf. */
export function nodeSummary(node: NodeInfo): NodeSummary {
  return {
    nodeId: node.nodeId,
    status: node.status,
    owner: node.ownerName,
    name: node.name,
    location: node.location,
    registeredAt: secondsOfIsoTime(node.registeredAt),
    activatedAt: secondsOfIsoTime(node.lastActivatedAt ?? ""),
    deactivatedAt: secondsOfIsoTime(node.lastDeactivatedAt ?? ""),
    unregisteredAt: secondsOfIsoTime(node.unregisteredAt ?? ""),
    onlineUntil: node.onlineUntil,
    heartbeatInterval: node.heartbeatInterval,
    publicKeyPem: new TextDecoder().decode(node.publicKey),
  };
}

/** Converts a federation from protobuf. */
export function federationSummary(federation: Federation): FederationSummary {
  const { name, description, archived, simulation, config, members, nodes, runs } = federation;
  return {
    name,
    description,
    archived,
    simulation,
    ...(config && { settings: simulationFromWire(config) }),
    members: members.map(({ account, role }) => ({ name: account?.name ?? "", role })),
    nodes: nodes.map(nodeSummary),
    runs: runs.map(runSummary),
  };
}
