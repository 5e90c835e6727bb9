/** The ServerApp: nodes agree on a vocabulary, then train. */
import { ArrayRecord, createVocabulary, FedAvg, mergeWordCounts, Message, ServerApp } from "flwr";
import { createModel } from "./task.ts";

export const app = new ServerApp().main(async (grid, { runConfig, artifacts }) => {
  const minNodes = runConfig.number("min-nodes", 2);
  const nodes = await grid.waitForNodes(minNodes);
  const questions = nodes.map((dstNodeId) =>
    Message.create({ content: {}, dstNodeId, messageType: "query.words" })
  );
  const replies = await grid.sendAndReceive(questions, { timeout: 60 });
  const counts = mergeWordCounts(
    replies.map(({ content }) => content.configRecord("words").string("json")),
  );
  const vocabulary = createVocabulary(counts, { maxSize: 10_000 });
  const config = { vocabulary: JSON.stringify(vocabulary) };
  await using model = createModel(vocabulary);
  const strategy = new FedAvg({
    minTrainNodes: minNodes,
    minEvaluateNodes: minNodes,
    minAvailableNodes: minNodes,
  });
  const { arrays } = await strategy.start(grid, {
    numRounds: runConfig.number("num-rounds", 5),
    initialArrays: ArrayRecord.fromTensors(model.getParameters()),
    trainConfig: config,
    evaluateConfig: config,
  });
  await artifacts.save("model.npz", arrays);
});
