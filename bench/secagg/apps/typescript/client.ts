/** The ClientApp: its training takes no time. */
import { ClientApp, MetricRecord, secAggPlusMod } from "flwr";

export const app = new ClientApp({ mods: [secAggPlusMod()] }).train(({ content }) => ({
  arrays: content.arrayRecord("arrays"),
  metrics: new MetricRecord({ "num-examples": 50 }),
}));
