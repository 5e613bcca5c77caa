/** `lmcov verify`: verdicts and rewards into run folders, resumable, read by every other command. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lmcov } from "../lmcov.ts";
import { sharedData } from "../shared-data.ts";

const folder = () => mkdtempSync(join(tmpdir(), "lmcov-"));
const node = (script: string) => `${JSON.stringify(process.execPath)} -e ${JSON.stringify(script)}`;
const byLength = node(
  "let t='';process.stdin.on('data',p=>t+=p).on('end',()=>console.log(JSON.parse(t).response.length/4))",
);

function writtenDraws(): string {
  const path = join(folder(), "draws.jsonl");
  const rows = ["1", "4", "44", "4"].map((response) => ({ problem: "two plus two", response, target: "4" }));
  writeFileSync(path, `${rows.map((row) => JSON.stringify(row)).join("\n")}\n`);
  return path;
}

test("a log without verdicts gets them, and other commands read them", async () => {
  const run = join(folder(), "run");
  const verified = await lmcov(["verify", writtenDraws(), "--verify", "numeric", "--out", run, "--json"]);
  expect(verified.code).toBe(0);
  expect(JSON.parse(verified.stdout)).toMatchObject({
    schema: "lmcov/verify@1",
    verifier: "numeric",
    correct: 2,
    incorrect: 2,
    unscored: 0,
    failed: 0,
  });
  const passk = JSON.parse((await lmcov(["passk", run, "--k", "1", "--json"])).stdout);
  expect(passk.models[0].passAtK[0].estimate).toBe(0.5);
});

test("running it again judges nothing again, and judging a run adds to the run", async () => {
  const run = join(folder(), "run");
  const words = ["verify", writtenDraws(), "--verify", "numeric", "--out", run];
  await lmcov(words);
  expect((await lmcov(words)).stdout).toMatch(/^0 correct, 0 incorrect, 0 unscored; 4 judged before/);
  const rewarded = await lmcov(["verify", run, "--reward", `command:${byLength}`]);
  expect(rewarded.stdout).toMatch(/2 correct, 2 incorrect, 0 unscored; 4 with a reward/);
  const best = JSON.parse((await lmcov(["reward", run, "--k", "1,4", "--json"])).stdout);
  expect(JSON.stringify(best)).toContain("command:");
  const at = (k: number) => best.models[0].bestOfN.find((row: { n: number }) => row.n === k);
  expect(at(1).gold.estimate ?? at(1).gold).toBe(0.5);
});

test("a verifier that breaks gives no verdict: the draw is counted as not judged, never as wrong", async () => {
  const run = join(folder(), "run");
  const broken = node(
    "let t='';process.stdin.on('data',p=>t+=p).on('end',()=>{if(JSON.parse(t).response==='44')process.exit(3);console.log(1)})",
  );
  const words = ["verify", writtenDraws(), "--verify", `command:${broken}`, "--out", run, "--json"];
  const result = await lmcov(words);
  expect(result.code).toBe(3);
  expect(JSON.parse(result.stdout)).toMatchObject({ correct: 3, incorrect: 0, failed: 1 });
  const passk = JSON.parse((await lmcov(["passk", run, "--k", "1", "--json"])).stdout);
  expect(passk.models[0].passAtK[0]).toMatchObject({ estimate: 1, draws: 3 });
}, 60_000);

test("the key of a reward server is in nothing that is written", async () => {
  const run = join(folder(), "run");
  const key = "key-that-nobody-may-see";
  const words = ["verify", writtenDraws(), "--reward", "http://127.0.0.1:9/reward", "--out", run, "--json"];
  const result = await lmcov(words, { env: { LMCOV_REWARD_KEY: key } });
  const files = readdirSync(run, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const written = files.map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
  expect(files.length).toBeGreaterThan(1);
  expect([result.stdout, result.stderr, ...written].join("")).not.toContain(key);
  expect(JSON.parse(result.stdout)).toMatchObject({ correct: 0, incorrect: 0, failed: 4 });
}, 60_000);

test("words that make no sense are refused with a way out", async () => {
  const draws = writtenDraws();
  expect((await lmcov(["verify", draws, "--out", join(folder(), "run")])).stderr).toMatch(
    /give --verify, --reward or both/,
  );
  expect((await lmcov(["verify", draws, "--verify", "numeric"])).stderr).toMatch(
    /--out: say which run folder/,
  );
  expect((await lmcov(["verify", draws, "--verify", "python:none.jsonl", "--out", "x"])).stderr).toMatch(
    /ENOENT.*none\.jsonl/,
  );
});

test.skipIf(sharedData("gsm8k") === undefined)(
  "all 5276 recorded GSM8K labels are found again",
  async () => {
    const log = sharedData("gsm8k/example_model_solutions.jsonl") ?? "";
    const words = ["verify", log, "--verify", "numeric", "--out", join(folder(), "run"), "--json"];
    expect(JSON.parse((await lmcov(words)).stdout)).toMatchObject({ compared: 5276, agreed: 5276 });
  },
  60_000,
);
