/**
 * Blocks of the documentation that belong to other programs, run where these are found: lm_eval and inspect on PATH or in
 * the folder LMCOV_PYTHON_PROGRAMS, transformers by LMCOV_PYTHON, PYTORCH_PYTHON or python3, a llama.cpp server.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Likelihood } from "../src/record/index.ts";
import { readRun } from "../src/store/index.ts";
import { blocksFor, commandsOf } from "./docs-blocks.ts";
import { writeLogs, writeRuns } from "./docs-inputs.ts";
import { llamaServerProgram, startLlamaServer } from "./llama-server.ts";
import { lmcov } from "./lmcov.ts";
import { sums } from "./trained-run.ts";

const blocks = blocksFor("docs-programs.test.ts");
const blockOf = (program: string) =>
  blocks.find(({ language, text }) => language === "sh" && text.startsWith(`${program} `))?.text ?? "";
const python = blocks.find(({ language }) => language === "python")?.text ?? "";

test("these are all such blocks", () => {
  const known = ["lm_eval", "inspect", "llama-server"].map(blockOf);
  expect(new Set(blocks.map(({ text }) => text))).toEqual(new Set([...known, python]));
});

const folder = mkdtempSync(join(tmpdir(), "lmcov-docs-programs-"));
beforeAll(async () => {
  writeLogs(folder);
  await writeRuns(folder);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function done(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await lmcov(words, { cwd: folder });
  expect(code, `${words.join(" ")}\n${stderr}`).toBe(0);
  return stdout;
}

/** Log-probabilities of a run folder by response text and problem. */
async function scoresIn(run: string): Promise<Map<string, number>> {
  const scores = new Map<string, number>();
  for await (const rows of readRun(join(folder, run), { tables: ["likelihoods"] })) {
    for (const { problem, logProbability } of rows as Likelihood[]) scores.set(problem, logProbability);
  }
  return scores;
}
/** What the model itself gives the targets of test.jsonl, the end of sequence left out. */
async function ownScores(model: string, out: string, ...words: string[]): Promise<Map<string, number>> {
  const given = ["--input", "test.jsonl", "--map", "response=target", "--no-end-of-sequence"];
  await done("score-with", model, ...given, "--out", out, ...words);
  return scoresIn(out);
}

/** Where a program is, if it is. */
function found(program: string): string | undefined {
  const { LMCOV_PYTHON_PROGRAMS: named = "", PATH = "" } = process.env;
  return [named, ...PATH.split(delimiter)]
    .filter((path) => path !== "")
    .map((path) => join(path, program))
    .find((path) => existsSync(path));
}
/** Runs a program of Python's that reads nothing from a network. */
function runProgram(path: string, words: readonly string[]): void {
  const offline = { HF_HUB_OFFLINE: "1", HF_DATASETS_OFFLINE: "1", HF_HOME: join(folder, "hub") };
  const result = spawnSync(path, words, {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, ...offline },
  });
  expect(result.status, `${words.join(" ")}\n${result.stderr}`).toBe(0);
}

/** A task of lm-eval's on test.jsonl: draws of four, and log-probabilities of the answer and of a wrong one. */
const lmEvalTask = (task: string, fields: string) => `task: ${task}
dataset_path: json
dataset_kwargs: { data_files: { test: test.jsonl } }
test_split: test
doc_to_text: "{{prompt}}"
${fields}`;
const lmEvalTasks = {
  gsm8k: lmEvalTask(
    "sums_drawn",
    `output_type: generate_until
doc_to_target: "{{target}}"
generation_kwargs: { max_gen_toks: 8, until: ["\\n"] }
repeats: 4
metric_list: [{ metric: exact_match, aggregation: mean, higher_is_better: true }]
`,
  ),
  choices: lmEvalTask(
    "sums_chosen",
    `output_type: multiple_choice
target_delimiter: ""
doc_to_choice: "{{[target, (target|int + 1)|string]}}"
doc_to_target: 0
metric_list: [{ metric: acc, aggregation: mean, higher_is_better: true }]
`,
  ),
};

