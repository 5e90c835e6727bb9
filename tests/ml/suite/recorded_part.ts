import { tensorProto } from "../import/onnx_file.ts";
import { noExternalData } from "../../../ml/onnx/external_data.ts";
import { MODEL, TENSOR } from "../../../ml/onnx/message/types.ts";
import { readTensor } from "../../../ml/onnx/read_tensor.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import recorded from "../../vectors/ml/backend_suite.json" with { type: "json" };
import type { SuiteCase } from "./suite_case.ts";

/** A case as it is kept: the model and its tensors are ONNX's own bytes in base64. */
export interface RecordedCase {
  readonly name: string;
  readonly model: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
}

/** A case of the suite for every day. */
export interface DailyCase extends SuiteCase {
  readonly operators: readonly string[];
}

/** The bytes of a tensor in base64. */
export function tensorText(name: string, value: Tensor): string {
  return TENSOR.encode(tensorProto(name, value)).toBase64();
}

function tensors(texts: Readonly<Record<string, string>>): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [
      name,
      readTensor(TENSOR.decode(Uint8Array.fromBase64(text)), noExternalData),
    ]),
  );
}

/** The recorded cases, as the suite of ONNX 1.23.2 has them. */
export function recordedCases(): DailyCase[] {
  return (recorded as unknown as readonly RecordedCase[]).map(
    ({ name, model, inputs, outputs }) => {
      const file = Uint8Array.fromBase64(model);
      const operators = MODEL.decode(file).graph!.node.map(({ opType }) => opType);
      return {
        name,
        file,
        inputs: tensors(inputs),
        outputs: tensors(outputs),
        brains: new Set<string>(),
        operators,
      };
    },
  );
}
