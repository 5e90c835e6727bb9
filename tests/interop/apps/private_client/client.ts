/** A ClientApp with the clipping mods of ours: its training adds (3, 4) to the model. */
import {
  adaptiveClippingMod,
  ArrayRecord,
  ClientApp,
  type ClientMod,
  fixedClippingMod,
  MetricRecord,
  tensor,
} from "flwr";

/** The mod that fits the ServerApp's strategy. */
const clipping: ClientMod = (message, context, next) => {
  const adaptive = message.content.configRecord("config").boolean("adaptive");
  return (adaptive ? adaptiveClippingMod : fixedClippingMod)(message, context, next);
};

export const app = new ClientApp().train(({ content }) => {
  const [x, y] = content.arrayRecord("arrays").tensors().get("w")!.data;
  const w = tensor("float32", [2], Float32Array.of(Number(x) + 3, Number(y) + 4));
  return {
    arrays: ArrayRecord.fromTensors({ w }),
    metrics: new MetricRecord({ "num-examples": 1 }),
  };
}, { mods: [clipping] });