const lmEval = found("lm_eval");
test.skipIf(lmEval === undefined)(
  "lm_eval draws and scores, and its log gives the model's own log-probabilities (needs lm_eval on PATH or in LMCOV_PYTHON_PROGRAMS)",
  async () => {
    mkdirSync(join(folder, "tasks"));
    for (const [name, text] of Object.entries(lmEvalTasks)) {
      writeFileSync(join(folder, "tasks", `${name}.yaml`), text);
    }
    // vLLM has no processor of its own to run on here, and the data sets of others are behind a network.
    const text = blockOf("lm_eval")
      .replace("--model vllm", "--model hf --device cpu")
      .replace("pretrained=MODEL", "pretrained=checkpoint,max_length=16")
      .replace("--tasks gsm8k", "--tasks sums_drawn,sums_chosen --include_path tasks");
    const [[, ...words] = []] = commandsOf(text);
    rmSync(join(folder, "results"), { recursive: true, force: true });
    runProgram(lmEval!, words);
    const log = JSON.parse(await done("passk", "results", "--verify", "numeric", "--json"));
    expect(log.models).toMatchObject([
      { task: "sums_drawn", problems: 25, draws: 100, unscored: 0, sampling: { temperature: 1 } },
    ]);
    await done("import", "results", "--out", "evaluated");
    const own = await ownScores("checkpoint", "own-scores");
    const drawnBy = await done("profile", "results");
    expect(drawnBy).toContain("25 responses, 25 prompts");
    const expected = [...own.values()].sort((a, b) => a - b);
    const golds: number[] = [];
    for await (const rows of readRun(join(folder, "evaluated"), { tables: ["likelihoods"] })) {
      for (const row of rows as Likelihood[]) if (row.role === "data") golds.push(row.logProbability);
    }
    golds.sort((a, b) => a - b);
    expect(golds.length).toBe(25);
    golds.forEach((gold, index) => {
      expect(Math.abs(gold - expected[index]!)).toBeLessThan(1e-4);
    });
  },
  600_000,
);

const inspectTask = `from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.scorer import match
from inspect_ai.solver import generate

@task
def sums():
    return Task(dataset=[Sample(input="1 + 1 =", target="2")], solver=generate(), scorer=match())
`;
const inspect = found("inspect");
test.skipIf(inspect === undefined)(
  "inspect draws epochs, and its log is read (needs inspect on PATH or in LMCOV_PYTHON_PROGRAMS)",
  async () => {
    const [[, ...words] = []] = commandsOf(blockOf("inspect").replace("vllm/MODEL", "mockllm/model"));
    writeFileSync(join(folder, words[1]!), inspectTask);
    runProgram(inspect!, words);
    const log = JSON.parse(await done("passk", "logs", "--scorer", "match", "--json"));
    expect(log.models).toMatchObject([{ problems: 1, draws: 20, unscored: 0 }]);
  },
  600_000,
);

const pythonProgram = process.env.LMCOV_PYTHON ?? process.env.PYTORCH_PYTHON ?? "python3";
const hasTransformers =
  "import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, ('torch', 'transformers'))))";
test.skipIf(spawnSync(pythonProgram, ["-c", hasTransformers]).status !== 0)(
  "transformers reads a checkpoint, and lmcov reads what it saves: the same log-probabilities (needs transformers; LMCOV_PYTHON)",
  async () => {
    runProgram(pythonProgram, ["-c", python]);
    const float64 = ["--device", "float64"];
    const before = await ownScores("runs/sums", "before-python", "--step", "1000", ...float64);
    const after = await ownScores("back", "after-python", ...float64);
    expect(before.size).toBe(25);
    expect(after).toEqual(before);
  },
  600_000,
);

interface Completion {
  readonly completion_probabilities: readonly {
    readonly top_logprobs: readonly { readonly token: string; readonly logprob: number }[];
  }[];
}

const llama = await llamaServerProgram();
test.skipIf(llama.reason !== undefined)(
  `llama.cpp serves an export with the same log-probabilities${llama.reason === undefined ? "" : ` (skipped: ${llama.reason})`}`,
  async () => {
    if (llama.reason !== undefined) return;
    const [[, ...words] = []] = commandsOf(blockOf("llama-server"));
    const model = join(folder, words[words.indexOf("-m") + 1]!);
    await done("export", "runs/sums", "--step", "1000", "--out", model);
    const own = await ownScores("runs/sums", "own-served", "--step", "1000");
    const ofOneToken = sums.filter(({ problem, response }) => own.has(problem) && response.length === 1);
    expect(ofOneToken.length).toBeGreaterThan(10);
    const server = await startLlamaServer({ path: llama.path, model }, words.slice(2));
    try {
      for (const { problem, prompt, response } of ofOneToken) {
        const body = JSON.stringify({ prompt, n_predict: 1, n_probs: 300, temperature: 0 });
        const answer = await fetch(`${server.address}/completion`, { method: "POST", body });
        const { completion_probabilities: positions } = (await answer.json()) as Completion;
        const served = positions[0]!.top_logprobs.find(({ token }) => token === response)!.logprob;
        expect(Math.abs(served - own.get(problem)!)).toBeLessThan(0.001);
      }
    } finally {
      await server.stop();
    }
  },
  120_000,
);
