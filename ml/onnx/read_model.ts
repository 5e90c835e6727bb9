import { FlwrError } from "../../base/error.ts";
import { MAX_MODEL_BYTES, MAX_NODES, READABLE_OPSETS } from "./limits.ts";
import type { GraphProto, ModelProto } from "./message/messages.ts";
import { MODEL } from "./message/types.ts";

/** A model file whose outermost parts are there. */
export interface ReadModel {
  readonly model: ModelProto;
  readonly graph: GraphProto;
  /** Version of each operator set by its domain; ONNX's own domain is "". */
  readonly opsets: ReadonlyMap<string, number>;
}

function decode(bytes: Uint8Array): ModelProto {
  try {
    return MODEL.decode(bytes);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new FlwrError("data-loss", `The ONNX file is damaged or cut off: ${message}`, { cause });
  }
}

/** The short and the long name of ONNX's own domain are one. */
export function domainOf(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}

function versionsOf(model: ModelProto): Map<string, number> {
  const versions = new Map<string, number>();
  for (const { domain, version } of model.opsetImport) {
    const name = domainOf(domain);
    versions.set(name, Math.max(Number(version), versions.get(name) ?? 0));
  }
  return versions;
}

/**
 * Parses the bytes of an ONNX file.
 *
 * @throws FlwrError "data-loss" when the bytes are no such file, "unimplemented" when its operator set is too old or too
 *   new, "resource-exhausted" when it is too large
 */
export function readModel(bytes: Uint8Array): ReadModel {
  if (bytes.length > MAX_MODEL_BYTES) {
    throw new FlwrError(
      "resource-exhausted",
      `The ONNX file has ${bytes.length} bytes: at most ${MAX_MODEL_BYTES} are read`,
    );
  }
  const model = decode(bytes);
  const { graph } = model;
  if (graph === undefined || graph.output.length === 0) {
    throw new FlwrError("data-loss", "The file holds no ONNX graph with an output", {
      hints: ["Is it an .onnx file, and complete?"],
    });
  }
  if (graph.node.length > MAX_NODES) {
    throw new FlwrError(
      "resource-exhausted",
      `The ONNX graph has ${graph.node.length} nodes: at most ${MAX_NODES} are read`,
    );
  }
  const opsets = versionsOf(model);
  const version = opsets.get("");
  const { oldest, newest } = READABLE_OPSETS;
  if (version !== undefined && !(version >= oldest && version <= newest)) {
    throw new FlwrError(
      "unimplemented",
      `The ONNX file is written for operator set ${version}: ${oldest} to ${newest} are read`,
      { hints: ["Choose another opset_version when exporting, for example 17"] },
    );
  }
  return { model, graph, opsets };
}
