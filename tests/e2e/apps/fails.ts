import { ServerApp } from "flwr";

export const app = new ServerApp().main(() => {
  throw new Error("There is nothing to train");
});
