import type { DescMethod } from "@bufbuild/protobuf";
import type { NodeJobs } from "../../../../proto/gen/current/simulation_pb.ts";
import { MAX_MESSAGE_BYTES } from "../../../limits.ts";
import { MAX_SMALL_REQUEST_BYTES } from "./fleet_policy.ts";

/** Who may make a call of simulation workers: only the holder of the run's token, even when the run is over. */
export type WorkerAdmission = "worker";

/** Every call of simulation workers. A test fails when a method has no row. */
export const NODE_JOBS_POLICY: Readonly<Record<string, WorkerAdmission>> = {
  "/flwr.proto.NodeJobs/Join": "worker",
  "/flwr.proto.NodeJobs/PullPiece": "worker",
  "/flwr.proto.NodeJobs/Stay": "worker",
  "/flwr.proto.NodeJobs/TakeJob": "worker",
  "/flwr.proto.NodeJobs/AnswerJob": "worker",
};

/** The largest request of a method, in bytes. Only an answer carries a model. */
export function nodeJobsRequestBytes({ localName }: DescMethod): number {
  const name = localName as keyof typeof NodeJobs.method;
  return name === "answerJob" ? MAX_MESSAGE_BYTES : MAX_SMALL_REQUEST_BYTES;
}
