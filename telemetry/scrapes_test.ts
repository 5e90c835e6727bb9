import assert from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import { Gauge, single } from "./gauge.ts";
import { Scrapes } from "./scrapes.ts";

function scraped(milliseconds = 0) {
  const clock = new FakeClock();
  const state = { collected: 0, elapsed: 0 };
  const scrapes = new Scrapes({
    metrics: [new Gauge({ name: "n", help: "N" }, () => single(state.collected))],
    prepare: async () => {
      await Promise.resolve();
      state.collected++;
      state.elapsed += milliseconds;
    },
    clock,
    elapsed: () => state.elapsed,
  });
  return { clock, state, scrapes };
}

Deno.test("however many scrape, metrics are collected once a second", async () => {
  const { clock, state, scrapes } = scraped();
  const texts = await Promise.all(
    Array.from({ length: 50 }, (_, i) => scrapes.text(i % 2 === 0 ? "openmetrics" : "prometheus")),
  );
  assert.equal(new Set(texts).size, 2);
  await clock.advance(0.9);
  await scrapes.text("openmetrics");
  assert.equal(state.collected, 1);
  await clock.advance(0.1);
  assert.match(await scrapes.text("openmetrics"), /^n 2$/m);
  assert.match(await scrapes.text("prometheus"), /^n 2$/m);
});

Deno.test("a collection that takes long is kept for 49 times as long", async () => {
  const { clock, state, scrapes } = scraped(200);
  await scrapes.text("openmetrics");
  await clock.advance(9.7);
  await scrapes.text("openmetrics");
  assert.equal(state.collected, 1);
  await clock.advance(0.2);
  await scrapes.text("openmetrics");
  assert.equal(state.collected, 2);
});
