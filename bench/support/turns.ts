/**
 * Lets contestants take turns: in every second turn in the reverse order, so that neither always runs on the machine as
 * the other left it.
 *
 * @param repeat how many turns
 * @returns for each turn the results in the order of `contestants`
 */
export async function takeTurns<C, R>(
  contestants: readonly C[],
  repeat: number,
  measure: (contestant: C, turn: number) => Promise<R>,
): Promise<R[][]> {
  const turns: R[][] = [];
  for (let turn = 0; turn < repeat; turn++) {
    const results: R[] = [];
    const order = [...contestants.entries()];
    if (turn % 2 === 1) order.reverse();
    for (const [index, contestant] of order) results[index] = await measure(contestant, turn);
    turns.push(results);
  }
  return turns;
}
