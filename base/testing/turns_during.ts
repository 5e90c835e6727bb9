import { nextTurn } from "../turn.ts";

/** Runs something and counts the turns of the event loop until it is done. */
export async function turnsDuring<T>(
  act: () => Promise<T>,
): Promise<{ readonly result: T; readonly turns: number }> {
  let [turns, over] = [0, false];
  const counting = (async () => {
    while (true) {
      await nextTurn();
      if (over) return;
      turns++;
    }
  })();
  try {
    const result = await act();
    return { result, turns };
  } finally {
    over = true;
    await counting;
  }
}
