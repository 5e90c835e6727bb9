import assert from "node:assert/strict";
import type { Contribution } from "../../app/contributions.ts";
import { ExitStatus } from "../../roles/flags/exit_status.ts";
import { reportError } from "../../roles/report_error.ts";
import { incompleteDetails, IncompleteRun, isIncomplete } from "./incomplete.ts";

const node = (nodeId: bigint, contributed: number): Contribution => ({
  nodeId,
  asked: 3,
  contributed,
  train: { asked: 3, contributed },
  evaluate: { asked: 0, contributed: 0 },
  lastFailure: { nodeId, reason: "no data", round: 3, phase: "train" },
});

Deno.test("a run to which each node contributed has no details", () => {
  assert.equal(incompleteDetails([]), "");
  assert.equal(incompleteDetails([[node(1n, 1), node(2n, 3)]]), "");
  assert.equal(isIncomplete(""), false);
});

Deno.test("a node that contributed to no round is named, however many strategies ran", () => {
  const details = incompleteDetails([[node(1n, 3), node(2n, 0)], [node(1n, 0), node(2n, 0)]]);
  assert.equal(isIncomplete(details), true);
  assert.match(details, /1 of 2 nodes/);
  assert.match(details, /node 2 .*no data/);
  assert.doesNotMatch(details, /node 1 /);
});

Deno.test("details stay short, however many nodes failed", () => {
  const many = Array.from({ length: 1000 }, (_, i) => node(BigInt(i), 0));
  assert.ok(incompleteDetails([many]).length < 1000);
});

Deno.test("an incomplete run has its own exit status", () => {
  assert.equal(reportError(new IncompleteRun(1n, "Incomplete: …", [])), ExitStatus.incomplete);
});

Deno.test("the nodes' errors are in the details, but not in the error below the summary", () => {
  const label = () => "node hospital-b";
  const details = incompleteDetails([[node(2n, 0), node(1n, 1)]], label);
  assert.match(
    details,
    /node hospital-b \(trained in 0 of 3 rounds\)\. .*node hospital-b: no data$/,
  );
  const { message } = new IncompleteRun(1n, details, []);
  assert.match(message, /node hospital-b/);
  assert.doesNotMatch(message, /no data/);
});

Deno.test("a node that failed in each training is named, even if its evaluations counted", () => {
  const evaluated = {
    ...node(5n, 3),
    train: { asked: 3, contributed: 0 },
    evaluate: { asked: 3, contributed: 3 },
  };
  const details = incompleteDetails([[node(1n, 3), evaluated]]);
  assert.match(
    details,
    /1 of 2 nodes .*node 5 \(trained in 0 of 3 rounds, evaluated in 3 of 3 rounds\)/,
  );
});

Deno.test("a node that contributed to one phase is not reported as contributing nothing", () => {
  const share = (contributed: number) => ({ asked: 3, contributed });
  const trained = { ...node(5n, 3), train: share(3), evaluate: share(0) };
  const evaluated = { ...node(6n, 3), train: share(0), evaluate: share(3) };
  const details = incompleteDetails([[node(1n, 3), trained, evaluated, node(7n, 0)]]);
  assert.equal(isIncomplete(details), true);
  const [sentences] = details.replace("Incomplete: ", "").split(". Last error");
  assert.deepEqual(sentences!.split("; "), [
    "1 of 4 nodes contributed nothing to evaluation: " +
    "node 5 (trained in 3 of 3 rounds, evaluated in 0 of 3 rounds)",
    "1 of 4 nodes contributed nothing to training: " +
    "node 6 (trained in 0 of 3 rounds, evaluated in 3 of 3 rounds)",
    "1 of 4 nodes contributed nothing: node 7 (trained in 0 of 3 rounds)",
  ]);
});

Deno.test("an incomplete run whose nodes lack different phases counts the nodes that it does not name", () => {
  const share = (contributed: number) => ({ asked: 3, contributed });
  const many = Array.from({ length: 5 }, (_, i) => node(BigInt(i), 0));
  const trained = { ...node(9n, 3), evaluate: share(0) };
  assert.match(
    incompleteDetails([[...many, trained]]),
    /^Incomplete: 5 of 6 nodes contributed nothing: .*, and 2 more; 1 of 6 nodes contributed nothing to evaluation\. Last/,
  );
});
