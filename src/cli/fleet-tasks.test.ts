import { expect, test } from "vitest";
import { samplingHash, shortHash } from "../record/index.ts";
import { TaskRunner } from "./fleet-tasks.ts";

const record = {
  id: "1",
  task: "t",
  problem: "p",
  promptHash: shortHash("p"),
  prompt: { text: "one" },
  source: { file: "pairs.jsonl", line: 1 },
};
const sampling = { sampling: {}, samplingHash: samplingHash({}) };
const head = { spec: { name: "m", place: "http://127.0.0.1:1" }, asking: { timeout: 50 } };
const score = {
  kind: "score",
  ...head,
  record: { ...record, response: " two", role: "data", drawSet: "", draw: 0, ...sampling },
};
const sample = {
  kind: "sample",
  ...head,
  settings: { temperature: 1, maxTokens: 4 },
  record,
  base: {
    model: "m",
    task: "t",
    problem: "p",
    promptHash: record.promptHash,
    source: record.source,
    ...sampling,
  },
  drawSet: "s",
  draw: 0,
  seed: 7,
};

/** The task with another value at a path. */
function changed(task: object, path: string, value: unknown): unknown {
  const copy = structuredClone(task) as Record<string, unknown>;
  const names = path.split(".");
  const last = names.pop()!;
  let holder = copy;
  for (const name of names) holder = holder[name] as Record<string, unknown>;
  holder[last] = value;
  return copy;
}

const refused = (task: unknown) => new TaskRunner({ allowUnsandboxed: false }).failedRows(task, "it failed");

test("a task of this version is taken", async () => {
  expect(await refused(score)).toEqual([]);
  expect(await refused(sample)).toEqual([]);
});

test.each([
  [score, "spec.place", 7],
  [score, "asking.kind", "gopher"],
  [score, "asking.timeout", "soon"],
  [score, "record.response", { text: "x" }],
  [score, "record.role", "judge"],
  [score, "record.prompt", null],
  [score, "record.draw", -1],
  [sample, "settings.maxTokens", "many"],
  [sample, "settings.stop", "\n"],
  [sample, "verify", ["command:ls"]],
  [sample, "base.samplingHash", "0"],
  [sample, "record.prompt.text", [1, "two"]],
  [sample, "seed", 0.5],
])(
  "a task with a field of another kind is refused by the name of the field, case %#",
  async (task, path, value) => {
    const error = await refused(changed(task, path, value)).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain(`InputError: a task in the queue is not one of this version (`);
    expect(String(error)).toContain(path.split(".").slice(0, 2).join("."));
  },
);
