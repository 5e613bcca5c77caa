import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { likelihoodRow } from "../../test/rows.ts";
import { appendJournal, openRunFolder, writeParts } from "../store/index.ts";
import { refuseBareDrawers } from "./bare-drawers.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lmcov-drawers-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function runWith(drawnBy: string, method = "vLLM prompt_logprobs, raw, BOS added, no end token") {
  const run = join(folder, "run");
  const row = likelihoodRow({ problem: "p", logProbability: -1, role: "draw", drawnBy, method });
  async function* batches() {
    yield [row];
  }
  await openRunFolder(run, { software: {}, command: ["score"] });
  const { parts, rows } = await writeParts(run, "unit", batches());
  const read = { unit: "unit", input: "log.jsonl", importer: "table", rejected: 0, notes: [], drops: [] };
  await appendJournal(run, { ...read, parts, rows });
  return run;
}

const stepped = new Set(["sums, step 40", "sums, step 360"]);

test("scores that name the model alone are not continued with those of its checkpoints' draws", async () => {
  const run = await runWith("sums");
  await expect(refuseBareDrawers(run, stepped)).rejects.toThrow(
    /run: holds scores of draws by sums .* do not say which checkpoint drew: .* another folder with --out/,
  );
  await expect(refuseBareDrawers(run, new Set(["sums, 1000000 tokens"]))).rejects.toThrow(/by sums/);
});

test("a run whose scores name the step, of another model, of a model without steps, or none yet, is continued", async () => {
  await refuseBareDrawers(join(folder, "none"), stepped);
  const run = await runWith("sums, step 40");
  await refuseBareDrawers(run, stepped);
  rmSync(run, { recursive: true });
  await refuseBareDrawers(await runWith("others"), stepped);
  rmSync(run, { recursive: true });
  const plain = await runWith("sums");
  await refuseBareDrawers(plain, new Set(["sums"]));
  await refuseBareDrawers(plain, new Set(["sums", ...stepped]));
});

test("what draws brought with them is no score", async () => {
  await refuseBareDrawers(await runWith("sums", "drawn by vllm, raw, no end token"), stepped);
});
