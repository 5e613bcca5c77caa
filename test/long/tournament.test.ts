/** The tournament out of core at full size, and its studentized set over many repetitions. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type RandomGenerator, randomGenerator } from "../../src/numeric/index.ts";
import { likelihoodTable, studentizedSet } from "../../src/selection/index.ts";

const selection = new URL("../../src/selection/index.ts", import.meta.url).href;

describe("tournament out of core", () => {
  test("200 candidates on 5 million records take less than 2 GB and find the best", () => {
    const models = 200;
    const records = 5_000_000;
    // Candidate k loses a share of the records that is least at k = 140; columns are made anew at each reading.
    const script = `
      import { tournamentOfStream } from ${JSON.stringify(selection)};
      const names = Array.from({ length: ${models} }, (_, index) => "step " + index);
      const column = async (model) => {
        const step = Number(model.slice(5));
        const share = 0.02 + Math.abs(step - 140) / 1000;
        const limit = share * 2 ** 32;
        const values = new Float32Array(${records});
        let state = (step + 1) * 2654435761 >>> 0;
        for (let record = 0; record < ${records}; record++) {
          state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
          const mixed = Math.imul(state ^ (state >>> 15), 2246822519) >>> 0;
          values[record] = mixed < limit ? -60 - 8 * (1 - mixed / limit) : -60;
        }
        return values;
      };
      const started = performance.now();
      const result = await tournamentOfStream({ models: names, records: ${records}, column }, { n: 16 });
      console.log(JSON.stringify({
        winner: result.winner,
        score: result.score,
        columnsRead: result.columnsRead,
        seconds: (performance.now() - started) / 1000,
        bytes: process.resourceUsage().maxRSS * 1024,
      }));
    `;
    const child = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      encoding: "utf8",
      maxBuffer: 2 ** 26,
    });
    expect(child.stderr).toBe("");
    const result = JSON.parse(child.stdout) as Record<"winner", string> &
      Record<"score" | "bytes" | "columnsRead", number>;
    console.log(child.stdout.trim());
    expect(result.winner).toBe("step 140");
    // A loser of x in [0, 8] nats is beaten by 16 if x ≥ log 16: .02·(1 − log 16/8), of which an opponent shares 2–16%.
    expect(result.score).toBeLessThan(0.02 * (1 - Math.log(16) / 8));
    expect(result.score).toBeGreaterThan(0.9 * 0.02 * (1 - Math.log(16) / 8));
    expect(result.bytes).toBeLessThan(2e9);
    expect(result.columnsRead).toBeLessThan(5 * models);
  });
});

/** Candidates that lose a share of the records by an exponential deficit, records in prompts of `perPrompt`. */
function losing(input: {
  readonly random: RandomGenerator;
  readonly shares: readonly number[];
  readonly prompts: number;
  readonly perPrompt: number;
}) {
  const { random, shares, prompts, perPrompt } = input;
  const records = prompts * perPrompt;
  return likelihoodTable({
    candidates: shares.map((share, index) => {
      const column = new Float64Array(records);
      for (let prompt = 0; prompt < prompts; prompt++) {
        // Half of a prompt's losses are common to its records.
        const common = random.uniform() < share;
        for (let place = 0; place < perPrompt; place++) {
          const loses = random.uniform() < 0.5 ? common : random.uniform() < share;
          column[prompt * perPrompt + place] = -10 - (loses ? 3 * random.gamma(1) : 0);
        }
      }
      return { model: `m${index}`, logProbabilities: column };
    }),
    prompts: Array.from({ length: records }, (_, record) => Math.floor(record / perPrompt)),
  });
}

describe("studentized set", () => {
  const cells = [
    { name: "30 tied, rare losses", shares: Array<number>(30).fill(0.02), prompts: 500, perPrompt: 1 },
    { name: "30 tied, common losses", shares: Array<number>(30).fill(0.3), prompts: 300, perPrompt: 1 },
    { name: "30 tied, 4 records a prompt", shares: Array<number>(30).fill(0.1), prompts: 250, perPrompt: 4 },
    {
      name: "10 tied and 10 worse",
      shares: [...Array<number>(10).fill(0.1), ...Array<number>(10).fill(0.15)],
      prompts: 1000,
      perPrompt: 1,
    },
    { name: "2 tied, few prompts", shares: [0.2, 0.2], prompts: 60, perPrompt: 1 },
  ];
  test.each(cells)(
    "it holds all truly best candidates with probability .95: $name",
    ({ name, shares, prompts, perPrompt }) => {
      const random = randomGenerator(`long studentized set, ${name}`);
      const best = Math.min(...shares);
      const repetitions = 500;
      let together = 0;
      let size = 0;
      for (let repetition = 0; repetition < repetitions; repetition++) {
        const table = losing({ random, shares, prompts, perPrompt });
        const { members, models } = studentizedSet(table, { n: 8, generator: random, replicates: 299 });
        if (members.every(({ inSet }, index) => inSet || shares[index]! > best)) together++;
        size += models.length / repetitions;
      }
      console.log(
        `${name}: all ${shares.filter((share) => share === best).length} best kept in ${together / repetitions}, size ${size.toFixed(2)}`,
      );
      expect(together / repetitions).toBeGreaterThan(0.95 - 2 * Math.sqrt((0.95 * 0.05) / repetitions));
    },
  );
});
